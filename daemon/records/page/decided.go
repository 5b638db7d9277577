package page

import (
	"fmt"
	"slices"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

// What was proposed, and how it was assessed.

// verdicts are the answers that authorize a change or refuse it (2), (3).
var verdicts = map[policy.Keyword]string{
	policy.KeywordApprove: "approved", policy.KeywordReject: "refused",
	policy.KeywordRatify: "ratified", policy.KeywordObject: "objected",
}

// assessments are those of the revision as it stands, in full: first on the page,
// since they are what an auditor comes for.
func (m *maker) assessments() []node {
	if m.c.Revision == 0 {
		return nil
	}
	all := m.verdicts(m.c.Revision)
	if len(all) == 0 {
		all = []node{para("Nobody has assessed " + m.d.Edition() + ".")}
	}
	return append([]node{heading(m.point("Assessments", "3"))}, all...)
}

// atOnce is how many verdicts stand side by side.
const atOnce = 3

// verdicts shows what was decided on a revision: a column for each who decided.
func (m *maker) verdicts(revision int) (tables []node) {
	var cast []policy.Ballot
	for _, b := range m.c.Ballots {
		if isVerdict(b) && b.Revision == revision {
			cast = append(cast, b)
		}
	}
	for some := range slices.Chunk(cast, atOnce) {
		if m.room <= 0 {
			return append(tables, para("More stand in the record."))
		}
		tables = append(tables, m.sideBySide(revision, some))
	}
	return tables
}

func isVerdict(b policy.Ballot) bool {
	return b.Status == policy.BallotCast && b.Answer != nil && verdicts[b.Answer.Keyword] != "" &&
		(b.Kind == policy.BallotAuthorization || b.Kind == policy.BallotRatification)
}

// sideBySide is a table with a column for each verdict and a row for each field
// that any of them has.
func (m *maker) sideBySide(revision int, cast []policy.Ballot) node {
	head, fields := el("tr", el("th", el("p"))), policy.Form{}
	given := el("tr", el("th", para("Given")))
	for _, b := range cast {
		head.kids = append(head.kids, el("th", para(mailtmpl.Approver(m.d, b)+": "+verdicts[b.Answer.Keyword])))
		given.kids = append(given.kids, cell(para(m.at(b.Answer.At)+"; "+m.line(mailtmpl.Proof(b.Answer.Proof))+"; "+m.editionOf(revision))))
		fields = fields.With(b.Answer.Fields)
	}
	rows := []node{head}
	for _, l := range fields.Labels() {
		row := el("tr", el("th", para(string(l))))
		for _, b := range cast {
			row.kids = append(row.kids, cell(m.words(b.Answer.Fields.Get(l))...))
		}
		rows = append(rows, row)
	}
	return pairs(append(rows, given))
}

// proposal is the revision as it stands, what was settled beside it, and the
// revisions before it.
func (m *maker) proposal() []node {
	title := "The proposal"
	if m.c.Revision > 0 {
		title += ", " + m.d.Edition()
	}
	all := []node{heading(title), pairs(m.form(mailtmpl.Readable(m.d)))}
	if settled := m.settled(); len(settled) > 0 {
		all = append(all, para("Settled since, beside the proposal:"), pairs(settled))
	}
	if m.c.Revision == 0 {
		all = append(all, table([]string{"Missing in it", "What to do"}, each(m, m.c.Problems, func(p policy.Problem) node {
			return el("tr", cell(m.words(p.Text)...), cell(m.words(p.Hint)...))
		}))...)
	}
	return append(all, m.earlier()...)
}

// form is a row for each field that is filled in.
func (m *maker) form(f policy.Form) (rows []node) {
	for _, l := range f.Labels() {
		rows = append(rows, el("tr", el("th", para(string(l))), cell(m.words(f.Get(l))...)))
	}
	return rows
}

// settled is what the authorizers fixed, and where it was moved to.
func (m *maker) settled() []node {
	s, f := m.c.Settled, policy.Form{}
	if s.Major {
		f[policy.LabelMajor] = "yes: " + s.MajorWhy
	}
	f[policy.LabelImplementer], f[policy.LabelTester], f[policy.LabelWindow] = m.person(s.Implementer), m.person(s.Tester), s.Window
	return m.form(f)
}

// earlier shows each revision before the present one: what the next one changed
// in it, and how it was assessed. The latest stands first.
func (m *maker) earlier() (all []node) {
	for i := len(m.c.Revisions) - 2; i >= 0; i-- {
		if m.room <= 0 {
			return append(all, para("Earlier revisions stand in the record."))
		}
		before, after := m.c.Revisions[i], m.c.Revisions[i+1]
		body := append(m.differences(before.Proposal, after.Proposal), m.verdicts(before.Number)...)
		all = append(all, expand("Before: "+edition(before)+" of "+m.at(before.At)+", and what was changed in it", body...))
	}
	return all
}

func (m *maker) differences(before, after policy.Proposal) []node {
	b, a := mailtmpl.ReadableOf(m.d, before), mailtmpl.ReadableOf(m.d, after)
	return table([]string{"Field", "As it was", "In the next revision"}, each(m, policy.Changed(before, after), func(l policy.Label) node {
		return el("tr", el("th", para(string(l))), cell(m.words(b.Get(l))...), cell(m.words(a.Get(l))...))
	}))
}

func (m *maker) editionOf(number int) string {
	for _, r := range m.c.Revisions {
		if r.Number == number {
			return edition(r)
		}
	}
	return fmt.Sprintf("revision %d", number)
}

// edition names a revision as [mailtmpl.Data.Edition] does the present one.
func edition(r policy.Revision) string {
	return fmt.Sprintf("revision %d (%s)", r.Number, policy.ShortHash(r.Hash))
}
