package policy

import (
	"slices"
	"strings"
)

// propose opens a change (1).
func (t *turn) propose() *Refusal {
	if !t.dir.MayPropose(t.cmd.By) {
		return refuse(RefusedNotProposer, "Ask one of them to propose it: "+t.dir.names(t.dir.where(func(p Person) bool { return t.dir.MayPropose(p.ID) }))+".",
			"Changes are proposed by the IT Director, the CTO or the Development Team Leader (POL-005, 1); you are none of these.")
	}
	a := t.answer(t.cmd.Form, t.cmd.Files)
	t.cause = &a
	t.emit(&Opened{
		ID: t.cmd.ID, Draft: t.cmd.Draft, Proposer: t.cmd.By, Roles: t.roles(t.cmd.By),
		Proof: t.cmd.Proof, Mail: t.cmd.Mail, At: t.now,
	})
	t.consider(t.cmd.Form)
	return nil
}

// correct takes what was missing in a draft.
func (t *turn) correct(b Ballot, a Answer) *Refusal {
	if len(t.cmd.Form) == 0 && len(t.cmd.Unclear) == 0 {
		r := refuse(RefusedProblems, "Send the missing lines, each as the label, a colon and the value.", "No field of a proposal stands in your mail.")
		r.Ballot = b.ID
		return r
	}
	t.emit(&Cast{Ballot: b.ID, Answer: a, Roles: t.roles(a.By), Teams: t.teams(a.By)})
	t.consider(t.change.Form.With(t.cmd.Form))
	return nil
}

// consider accepts the form as the change's first revision, or keeps it as a
// draft and asks for what it lacks.
func (t *turn) consider(form Form) {
	proposal, problems := ReadProposal(form, t.change.Proposer, t.dir, t.now)
	if problems = withUnclear(problems, t.cmd.Unclear); len(problems) > 0 {
		t.emit(&Drafted{Form: form, Problems: problems, At: t.now})
	} else {
		t.revise(form, proposal)
	}
	t.settle()
}

// withUnclear puts what could not be read in place of "is missing".
func withUnclear(problems, unclear []Problem) []Problem {
	all := slices.Clone(unclear)
	for _, p := range problems {
		if !slices.ContainsFunc(unclear, func(u Problem) bool { return u.Label == p.Label && p.Label != "" }) {
			all = append(all, p)
		}
	}
	return all
}

// revise makes the proposal the current revision and asks for its
// authorization.
func (t *turn) revise(form Form, p Proposal) {
	t.why = "The proposal has changed."
	t.emit(&Revised{
		Number: first(t.change.Number, t.cmd.Number), Revision: t.change.Revision + 1, Form: form, Proposal: p,
		Hash: p.Hash(), PolicyVersion: t.dir.PolicyVersion, FourEyes: t.dir.FourEyes,
		Requirements: t.requirements(p), By: t.change.Proposer, Proof: t.cmd.Proof, Mail: t.cmd.Mail, At: t.now,
	})
	if t.change.Emergency() {
		t.mark(MarkEmergency, "Proposed as an emergency.")
	}
	if p.Environment == ProductionWindow {
		t.mark(MarkProductionWindow, "It can be tested only in production.")
	}
	if p.AlreadyDone != "" {
		t.mark(MarkRetrospective, "Done before it was authorized, a deviation from policy: %s", p.AlreadyDone)
		if !t.change.Release.Live {
			t.emit(&WentLive{Version: "already done", ReleasedAt: p.AlreadyDone, At: t.now})
		}
	}
	t.notify(Notice{Kind: ReceiptProposed, To: t.change.Proposer, Cause: t.cause, Why: "You proposed this change."})
}

// requirements lists the approvals the proposal needs: one for each half of
// the categories (2), and a co-signature where none of those could be given by
// somebody who neither proposes nor implements.
func (t *turn) requirements(p Proposal) []Requirement {
	var needed []Requirement
	var able []PersonID
	for _, role := range requiredRoles(p.Categories) {
		needed = append(needed, Requirement{Role: role, Why: "POL-005, " + role.Point()})
		able = append(able, withDeputies(t.dir, t.dir.Holders(role), t.now)...)
	}
	involved := []PersonID{t.change.Proposer, p.Implementer}
	if t.dir.FourEyes == CoSign && p.Urgency != UrgencyEmergency && len(without(able, involved)) == 0 {
		needed = append(needed, coSignature())
	}
	return needed
}

func coSignature() Requirement {
	return Requirement{CoSign: true, Why: "four eyes: nobody else who authorizes it is independent of proposing and implementing"}
}

// amend replaces fields of a proposal; every accepted amendment is a new
// revision that is authorized anew.
func (t *turn) amend(a Answer) *Refusal {
	const late = "Answer STOP if it must not go on, or propose a new change that begins with Follows."
	switch {
	case t.change.Proposer != t.cmd.By:
		return refuse(RefusedNotEligible, "Ask them to amend it.", "Only the proposer, %s, can amend the proposal.", t.dir.Name(t.change.Proposer))
	case t.change.State == StateDraft:
		return t.amendDraft(a)
	case t.change.State != StateProposed && t.change.State != StateAuthorized:
		return refuse(RefusedTooLate, late, "The proposal can no longer be amended: the change is %s.", t.change.State)
	}
	form := t.change.Form.With(Form{LabelWindow: t.change.Settled.Window}).With(t.cmd.Form)
	p, problems := ReadProposal(form, t.change.Proposer, t.dir, t.now)
	if problems = withUnclear(problems, t.cmd.Unclear); len(problems) > 0 {
		return refuse(RefusedProblems, problemHints(problems), "The amendment was not taken: %s", problemTexts(problems))
	}
	switch changed := Changed(t.change.Proposal, p); {
	case len(changed) == 0:
		return refuse(RefusedNothingChanged, "Send the fields that are to change, each as the label, a colon and the new value.", "The amendment changes nothing.")
	case len(changed) == 1 && changed[0] == LabelWindow:
		return refuse(RefusedNothingChanged, "Answer RESCHEDULE with a Window and a Reason: then nobody has to authorize it again.", "Only the window would change.")
	}
	t.acted(a)
	t.revise(form, p)
	t.settle()
	return nil
}

// amendDraft corrects a draft, whose proposer has its ballot open.
func (t *turn) amendDraft(a Answer) *Refusal {
	for _, b := range t.change.OpenFor(a.By) {
		return t.correct(b, a)
	}
	return refuse(RefusedTooEarly, "Wait for the mail that asks for corrections.", "Nothing is asked about this draft.")
}

func problemTexts(problems []Problem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Text
	}
	return strings.Join(texts, " ")
}

func problemHints(problems []Problem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Hint
	}
	return strings.Join(texts, " ")
}

// withdrawDraft ends a draft.
func (t *turn) withdrawDraft(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.move(StateWithdrawn, a.Fields.Get(LabelReason))
	t.settle()
	return nil
}

// reply takes the proposer's answer to a question and puts it before everyone
// whose decision is still open.
func (t *turn) reply(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.settle()
	for _, open := range t.change.OpenBallots() {
		if open.Kind == BallotAuthorization {
			t.notify(Notice{
				Kind: NoticeAnswered, To: open.Person, Ballot: open.ID, Cause: &a, Text: b.Question.Text,
				Why: "A question about this change was answered; your decision is still open.",
			})
		}
	}
	return nil
}
