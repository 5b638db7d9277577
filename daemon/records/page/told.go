package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// What was said and done on the way, and who was told.

// path is every step: who, when, how that is proven, and where it led.
func (m *maker) path() []node {
	var steps []mailtmpl.Saying
	for _, s := range m.history {
		if s.Said != "wrote" { // comments stand by themselves
			steps = append(steps, s)
		}
	}
	rows := each(m, steps, func(s mailtmpl.Saying) node {
		return el("tr", cell(para(m.at(s.When))), cell(para(s.By)), cell(m.step(s)...), cell(para(m.line(s.Proof))), cell(para(string(s.Then))))
	})
	all := table([]string{"When", "Who", "What", "How proven", "The change then"}, rows)
	if m.erased > 0 {
		all = append(all, para(fmt.Sprintf("Entries of the record that cannot be shown, since they were erased or are unreadable: %d.", m.erased)))
	}
	if len(all) == 0 {
		return nil
	}
	return append([]node{heading("Step by step")}, all...)
}

// step is what was said. What has a place of its own on the page is not shown
// twice.
func (m *maker) step(s mailtmpl.Saying) []node {
	says := s.Said
	if s.About != "" {
		says += ", asked " + s.About
	}
	all := []node{para(m.line(says))}
	if b, ok := m.c.Ballot(s.Ballot); ok && (isVerdict(b) || elsewhere[b.Kind]) {
		return all
	}
	for _, f := range s.Fields {
		if s.Said != string(policy.KeywordImplemented) { // which is told of each attempt
			all = append(all, labeled(f.Label, m.words(f.Text))...)
		}
	}
	return append(all, m.attached(s.Files)...)
}

// elsewhere are the ballots whose answers have a table of their own.
var elsewhere = map[policy.BallotKind]bool{policy.BallotTest: true, policy.BallotCheck: true, policy.BallotDocuments: true}

// work is every implementation, and its tests (4), (6).
func (m *maker) work() []node {
	var attempts []policy.Attempt
	for _, e := range m.events {
		if a, is := e.(*policy.Attempted); is {
			attempts = append(attempts, a.Attempt)
		}
	}
	made := table([]string{"Attempt", "Version", "Implemented by", "Done", "What was done", "Left undone"}, each(m, attempts, func(a policy.Attempt) node {
		return el("tr", cell(para(fmt.Sprint(a.N))), cell(m.words(a.Version)...), cell(para(m.d.Name(a.By)+", reported "+m.at(a.At))),
			cell(m.words(a.DoneAt)...), cell(m.words(a.Notes)...), cell(m.words(a.LeftUndone)...))
	}))
	return append(titled(m.point("Implementation", "4"), made), titled(m.point("Tests", "6"), m.answers(policy.BallotTest))...)
}

// checks are the authorizers' looks at the result (5).
func (m *maker) checks() []node {
	return titled(m.point("Checks", "5"), m.answers(policy.BallotCheck))
}

// documents are those that were reported as updated (8), some of them with a
// check already.
func (m *maker) documents() []node {
	return titled(m.point("Documents", "8"), m.answered([]string{"Who", "When, how proven", "Document / version or link / what changed"},
		func(b policy.Ballot) bool {
			return slices.Contains(policy.Duties, b.Kind) && b.Answer.Fields.Get(policy.LabelDocuments) != ""
		},
		func(b policy.Ballot) []node { return m.words(b.Answer.Fields.Get(policy.LabelDocuments)) }))
}

// answers is a table of all answers to ballots of a kind.
func (m *maker) answers(kind policy.BallotKind) []node {
	return m.answered([]string{"Who", "When, how proven", "Answer"}, func(b policy.Ballot) bool { return b.Kind == kind }, func(b policy.Ballot) []node {
		said := string(b.Answer.Keyword)
		if kind == policy.BallotTest {
			said += fmt.Sprintf(", attempt %d", b.Attempt)
		}
		all := []node{para(said)}
		for _, l := range b.Answer.Fields.Labels() {
			all = append(all, labeled(string(l), m.words(b.Answer.Fields.Get(l)))...)
		}
		return append(all, m.attached(b.Answer.Files)...)
	})
}

// answered is a table of the answers to some ballots: who gave them, when, and
// what is shown of each.
func (m *maker) answered(columns []string, which func(policy.Ballot) bool, shown func(policy.Ballot) []node) []node {
	var cast []policy.Ballot
	for _, b := range m.c.Ballots {
		if b.Status == policy.BallotCast && b.Answer != nil && which(b) {
			cast = append(cast, b)
		}
	}
	return table(columns, each(m, cast, func(b policy.Ballot) node {
		who := m.d.Name(b.Answer.By)
		if b.For != "" {
			who += " for " + m.d.Name(b.For)
		}
		return el("tr", cell(para(who)), cell(para(m.at(b.Answer.At)+"; "+m.line(mailtmpl.Proof(b.Answer.Proof)))), cell(shown(b)...))
	}))
}

// distribution is to whom the implementation was reported (7), and what became
// of each report: those that fared alike stand together.
func (m *maker) distribution() []node {
	type row struct {
		mail, fate string
		to         []string
	}
	var rows []row
	for _, o := range m.Out {
		if !slices.Contains(policy.Distribution, o.Notice) {
			continue
		}
		mail, fate := mailtmpl.NoticeName(o.Notice), m.fate(o)
		i := slices.IndexFunc(rows, func(r row) bool { return r.mail == mail && r.fate == fate })
		if i < 0 {
			i, rows = len(rows), append(rows, row{mail: mail, fate: fate})
		}
		rows[i].to = append(rows[i].to, m.recipient(o))
	}
	return titled(m.point("Who was told", "7"), table([]string{"Mail", "What became of it", "Who"}, each(m, rows, func(r row) node {
		return el("tr", cell(para(r.mail)), cell(para(m.line(r.fate))), cell(para(m.fit(strings.Join(r.to, ", ")))))
	})))
}

func (m *maker) recipient(o storage.WentOut) string {
	if o.Person != "" {
		return m.d.Name(o.Person)
	}
	return oneLine(o.Recipient, mostInLine)
}

// fate says what became of a report. What is waiting is told without a time, so
// that trying again changes nothing on the page.
func (m *maker) fate(o storage.WentOut) string {
	at := o.At
	if o.Ended != nil {
		at = *o.Ended
	}
	excuse, excused := m.c.Excuse(cmp.Or(string(o.Person), o.Recipient))
	switch {
	case o.State == "sent":
		return "sent " + m.at(at)
	case excused:
		return "excused by the operator, " + m.at(excuse.At) + ": " + excuse.Reason
	case o.State == "failed":
		return mailtmpl.Fate(o.State) + " since " + m.at(at) + ": " + o.LastError
	case o.State == "deferred":
		return mailtmpl.Fate("pending")
	default:
		return mailtmpl.Fate(o.State)
	}
}

// comments are what people wrote without deciding anything.
func (m *maker) comments() []node {
	return titled("Comments by mail", table([]string{"When", "Who", "Comment"}, each(m, m.c.Comments, func(c policy.Comment) node {
		return el("tr", cell(para(m.at(c.At))), cell(para(m.d.Name(c.By))), cell(m.words(c.Text)...))
	})))
}

// point names a section, and the point of the policy it answers to.
func (m *maker) point(title, point string) string {
	return title + " (" + strings.TrimPrefix(m.d.Org.PolicyID+", "+point, ", ") + ")"
}

// titled puts a heading over what there is to show, if there is any.
func titled(title string, body []node) []node {
	if len(body) == 0 {
		return nil
	}
	return append([]node{heading(title)}, body...)
}
