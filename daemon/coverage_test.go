package daemon_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// coveragePage is written from what the plays reached.
const coveragePage = "../docs/policy-coverage.md"

// points are the points of POL-005, in its order.
var points = []struct{ id, says string }{
	{"1", "proposed by the IT Director, the CTO or the Development Team Leader"},
	{"2a", "the CTO authorizes software technology, development tools and architecture design"},
	{"2b", "the IT Director authorizes network infrastructure, cybersecurity and 3rd-party tools and services"},
	{"3a", "who authorizes assesses the justification and the security impacts"},
	{"3b", "who authorizes assesses the risk"},
	{"3c", "who authorizes mentions the rollback"},
	{"4", "implemented by a member of the IT Team or the Development Team"},
	{"5", "who authorized checks the implementation"},
	{"6", "tested by a member of the IT Team or Quality Assurance, before production"},
	{"7a", "reported to the IT Team"},
	{"7b", "reported to the Development Team and Quality Assurance"},
	{"7c", "major changes reported to G7"},
	{"8", "who authorized sees to the documents"},
	{"records", "change records are kept"},
}

// refusalCodes are all there are.
var refusalCodes = []policy.RefusalCode{
	policy.RefusedNotProposer, policy.RefusedWrongPerson, policy.RefusedDecided, policy.RefusedVoided,
	policy.RefusedOldRevision, policy.RefusedOldAttempt, policy.RefusedWrongVersion, policy.RefusedNotAnAnswer,
	policy.RefusedNotEligible, policy.RefusedFourEyes, policy.RefusedOwnWork, policy.RefusedNoTester,
	policy.RefusedTooLate, policy.RefusedTooEarly, policy.RefusedInProduction, policy.RefusedNothingChanged,
	policy.RefusedEnded, policy.RefusedUnknown, policy.RefusedProblems,
}

// A fact is something the policy or the program promises, in the words of the
// page.
type fact string

func answerFact(s policy.State, b policy.BallotKind, k policy.Keyword) fact {
	return fact(fmt.Sprintf("%s · %s · %s", s, b, cmp.Or(string(k), "(no keyword)")))
}
func actFact(k policy.Keyword) fact                { return fact("act · " + k) }
func noticeFact(k policy.NoticeKind) fact          { return fact("mail · " + k) }
func refusalFact(c policy.RefusalCode) fact        { return fact("refusal · " + c) }
func dispositionFact(d desk.Disposition) fact      { return fact("disposition · " + d) }
func pointFact(verb, point string) fact            { return fact(verb + " · " + point) }
func (f fact) words() string                       { _, w, _ := strings.Cut(string(f), " · "); return w }
func facts[T any](all []T, of func(T) fact) []fact { return mapped(all, of) }

func mapped[T, U any](all []T, of func(T) U) []U {
	var out []U
	for _, x := range all {
		out = append(out, of(x))
	}
	return out
}

// A seenPlay is what one play reached, the conversation it began with aside.
type seenPlay struct {
	name, story string
	facts       map[fact]bool
	before      map[policy.ChangeID]int // events of the conversation it began with
}

func newSeenPlay(s *script) *seenPlay {
	p := &seenPlay{name: s.name, story: s.story(), facts: map[fact]bool{}, before: map[policy.ChangeID]int{}}
	for _, verb := range []string{"keeps", "refuses"} {
		for _, point := range s.remarks(verb) {
			p.facts[pointFact(verb, point)] = true
		}
	}
	return p
}

func (p *seenPlay) saw(f fact) { p.facts[f] = true }

// collect reads from the record which answers and acts were counted.
func (c *conversation) collect() {
	changes, err := c.stage.Store.List(c.t.Context(), storage.Filter{})
	if err != nil {
		c.fatalf("%v", err)
	}
	for _, s := range changes {
		rows, err := c.stage.Store.Events(c.t.Context(), s.ID)
		if err != nil {
			c.fatalf("%v", err)
		}
		var change policy.Change
		for i, row := range rows {
			e, err := policy.DecodeEvent(row.Kind, row.Payload)
			if err != nil {
				c.fatalf("%v", err)
			}
			if i >= c.seen.before[s.ID] {
				c.seen.counted(change, e)
			}
			change = policy.Apply(change, e)
		}
	}
}

// counted takes note of an answer or act that the event counts.
func (p *seenPlay) counted(c policy.Change, e policy.Event) {
	switch e := e.(type) {
	case *policy.Cast:
		b, _ := c.Ballot(e.Ballot)
		p.saw(answerFact(rowOf(c.State, b.Kind), b.Kind, e.Answer.Keyword))
	case *policy.Acted:
		p.saw(actFact(e.Answer.Keyword))
		if slices.Contains([]policy.Keyword{policy.KeywordAsk, policy.KeywordAlso}, e.Answer.Keyword) {
			p.saw(answerFact(policy.StateProposed, policy.BallotAuthorization, e.Answer.Keyword)) // these leave the ballot open
		}
	}
}

// rowOf is the state with which the table names the ballot.
func rowOf(state policy.State, kind policy.BallotKind) policy.State {
	first := policy.State("")
	for _, row := range policy.Table {
		if row.Ballot == kind && row.State == state {
			return state
		}
		if row.Ballot == kind && first == "" {
			first = row.State
		}
	}
	return first
}

// coverage is what all plays reached together.
type coverage struct {
	mu    sync.Mutex
	plays []*seenPlay
}

func (c *coverage) add(p *seenPlay) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plays = append(c.plays, p)
}

// where lists the plays that reached the fact.
func (c *coverage) where(f fact) []*seenPlay {
	return slices.DeleteFunc(slices.Clone(c.plays), func(p *seenPlay) bool { return !p.facts[f] })
}

// promised lists everything the policy and the program promise.
func promised() (all []fact) {
	for _, row := range policy.Table {
		for _, rule := range row.Answers {
			all = append(all, answerFact(row.State, row.Ballot, rule.Keyword))
		}
	}
	all = append(all, facts(policy.Acts, func(r policy.Rule) fact { return actFact(r.Keyword) })...)
	all = append(all, facts(readKinds(), noticeFact)...)
	all = append(all, facts(refusalCodes, refusalFact)...)
	all = append(all, facts(desk.Dispositions, dispositionFact)...)
	for _, p := range points {
		all = append(all, pointFact("keeps", p.id), pointFact("refuses", p.id))
	}
	return all
}

// readKinds are the mails that somebody reads: all but the copies our own mailbox
// keeps.
func readKinds() []policy.NoticeKind {
	return slices.DeleteFunc(slices.Clone(policy.NoticeKinds), func(k policy.NoticeKind) bool { return k == policy.CopyAnswer })
}

// check says what no conversation reached, and holds the page against the rest.
func (c *coverage) check(t *testing.T) {
	slices.SortFunc(c.plays, func(a, b *seenPlay) int { return cmp.Compare(a.name, b.name) })
	for _, f := range promised() {
		if len(c.where(f)) == 0 {
			t.Errorf("no conversation reaches: %s", f)
		}
	}
	for _, p := range c.plays {
		if p.story == "" {
			t.Errorf("%s does not open with its story", p.name)
		}
	}
	page := c.page()
	if *update {
		if err := os.WriteFile(coveragePage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if stands, err := os.ReadFile(coveragePage); err != nil || string(stands) != page {
		t.Errorf("%s is not what the conversations reach (%v): run with -update and read the diff", coveragePage, err)
	}
}

const pageHead = `# What of POL-005 is played

Every conversation in ` + "`daemon/testdata/conversations`" + ` is mail in, mail out, played against the real
daemon and a real Postgres, once with an IMAP server in process and once with a Dovecot. This page is
written by ` + "`go test ./daemon -run Conversations -update`" + ` from what the plays reached: the answers from the
events they left in the record, the mails from the mailboxes they arrived in. The test fails where one is
missing.

**Records.** POL-005 says that change records are kept in Confluence. The record itself is
in Postgres, append-only and chained, and is rebuilt from its first event after every play; its published copy is a page in
Confluence for each change ([confluence.md](confluence.md)), of which more is played in ` + "`daemon/records`" + `.

`

// page is the coverage as people read it.
func (c *coverage) page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("## The points of POL-005\n\n| point | says | kept in | broken, and refused, in |\n|---|---|---|---|\n")
	for _, p := range points {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.id, p.says, c.list(pointFact("keeps", p.id)), c.list(pointFact("refuses", p.id)))
	}
	b.WriteString("\n## Every answer of every ballot\n\n| state | ballot | answer | counted in |\n|---|---|---|---|\n")
	for _, row := range policy.Table {
		for _, rule := range row.Answers {
			f := answerFact(row.State, row.Ballot, rule.Keyword)
			fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(string(f), " · ", " | "), c.list(f))
		}
	}
	c.section(&b, "What is said unasked", "act", facts(policy.Acts, func(r policy.Rule) fact { return actFact(r.Keyword) }))
	c.section(&b, "Every refusal", "refusal", facts(refusalCodes, refusalFact))
	c.section(&b, "Every disposition of a mail", "disposition", facts(desk.Dispositions, dispositionFact))
	c.section(&b, "Every mail", "mail", facts(readKinds(), noticeFact))
	b.WriteString("\n## The conversations\n\n")
	for _, p := range c.plays {
		fmt.Fprintf(&b, "- **%s** %s\n", p.name, p.story)
	}
	return b.String()
}

func (c *coverage) section(b *strings.Builder, title, column string, all []fact) {
	fmt.Fprintf(b, "\n## %s\n\n| %s | in |\n|---|---|\n", title, column)
	for _, f := range all {
		fmt.Fprintf(b, "| %s | %s |\n", f.words(), c.list(f))
	}
}

// mostNames is how many conversations a line names.
const mostNames = 4

func (c *coverage) list(f fact) string {
	names := mapped(c.where(f), func(p *seenPlay) string { return p.name })
	if more := len(names) - mostNames; more > 0 {
		names = append(names[:mostNames], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
