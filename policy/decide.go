package policy

import (
	"fmt"
	"slices"
	"time"
)

// A Decision is what a command comes to: events to record and notices to send,
// or a refusal. With a refusal there are no events and the change is as it was.
type Decision struct {
	Change  Change
	Events  []Event
	Notices []Notice
	Refusal *Refusal
}

// Decide carries out the command on the change under the directory. A change
// that does not exist yet is the zero Change.
func Decide(c Change, d Directory, cmd Command, now time.Time) Decision {
	t := &turn{change: c, dir: d, cmd: cmd, now: now}
	if refusal := t.decide(); refusal != nil {
		return Decision{Change: c, Refusal: refusal}
	}
	return t.decision()
}

func (t *turn) decide() *Refusal {
	if r := t.addressed(); r != nil {
		return r
	}
	switch t.cmd.Kind {
	case CommandPropose:
		return t.propose()
	case CommandAnswer:
		return t.answerBallot()
	case CommandAct:
		return t.act()
	case CommandComment:
		t.emit(&Noted{Comment: Comment{By: t.cmd.By, At: t.now, Text: t.cmd.Text, Mail: t.cmd.Mail}})
		return nil
	case CommandCancel:
		return t.cancelByOperator()
	case CommandExcuse:
		return t.excuse()
	case CommandReconsider:
		return t.reconsider()
	case CommandReissue:
		return t.reissue()
	case CommandFire:
		return t.fire()
	}
	return refuse(RefusedUnknown, "Tell the operator.", "There is no command %q.", t.cmd.Kind)
}

// addressed refuses a command to a change that does not exist, a second
// opening of one that does, and the word of somebody the directory does not
// know.
func (t *turn) addressed() *Refusal {
	_, known := t.dir.Person(t.cmd.By)
	switch opens := t.cmd.Kind == CommandPropose; {
	case opens && t.change.ID != "":
		return refuse(RefusedUnknown, "Send AMEND to alter it.", "The change is proposed already.")
	case opens:
		return nil
	case t.change.ID == "":
		return refuse(RefusedUnknown, "Look at the number once more.", "There is no such change.")
	case !known && (t.cmd.Kind == CommandAnswer || t.cmd.Kind == CommandAct):
		return refuse(RefusedNotEligible, "Ask the operator to enter you.", "You are not in our directory of people.")
	}
	return nil
}

type decider func(*turn, Ballot, Answer) *Refusal

// deciders carry out each answer of the table.
var deciders = map[BallotKind]map[Keyword]decider{
	BallotCorrection:     {NoKeyword: (*turn).correct, KeywordWithdraw: (*turn).withdrawDraft},
	BallotAuthorization:  {KeywordApprove: (*turn).approve, KeywordReject: (*turn).reject, KeywordAsk: (*turn).ask, KeywordAlso: (*turn).also},
	BallotQuestion:       {NoKeyword: (*turn).reply},
	BallotRatification:   {KeywordRatify: (*turn).ratify, KeywordObject: (*turn).object},
	BallotOffer:          {KeywordTake: (*turn).take, KeywordDecline: (*turn).decline, KeywordImplemented: (*turn).takeImplemented},
	BallotImplementation: {KeywordImplemented: (*turn).implemented, KeywordHandover: (*turn).handover, KeywordFailed: (*turn).failed},
	BallotTest:           {KeywordPass: (*turn).pass, KeywordFail: (*turn).fail},
	BallotRelease:        {KeywordReleased: (*turn).released},
	BallotCheck:          {KeywordConfirm: (*turn).confirm, KeywordRework: (*turn).rework, KeywordUndo: (*turn).undo},
	BallotDocuments:      {KeywordDocumented: (*turn).documented},
	BallotDecision:       {KeywordContinue: (*turn).goOn, KeywordAccept: (*turn).goOn, KeywordUndo: (*turn).undo, KeywordCancel: (*turn).cancel},
	BallotUndo:           {KeywordUndone: (*turn).undone, KeywordFailed: (*turn).undoFailed},
}

// answerBallot takes an answer to the ballot it names: the right person, an
// open ballot, a person still entitled to it, a keyword it takes, and every
// field it needs, in that order.
func (t *turn) answerBallot() *Refusal {
	b, r := t.theirs()
	if r != nil {
		return r
	}
	rule, ok := ruleFor(t.change.State, b.Kind, t.cmd.Keyword)
	if _, act := actFor(t.cmd.Keyword); act && !ok {
		return t.act()
	}
	if !b.Open() && t.cmd.Keyword == KeywordUndone && t.change.inProduction() {
		return t.act() // said again, of a later release
	}
	if r := t.lapsed(b); r != nil {
		return r
	}
	if !ok {
		return t.notAnAnswer(b)
	}
	form, files := t.cmd.Form, t.cmd.Files
	if b.Partial != nil && b.Partial.Keyword == t.cmd.Keyword {
		form, files = b.Partial.Fields.With(form), slices.Concat(b.Partial.Files, files)
	}
	a := t.answer(form, files)
	if b.Kind != BallotCorrection {
		if problems := t.check(b, rule, &a); len(problems) > 0 {
			return t.keep(b, a, problems)
		}
	}
	t.cause = &a
	return deciders[b.Kind][t.cmd.Keyword](t, b, a)
}

// theirs is the ballot the command names, if it is that of whoever says so.
func (t *turn) theirs() (Ballot, *Refusal) {
	b, ok := t.change.Ballot(t.cmd.Ballot)
	switch {
	case !ok:
		return b, refuse(RefusedUnknown, "Ask for STATUS to see what is open.", "There is no such ballot.")
	case b.Person != t.cmd.By:
		return b, refuse(RefusedWrongPerson, "Only they can answer it. If it should be yours, ask them or the operator.",
			"That ballot is %s's, not yours.", t.dir.Name(b.Person))
	}
	return b, nil
}

// lapsed says why the ballot can be answered no more, or nothing.
func (t *turn) lapsed(b Ballot) *Refusal {
	switch {
	case !b.Open():
		return t.closed(b)
	case !slices.ContainsFunc(wanted(t.change, t.dir, t.now), b.covers):
		return refuse(RefusedNotEligible, "Nothing is left for you to do here.", "You can no longer answer this ballot: your role or team has changed since.")
	}
	return nil
}

// Closed says why the person cannot answer the ballot, or nothing where they
// can.
func Closed(c Change, d Directory, by PersonID, ballot BallotID, now time.Time) *Refusal {
	t := &turn{change: c, dir: d, cmd: Command{Kind: CommandAnswer, By: by, Ballot: ballot}, now: now}
	if r := t.addressed(); r != nil {
		return r
	}
	b, r := t.theirs()
	if r != nil {
		return r
	}
	return t.lapsed(b)
}

// keep stores an incomplete answer and asks for the rest.
func (t *turn) keep(b Ballot, a Answer, problems []Problem) *Refusal {
	for _, p := range problems {
		delete(a.Fields, p.Label)
	}
	t.emit(&Kept{Ballot: b.ID, Answer: a})
	t.notify(Notice{
		Kind: AskMissing, To: b.Person, Ballot: b.ID, Cause: &a, Problems: problems,
		Why: "You answered a ballot, and something in your answer is missing.",
	})
	return nil
}

// closed refuses an answer to a ballot that is no longer open, and says why.
func (t *turn) closed(b Ballot) *Refusal {
	r := t.whyClosed(b)
	for _, open := range t.change.OpenFor(t.cmd.By) {
		if open.Kind == b.Kind {
			r.Ballot = open.ID
			r.Hint = "Answer the current ballot instead; it stands below."
		}
	}
	return r
}

func (t *turn) whyClosed(b Ballot) *Refusal {
	const nothing = "Nothing is left for you to do on it."
	switch {
	case b.Status == BallotCast:
		return refuse(RefusedDecided, nothing, "That was already decided by you: you answered %s on %s.", saidAs(b), t.when(b.Answer.At))
	case b.Revision < t.change.Revision:
		return refuse(RefusedOldRevision, nothing, "Your answer is about revision %d; the proposal has changed since and stands at revision %d.", b.Revision, t.change.Revision)
	case b.ofAttempt() && b.Attempt < t.change.Attempt.N:
		return refuse(RefusedOldAttempt, nothing, "Your answer is about an earlier implementation; it was implemented anew since, as version %s.", t.change.Attempt.Version)
	case b.Status == BallotExpired:
		return refuse(RefusedVoided, nothing, "The time to answer ran out on %s.", t.when(b.Closed))
	default:
		return refuse(RefusedVoided, nothing, "That is no longer asked since %s: %s", t.when(b.Closed), b.Why)
	}
}

func saidAs(b Ballot) string {
	if b.Answer.Keyword == NoKeyword {
		return "it"
	}
	return string(b.Answer.Keyword)
}

func (t *turn) when(at time.Time) string {
	return at.In(t.dir.Calendar.location()).Format("Mon 2 January 2006, 15:04")
}

func (t *turn) notAnAnswer(b Ballot) *Refusal {
	var words []string
	for _, rule := range Answers(t.change.State, b.Kind) {
		if rule.Keyword != NoKeyword {
			words = append(words, string(rule.Keyword))
		}
	}
	r := refuse(RefusedNotAnAnswer, "", "%s does not answer this ballot.", t.cmd.Keyword)
	if r.Hint = "Answer with one of: " + listNames(words) + "."; len(words) == 0 {
		r.Hint = "Write your answer in your own words; no keyword is needed."
	}
	r.Ballot = b.ID
	return r
}

// check says what an answer lacks under the rule, and puts the proposer's own
// words where the answer takes them over.
func (t *turn) check(b Ballot, rule Rule, a *Answer) []Problem {
	problems := slices.Clone(t.cmd.Unclear)
	unclear := func(l Label) bool { return slices.ContainsFunc(problems, func(p Problem) bool { return p.Label == l }) }
	a.Fields = a.Fields.With(nil)
	t.copyOut(b, a)
	for _, l := range rule.Required {
		if !unclear(l) {
			problems = append(problems, t.missing(l, a)...)
		}
	}
	for _, l := range slices.Concat(rule.Required, rule.Optional) {
		if read, ok := readers[l]; ok && a.Fields.Get(l) != "" && !unclear(l) {
			if p := read(t, b, a.Fields.Get(l)); p != nil {
				problems = append(problems, *p)
			}
		}
	}
	if b.Kind == BallotCheck && rule.Keyword == KeywordConfirm && leftUndone(t.change.Attempt) && !t.change.takenOut() {
		problems = append(problems, t.missing(LabelDeviationAccepted, a)...)
	}
	return problems
}

// copyOut replaces "as proposed" by what was proposed, so that the assessment
// stands in full in the record (3).
func (t *turn) copyOut(b Ballot, a *Answer) {
	if b.Kind != BallotAuthorization {
		return
	}
	proposed := t.change.Proposal.Values()
	for _, l := range []Label{LabelJustification, LabelRollback} {
		if asProposed(a.Fields.Get(l)) {
			a.Fields[l] = proposed.Get(l)
		}
	}
}

// missing says that a required field is not there or says nothing.
func (t *turn) missing(l Label, a *Answer) []Problem {
	given := a.Fields.Get(l)
	switch {
	case l == LabelEvidence && len(a.Files) > 0, readers[l] != nil && given != "":
		return nil
	case l == LabelNotes && given != "":
		return nil
	case given == "":
		return []Problem{{Label: l, Code: ProblemMissing, Text: fmt.Sprintf("%s is missing.", l), Hint: hints[l]}}
	case Placeholder(given) || asProposed(given):
		return []Problem{{Label: l, Code: ProblemPlaceholder, Given: given, Text: fmt.Sprintf("%s says only %q.", l, given), Hint: hints[l]}}
	}
	return nil
}

// readers check the fields of answers that are more than text.
var readers = map[Label]func(*turn, Ballot, string) *Problem{
	LabelRisk: func(_ *turn, _ Ballot, text string) *Problem { _, p := ParseRisk(text); return p },
	LabelMajor: func(_ *turn, _ Ballot, text string) *Problem {
		yes, why, ok := ParseYesNo(text)
		switch {
		case !ok:
			return &Problem{Label: LabelMajor, Code: ProblemUnknown, Given: text, Text: "Major is neither yes nor no.", Hint: "Begin with yes or no."}
		case yes && Placeholder(why):
			return &Problem{Label: LabelMajor, Code: ProblemReason, Given: text, Text: "Major says yes, but not why.", Hint: "Add why after the yes (POL-005, 7c)."}
		}
		return nil
	},
	LabelImplementer: func(t *turn, _ Ballot, text string) *Problem {
		_, p := readPerson(LabelImplementer, text, t.dir, "the IT Team or the Development Team (POL-005, 4)", implementingTeams...)
		return p
	},
	LabelTester: func(t *turn, _ Ballot, text string) *Problem {
		_, p := readPerson(LabelTester, text, t.dir, "the IT Team or Quality Assurance (POL-005, 6)", testingTeams...)
		return p
	},
	LabelCategory: func(_ *turn, _ Ballot, text string) *Problem {
		if _, ok := ParseCategory(text); !ok {
			return &Problem{Label: LabelCategory, Code: ProblemUnknown, Given: text, Text: fmt.Sprintf("%q is not one of our categories.", text), Hint: "Name one of: " + listNames(categoryNames()) + "."}
		}
		return nil
	},
	LabelUntouched: func(_ *turn, _ Ballot, text string) *Problem {
		if yes, _, ok := ParseYesNo(text); !ok || !yes {
			return &Problem{Label: LabelUntouched, Code: ProblemNotAllowed, Given: text, Text: "A change that touched production cannot be canceled.", Hint: hints[LabelUntouched]}
		}
		return nil
	},
	LabelDocuments: func(t *turn, b Ballot, text string) *Problem {
		if b.Kind == BallotDocuments || b.Kind == BallotCheck {
			return documentsProblem(text)
		}
		return nil
	},
}

func documentsProblem(text string) *Problem {
	why, none := cutNone(text)
	if Placeholder(text) || none && Placeholder(why) {
		return &Problem{Label: LabelDocuments, Code: ProblemReason, Given: text, Text: "It is not said which documents were updated, or why none.", Hint: hints[LabelDocuments]}
	}
	return nil
}

// person reads the person a checked field names.
func (t *turn) person(a Answer, l Label) PersonID {
	person, _ := t.dir.Find(a.Fields.Get(l))
	return person.ID
}
