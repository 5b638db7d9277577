package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTitle is the longest title, in characters; more does not fit a subject.
const maxTitle = 200

// ReadProposal understands a form as a proposal by the proposer. With problems
// the proposal is as far as it could be understood.
func ReadProposal(f Form, proposer PersonID, d Directory, now time.Time) (Proposal, []Problem) {
	r := &proposalReader{form: f, dir: d}
	p := Proposal{
		Title: r.title(), Categories: r.categories(), Systems: r.text(LabelSystems), Description: r.optional(LabelDescription),
		Justification: r.text(LabelJustification), SecurityImpact: r.text(LabelSecurityImpact), Risk: r.risk(),
		Rollback: r.text(LabelRollback), TestPlan: r.text(LabelTestPlan),
		Implementer: r.implementer(), Window: r.optional(LabelWindow), Documents: f.Get(LabelDocuments),
		Follows: r.number(LabelFollows), Undoes: r.number(LabelUndoes), AlreadyDone: r.alreadyDone(),
	}
	p.Environment, p.Urgency = r.environment(), r.urgency()
	p.Tester = r.tester(p.Implementer)
	p.Major, p.MajorWhy = r.yesNo(LabelMajor, true)
	p.Restricted, _ = r.yesNo(LabelRestricted, false)
	r.proposer(proposer)
	r.authorizers(p, proposer, now)
	return p, r.problems
}

type proposalReader struct {
	form     Form
	dir      Directory
	problems []Problem
}

func (r *proposalReader) problem(l Label, code ProblemCode, hint, text string, args ...any) {
	r.problems = append(r.problems, Problem{Label: l, Code: code, Given: r.form.Get(l), Text: fmt.Sprintf(text, args...), Hint: hint})
}

// hints say, for each required field, what it is to hold.
var hints = map[Label]string{
	LabelTitle:          "Say in a few words what is changed.",
	LabelCategory:       "Name one or several of: " + listNames(categoryNames()) + " (POL-005, 2).",
	LabelSystems:        "Name the systems that are touched.",
	LabelJustification:  "Say why the business needs it (POL-005, 3a).",
	LabelSecurityImpact: "Say what could get less secure, or why nothing does (POL-005, 3a).",
	LabelRisk:           "Write low, medium or high, and why (POL-005, 3b).",
	LabelRollback:       "Say what will be done if it fails, and how long that takes (POL-005, 3c).",
	LabelTestPlan:       "Say how it is tested before it goes into production (POL-005, 6).",
	LabelImplementer:    "Name a member of the IT Team or the Development Team (POL-005, 4).",
	LabelReason:         "Say why.",
	LabelQuestion:       "Write what you want to know.",
	LabelReply:          "Write your answer above the line.",
	LabelVersion:        "Name the version, build or configuration that was made, so that the test and the release can be held against it.",
	LabelDoneAt:         "Say when it was done.",
	LabelNotes:          "Say what was done, or that there is nothing to add.",
	LabelLeftAs:         "Say in what condition the systems are now.",
	LabelEvidence:       "Say what was tested and what came out, or attach the report.",
	LabelReleasedAt:     "Say when it went into production.",
	LabelChecked:        "Say what you looked at and what you found (POL-005, 5).",
	LabelDocuments:      "One line for each document: document / version or link / what changed. Or none, and why (POL-005, 8).",
	LabelUntouched:      "Write yes if nothing in production was touched; otherwise answer UNDO.",
	LabelUndoneAt:       "Say when it was taken out of production.",
	LabelWindow:         "Say when the change is to be made.",

	LabelDeviationAccepted: "Say why what was left undone is acceptable.",
}

// Hint says what the field is to hold, a sentence; nothing for a field that
// needs no explaining.
func Hint(l Label) string { return hints[l] }

func categoryNames() []string {
	names := make([]string, len(Categories))
	for i, c := range Categories {
		names[i] = string(c)
	}
	return names
}

// text reads a required text.
func (r *proposalReader) text(l Label) string {
	v := r.form.Get(l)
	switch {
	case v == "":
		r.problem(l, ProblemMissing, hints[l], "%s is missing.", l)
	case Placeholder(v):
		r.problem(l, ProblemPlaceholder, hints[l], "%s says only %q.", l, v)
	}
	return v
}

// optional reads a text that may be left out; a placeholder leaves it out.
func (r *proposalReader) optional(l Label) string {
	if v := r.form.Get(l); !Placeholder(v) {
		return v
	}
	return ""
}

// alreadyDone reads when, by whom and on whose word a change was done before
// its proposal. "no" is no; a bare "yes" says too little; "no" with more might
// be either.
func (r *proposalReader) alreadyDone() string {
	const hint = "If it was done before you propose it, say when, by whom and on whose word; otherwise leave the field out."
	text := r.form.Get(LabelAlreadyDone)
	switch yes, why, ok := ParseYesNo(text); {
	case ok && !yes && !Placeholder(why):
		r.problem(LabelAlreadyDone, ProblemUnknown, hint, "Already done says no, and more than no.")
	case ok && yes && Placeholder(why), affirmed(text):
		r.problem(LabelAlreadyDone, ProblemReason, hint, "Already done says yes, but not when, by whom and on whose word.")
	}
	return r.optional(LabelAlreadyDone)
}

// proposer says that whoever proposes must still be entitled to (1).
func (r *proposalReader) proposer(id PersonID) {
	if !r.dir.MayPropose(id) {
		r.problem("", ProblemNotEligible, "Have one of them propose it.", "%s no longer is IT Director, CTO or Development Team Leader, who propose changes (POL-005, 1).", r.dir.Name(id))
	}
}

func (r *proposalReader) title() string {
	title := strings.Join(strings.Fields(r.text(LabelTitle)), " ")
	if utf8.RuneCountInString(title) > maxTitle {
		r.problem(LabelTitle, ProblemNotAllowed, "Keep it under 200 characters and put the rest under Description.", "The title is too long.")
	}
	return title
}

var categorySeparator = regexp.MustCompile(`[;,\n]+`)

func (r *proposalReader) categories() []Category {
	var found []Category
	given := r.text(LabelCategory)
	if Placeholder(given) {
		return nil
	}
	for _, name := range categorySeparator.Split(given, -1) {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		c, ok := ParseCategory(name)
		if !ok {
			r.problem(LabelCategory, ProblemUnknown, hints[LabelCategory], "%q is not one of our categories.", name)
		} else if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b Category) int { return slices.Index(Categories, a) - slices.Index(Categories, b) })
	return found
}

func (r *proposalReader) risk() Risk {
	text := r.text(LabelRisk)
	if Placeholder(text) {
		return Risk{}
	}
	risk, problem := ParseRisk(text)
	if problem != nil {
		r.problems = append(r.problems, *problem)
	}
	return risk
}

func (r *proposalReader) implementer() PersonID {
	text := r.text(LabelImplementer)
	if Placeholder(text) {
		return ""
	}
	id, problem := readPerson(LabelImplementer, text, r.dir, "the IT Team or the Development Team (POL-005, 4)", implementingTeams...)
	if problem != nil {
		r.problems = append(r.problems, *problem)
	}
	return id
}

// tester reads who tests, and says early when nobody could (6).
func (r *proposalReader) tester(implementer PersonID) PersonID {
	text := r.form.Get(LabelTester)
	if Placeholder(text) || strings.EqualFold(text, "pool") {
		if implementer != "" && len(testers(r.dir, []PersonID{implementer})) == 0 {
			r.problem(LabelTester, ProblemNoTester, "Name another implementer, or have somebody added to the IT Team or Quality Assurance.",
				"Nobody could test this: %s is the only member of the IT Team and Quality Assurance (POL-005, 6).", r.dir.Name(implementer))
		}
		return ""
	}
	id, problem := readPerson(LabelTester, text, r.dir, "the IT Team or Quality Assurance (POL-005, 6)", testingTeams...)
	if problem == nil && id == implementer {
		problem = &Problem{
			Label: LabelTester, Code: ProblemNotEligible, Given: text, Text: "Who implements a change cannot test it.",
			Hint: "Name another member of the IT Team or Quality Assurance (POL-005, 6).",
		}
	}
	if problem != nil {
		r.problems = append(r.problems, *problem)
		return ""
	}
	return id
}

// readPerson reads the one person a field names, who must be in one of teams.
func readPerson(l Label, text string, d Directory, where string, teams ...Team) (PersonID, *Problem) {
	person, ok := d.Find(text)
	if !ok {
		return "", &Problem{
			Label: l, Code: ProblemUnknown, Given: text, Text: fmt.Sprintf("%q is nobody in our directory.", text),
			Hint: fmt.Sprintf("Name one person by address or full name: %s.", d.names(d.Members(teams...))),
		}
	}
	if !person.in(teams...) {
		return "", &Problem{
			Label: l, Code: ProblemNotEligible, Given: text, Text: fmt.Sprintf("%s is not a member of %s.", person.Name, where),
			Hint: fmt.Sprintf("Name one of them: %s.", d.names(d.Members(teams...))),
		}
	}
	return person.ID, nil
}

func (r *proposalReader) environment() Environment {
	text := strings.ToLower(r.form.Get(LabelEnvironment))
	switch Environment(text) {
	case "", TestFirst:
		return TestFirst
	case ProductionWindow:
		if !r.dir.ProductionWindow {
			r.problem(LabelEnvironment, ProblemNotAllowed, "Plan a test before production: write \"test first\".", "Changes that can be tested only in production are not allowed here (POL-005, 6).")
		}
		return ProductionWindow
	}
	r.problem(LabelEnvironment, ProblemUnknown, `Write "test first", or "production window" where there is nowhere else to test.`, "%q is not an environment.", text)
	return ""
}

func (r *proposalReader) urgency() Urgency {
	switch u := Urgency(strings.ToLower(r.form.Get(LabelUrgency))); u {
	case "":
		return UrgencyNormal
	case UrgencyNormal, UrgencyEmergency:
		return u
	}
	r.problem(LabelUrgency, ProblemUnknown, `Write "normal" or "emergency".`, "%q is not an urgency.", r.form.Get(LabelUrgency))
	return ""
}

func (r *proposalReader) yesNo(l Label, reasoned bool) (bool, string) {
	text := r.form.Get(l)
	if text == "" {
		return false, ""
	}
	yes, why, ok := ParseYesNo(text)
	switch {
	case !ok:
		r.problem(l, ProblemUnknown, "Begin with yes or no.", "%s is neither yes nor no.", l)
	case yes && reasoned && Placeholder(why):
		r.problem(l, ProblemReason, "Add why after the yes (POL-005, 7c).", "%s says yes, but not why.", l)
	}
	if !yes {
		why = ""
	}
	return yes, why
}

func (r *proposalReader) number(l Label) string {
	text := r.optional(l)
	if text != "" && !numberForm.MatchString(text) {
		r.problem(l, ProblemUnknown, "Write one number, such as CHG-2026-0042.", "%q is not the number of a change.", text)
	}
	return strings.ToUpper(text)
}

// authorizers says early when nobody could authorize the change (2), or nobody
// independent of proposing and implementing it.
func (r *proposalReader) authorizers(p Proposal, proposer PersonID, now time.Time) {
	roles := requiredRoles(p.Categories)
	var able []PersonID
	for _, role := range roles {
		people := withDeputies(r.dir, r.dir.Holders(role), now)
		if len(people) == 0 {
			r.problem(LabelCategory, ProblemNobody, "The operator has been told; the proposal goes on by itself once somebody holds the role.",
				"Nobody holds the role of %s at present, who must authorize this (POL-005, 2).", role.Title())
		}
		able = append(able, people...)
	}
	if len(able) == 0 || p.Implementer == "" || r.dir.FourEyes == AsWritten {
		return
	}
	involved := []PersonID{proposer, p.Implementer}
	independent := slices.ContainsFunc(able, func(id PersonID) bool { return !slices.Contains(involved, id) })
	if !independent && len(coSigners(r.dir, involved)) == 0 {
		r.problem(LabelImplementer, ProblemNobody, "Name another implementer, or ask the policy owner to appoint a co-signer.",
			"Nobody could authorize this who neither proposes nor implements it.")
	}
}
