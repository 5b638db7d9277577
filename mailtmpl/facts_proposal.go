package mailtmpl

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// What was proposed.

// value is a field of the accepted proposal, or of the draft.
func (d Data) value(l policy.Label) string {
	if d.Change.Revision > 0 {
		return d.Change.Proposal.Values().Get(l)
	}
	return d.Change.Form.Get(l)
}

func or(value, otherwise string) string {
	if strings.TrimSpace(value) == "" {
		return otherwise
	}
	return value
}

func riskOf(r policy.Risk) string {
	if r.Level == "" {
		return ""
	}
	return r.String()
}

// doer is who has the work, or is to have it.
func (d Data) doer() policy.PersonID {
	if d.Change.Implementer != "" {
		return d.Change.Implementer
	}
	return d.Change.NamedImplementer()
}

func who(d Data) []Row {
	tester := "a member of IT or Quality Assurance"
	switch {
	case d.Change.Attempt.Passed != "":
		tester = d.Name(d.Change.Attempt.Passed)
	case d.Change.NamedTester() != "" && !slices.Contains(d.Change.Hands, d.Change.NamedTester()):
		tester = d.Name(d.Change.NamedTester())
	}
	return ours("Who", "implemented by "+d.Name(d.doer())+", tested by "+tester)
}

func environment(d Data) []Row {
	if d.Change.Proposal.Environment != policy.ProductionWindow {
		return nil
	}
	return ours("Tested where", "in production, in its window: there is nowhere else to test it")
}

func major(d Data) []Row {
	if !d.Change.IsMajor() {
		return nil
	}
	return row("Major", strings.TrimSuffix("yes: "+flat(d.majorWhy()), ": ")+"; G7 will be told")
}

func (d Data) majorWhy() string { return or(d.Change.Proposal.MajorWhy, d.Change.Settled.MajorWhy) }

func firstRow(rows []Row) []Row { return rows[:min(1, len(rows))] }

func urgency(d Data) []Row {
	if !d.Change.Emergency() {
		return nil
	}
	return ours("Urgency", "emergency: one authorizer's own assessment suffices for now")
}

func restricted(d Data) []Row {
	if !d.Change.Proposal.Restricted {
		return nil
	}
	return ours("Restricted", "yes: only title, time and contact are told widely")
}

func links(d Data) []Row {
	p := d.Change.Proposal
	return slices.Concat(row("Follows", p.Follows), row("Undoes", p.Undoes), row("Already done", p.AlreadyDone))
}

func proposedBy(d Data) []Row {
	by := d.Name(d.Change.Proposer)
	if p, ok := d.Directory.Person(d.Change.Proposer); ok && len(p.Roles) > 0 {
		by += " (" + p.Roles[0].Title() + ")"
	}
	at := d.Change.Opened
	if n := len(d.Change.Revisions); n > 0 {
		by, at = by+", "+d.Edition(), d.Change.Revisions[n-1].At
	}
	return ours("Proposed by", by+", "+d.Day(at))
}

// readable gives the fields of a proposal with people by name.
func (d Data) readable(p policy.Proposal) policy.Form {
	form := p.Values()
	for label, id := range map[policy.Label]policy.PersonID{policy.LabelImplementer: p.Implementer, policy.LabelTester: p.Tester} {
		if id != "" {
			form[label] = d.Name(id)
		}
	}
	return form
}

// understood shows every field of the proposal that has no problem.
func understood(d Data) []Row {
	if d.Change.Revision > 0 {
		return fields(d.readable(d.Change.Proposal))
	}
	wrong := wrongLabels(d.Notice.Problems)
	var rows []Row
	for _, l := range d.Change.Form.Labels() {
		if !slices.Contains(wrong, l) {
			rows = append(rows, row(string(l), d.Change.Form.Get(l))...)
		}
	}
	return rows
}

func marks(d Data) []Row {
	var rows []Row
	for _, m := range d.Change.Marks {
		rows = append(rows, row("On the record", string(m.Kind)+": "+m.Text)...)
	}
	return rows
}

// answered is the proposal the reader knows: of the revision they answered, or
// of the one before.
func (d Data) answered() policy.Proposal {
	n := d.Change.Revision - 1
	for _, b := range d.Change.Ballots {
		if e := d.Earlier; e != nil && b.Answer != nil && b.Answer.By == e.By && b.Answer.At.Equal(e.At) {
			n = b.Revision
		}
	}
	for _, r := range d.Change.Revisions {
		if r.Number == n {
			return r.Proposal
		}
	}
	return policy.Proposal{}
}

// changed shows what the reader has not yet seen of this revision, before and after.
func changed(d Data) []Row {
	if len(d.Changed) == 0 {
		return nil
	}
	before := d.readable(d.answered())
	after := d.readable(d.Change.Proposal)
	var rows []Row
	for _, l := range d.Changed {
		rows = append(rows, row(string(l), or(after[l], "[now empty]")+"\n[before] "+or(before[l], "empty"))...)
	}
	return rows
}

// halves are the two halves of the categories, by who authorizes them (2).
func halves() (roles []policy.Role, names map[policy.Role][]string) {
	names = map[policy.Role][]string{}
	for _, c := range policy.Categories {
		r := c.Authorizer()
		if names[r] == nil {
			roles = append(roles, r)
		}
		names[r] = append(names[r], string(c))
	}
	return roles, names
}

func categories(Data) []Row {
	var rows []Row
	roles, names := halves()
	for _, r := range roles {
		rows = append(rows, ours(r.Title(), strings.Join(names[r], ", "))...)
	}
	return rows
}

// form says what each line of a proposal holds.
func form(Data) []Row {
	var rows []Row
	for _, l := range policy.ProposalLabels {
		if says, ok := formHints[l]; ok {
			rows = append(rows, ours(string(l), says)...)
		}
	}
	return rows
}

var formHints = map[policy.Label]string{
	policy.LabelTitle:          "in a few words, what is changed",
	policy.LabelCategory:       "one or several of the six below",
	policy.LabelSystems:        "which systems are touched",
	policy.LabelJustification:  "why the business needs it",
	policy.LabelSecurityImpact: "what could get less secure, or why nothing does",
	policy.LabelRisk:           "low, medium or high, and why",
	policy.LabelRollback:       "what is done if it fails, and how long that takes",
	policy.LabelTestPlan:       "how it is tested before it goes into production",
	policy.LabelImplementer:    "a member of the IT Team or the Development Team",
	policy.LabelTester:         "a member of IT or Quality Assurance; may be left out",
	policy.LabelWindow:         "when it is to be done; may be left out",
	policy.LabelMajor:          "yes and why, if it is a major change to backend or infrastructure; may be left out",
}
