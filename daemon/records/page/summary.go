package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// What stands at the top: whose page it is, and where the change stands.

// banner says what becomes of what people write on the page.
func (m *maker) banner() []node {
	says := el("p", text("Countersign keeps this page: the published copy of its record, written anew when the record goes on. "+
		"What you write under “"+NotesTitle+"” at the end is kept, and comments are; please change nothing else."))
	if m.d.Location != nil {
		says.kids = append(says.kids, text(" Times are those of "+m.d.Location.String()+"."))
	}
	if m.URL != "" {
		says.kids = append(says.kids, text(" "), el("a", text("The change in Countersign")).with("href", m.URL))
	}
	return []node{macro("info").holding(says)}
}

// standing says in words where the change stands, why, and for whom it waits.
func (m *maker) standing() []node {
	says := " It is " + m.d.Standing() + "."
	if !m.c.Ended.IsZero() {
		says = " on " + m.at(m.c.Ended) + "."
	}
	all := append([]node{el("p", m.lozenge(), text(says))}, m.why()...)
	for _, b := range m.c.OpenBallots() {
		waits := m.d.Name(b.Person) + " is asked " + mailtmpl.Asked(m.d, b) + ", since " + m.d.Day(b.Issued)
		if !b.Due.IsZero() {
			waits += ", due " + m.at(b.Due)
		}
		all = append(all, para(waits+"."))
	}
	return all
}

// turns are where a change went when it is in a state that nobody hoped for: what
// was said then is why.
var turns = map[policy.State]policy.State{
	policy.StateHeldUp: policy.StateHeldUp, policy.StateWithdrawn: policy.StateWithdrawn, policy.StateCanceled: policy.StateCanceled,
	policy.StateExpired: policy.StateExpired, policy.StateUndoing: policy.StateUndoing, policy.StateUndone: policy.StateUndoing,
	policy.StateRolledBack: policy.StateUndoing,
}

// why gives the word that had the change stopped, ended or undone. That of a
// rejection stands among the assessments.
func (m *maker) why() []node {
	for _, s := range slices.Backward(m.history) {
		if s.Then == "" || s.Then != turns[m.c.State] {
			continue
		}
		says := []node{el("p", el("strong", text("Why")), text(" "+s.By+", "+m.at(s.When)+": "+s.Said))}
		for _, f := range s.Fields {
			says = append(says, labeled(f.Label, m.words(f.Text))...)
		}
		return says
	}
	return nil
}

// lozenge is the state in color. That the page itself is outstanding is never said
// on it.
func (m *maker) lozenge() node {
	var lacks []string
	if m.owed != "" {
		lacks = []string{storage.LacksDelivery}
	}
	return lozenge(m.c.State, lacks)
}

// outstanding names those to whom the report (7) is still owed, once the change
// has ended.
func (m *maker) outstanding() string {
	if !m.c.State.End() {
		return ""
	}
	var names []string
	for _, to := range storage.Owed(m.c, m.Deliveries) {
		names = append(names, m.d.Name(policy.PersonID(to)))
	}
	return strings.Join(names, ", ")
}

// properties are the page properties, which the register gathers from all
// pages.
func (m *maker) properties() []node {
	return []node{heading("At a glance"), macro("details", "id", ID).holding(pairs(m.glance()))}
}

// glance are the rows of the page properties. Each page has the same ones in the
// same order, but for those that say nothing.
func (m *maker) glance() (rows []node) {
	c, d := m.c, m.d
	row := func(name, value string) {
		if value = m.line(value); value != "" {
			rows = append(rows, el("tr", el("th", para(name)), cell(para(value))))
		}
	}
	row("Change", d.Number())
	rows = append(rows, el("tr", el("th", para("State")), cell(el("p", m.lozenge()))))
	row("Title", c.Title())
	row("Category", mailtmpl.Readable(d).Get(policy.LabelCategory))
	row("Risk", m.riskSays())
	row("Major", m.major())
	row("Proposed by", m.proposedBy())
	row("Authorized by", m.authorizedBy())
	row("Implementer", m.person(mailtmpl.Doer(d)))
	row("Tester", m.person(m.tester()))
	row("Window", c.Window())
	row("Version", m.version())
	row("In production", m.production())
	row("Released at", c.Release.ReleasedAt)
	row("Ended", m.sortable(c.Ended))
	if m.owed != "" {
		row("Outstanding", "the report (7) to "+m.owed)
	}
	row("Policy", strings.Trim(d.Org.PolicyID+", version "+c.PolicyVersion, ", "))
	if c.Revision > 0 {
		row("Revision", strconv.Itoa(c.Revision)+" ("+policy.ShortHash(c.Hash)+")")
	}
	return rows
}

// risk is as the authorizers assessed it, or as the proposer did before.
func (m *maker) risk() policy.RiskLevel {
	if level := mailtmpl.Assessed(m.d); level != "" {
		return level
	}
	return m.c.Proposal.Risk.Level
}

func (m *maker) riskSays() string {
	level := string(m.risk())
	if level != "" && mailtmpl.Assessed(m.d) == "" {
		level += " (proposed)"
	}
	return level
}

func (m *maker) major() string {
	if !m.c.IsMajor() {
		return "no"
	}
	return strings.TrimSuffix("yes: "+mailtmpl.MajorWhy(m.d), ": ")
}

func (m *maker) proposedBy() string {
	by := m.d.Name(m.c.Proposer)
	if p, ok := m.d.Directory.Person(m.c.Proposer); ok && len(p.Roles) > 0 {
		by += " (" + p.Roles[0].Title() + ")"
	}
	return by + ", " + m.d.Day(m.c.Opened)
}

func (m *maker) authorizedBy() string {
	var by []string
	for _, b := range mailtmpl.Approvals(m.d) {
		by = append(by, mailtmpl.Approver(m.d, b))
	}
	return strings.Join(by, "; ")
}

func (m *maker) person(id policy.PersonID) string {
	if id == "" {
		return ""
	}
	return m.d.Name(id)
}

// tester is who passed it, or is to test it.
func (m *maker) tester() policy.PersonID {
	if passed := m.c.Attempt.Passed; passed != "" {
		return passed
	}
	return m.c.NamedTester()
}

func (m *maker) version() string {
	if v := m.c.Release.Version; v != "" {
		return v
	}
	return m.c.Attempt.Version
}

// production says since when the change is in production, by when that was
// reported, and how it went out again.
func (m *maker) production() string {
	r := m.c.Release
	switch {
	case !r.Ever:
		return ""
	case m.d.Undone():
		return m.sortable(r.Since) + ", taken out: " + r.UndoneAt
	default:
		return m.sortable(r.Since)
	}
}

// sortable is a time as registers sort it; empty for none.
func (m *maker) sortable(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if m.d.Location != nil {
		t = t.In(m.d.Location)
	}
	return t.Format("2006-01-02 15:04")
}

// marks are what the record says of the change for good.
func (m *maker) marks() []node {
	rows := each(m, m.c.Marks, func(mark policy.Mark) node {
		return el("tr", el("th", para(string(mark.Kind))), cell(m.words(mark.Text)...), cell(para(m.at(mark.At))))
	})
	if span := m.c.Release.Untested; span > 0 {
		rows = append(rows, el("tr", el("th", para("live untested")), cell(para("for "+mailtmpl.Lasting(span))), cell()))
	}
	if len(rows) == 0 {
		return nil
	}
	return []node{heading("Out of the ordinary"), pairs(rows)}
}

// little is the page of a restricted change.
func (m *maker) little() []node {
	row := func(name, value string) node {
		return el("tr", el("th", para(name)), cell(para(m.line(value))))
	}
	window := m.c.Window()
	if window == "" {
		window = "no time is set"
	}
	return append(m.banner(),
		para("This change is restricted: its title, window and state and whom to call are all that is told here. The record holds the rest."),
		macro("details", "id", ID).holding(pairs([]node{
			row("Change", m.d.Number()),
			el("tr", el("th", para("State")), cell(el("p", m.lozenge()))),
			row("Title", m.c.Title()),
			row("Window", window),
			row("Whom to call", mailtmpl.OwnerContact(m.d)),
		})),
	)
}
