package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// The page that says what a mail of each kind can do.
const proofPage = "../docs/proof.md"

// verdicts are what a provider may find out, in the words of the page.
var verdicts = []struct {
	verdict stage.Verdict
	says    string
}{
	{stage.Passes, "vouched for"}, {stage.Inside, "from inside"}, {stage.Unclear, "nobody vouches"}, {stage.Fails, "refuted"}, {stage.Colleague, "a colleague's"},
}

// An attempt is a mail of some kind that does, or would do, something.
type attempt struct {
	who, what string
	letter    func(m *matrix) stage.Letter
}

var attempts = []attempt{
	{"a proposer", "proposes", func(m *matrix) stage.Letter { return m.proposal() }},
	{"the person asked", "answers by a reply", func(m *matrix) stage.Letter { return m.vote("cto").Reply(m.ballot) }},
	{"the person asked", "answers by a reply that quotes nothing", func(m *matrix) stage.Letter {
		l := m.vote("cto").Answer(m.ballot)
		l.To = stage.Mailbox
		return l
	}},
	{"the person asked", "answers in a new mail that names the change", func(m *matrix) stage.Letter {
		l := m.vote("cto")
		l.Subject = "CHG-2026-0001"
		return l
	}},
	{"the person asked", "writes a comment", func(m *matrix) stage.Letter {
		return stage.Letter{From: address("lead"), Body: "The freeze begins on the 15th.\n"}.Reply(m.receipt)
	}},
	{"the person asked", "asks for the status", func(m *matrix) stage.Letter {
		return stage.Letter{From: address("cto"), Body: "STATUS CHG-2026-0001\n"}
	}},
	{"the person asked", "names a deputy", func(m *matrix) stage.Letter {
		return stage.Letter{From: address("cto"), Body: "DEPUTY Ivan Roy UNTIL 13 March\n"}
	}},
	{"a colleague", "answers with the paper of the person asked", func(m *matrix) stage.Letter { return m.vote("it1").Reply(m.ballot) }},
	{"an assistant (Sender)", "answers for the person asked", func(m *matrix) stage.Letter {
		l := m.vote("cto").Reply(m.ballot)
		l.Headers = append(l.Headers, "Sender: assistant@example.com")
		return l
	}},
	{"a stranger", "answers with the paper of the person asked", func(m *matrix) stage.Letter { return m.vote("mallory@evil.example").Reply(m.ballot) }},
	{"a stranger", "proposes", func(m *matrix) stage.Letter {
		l := m.proposal()
		l.From = "mallory@evil.example"
		return l
	}},
	{"a machine of the person asked", "answers", func(m *matrix) stage.Letter {
		l := m.vote("cto").Reply(m.ballot)
		l.Headers = append(l.Headers, "Auto-Submitted: auto-replied")
		return l
	}},
	{"our own mailbox", "answers", func(m *matrix) stage.Letter { return m.vote(stage.Mailbox).Reply(m.ballot) }},
}

// A matrix is a company in which a change waits for the CTO.
type matrix struct {
	t               *testing.T
	stage           *stage.Stage
	texts           map[string]string
	ballot, receipt stage.Received
}

func newMatrix(t *testing.T, proof string) *matrix {
	o := stage.Options{Start: start, Proof: proof}
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	m := &matrix{t: t, texts: readScript(t, "01-closed").files}
	var err error
	if m.stage, err = stage.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.stage.Close(); err != nil {
			t.Error(err)
		}
	})
	raw, err := stage.Stamped(proof, stage.Passes, m.stage.Compose(m.proposal()))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.stage.Deliver(raw); err != nil {
		t.Fatal(err)
	}
	if _, err := m.stage.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.ballot, m.receipt = m.latest("cto", policy.AskAuthorization), m.latest("lead", policy.ReceiptProposed)
	return m
}

func (m *matrix) latest(who string, kind policy.NoticeKind) stage.Received {
	r, ok := m.stage.Latest(address(who), kind)
	if !ok {
		m.t.Fatalf("%s got no %s", who, kind)
	}
	return r
}

func (m *matrix) proposal() stage.Letter {
	return stage.Letter{From: address("lead"), Subject: "Another one", Body: m.texts["proposal"]}
}

func (m *matrix) vote(who string) stage.Letter {
	return stage.Letter{From: address(who), Body: m.texts["approve"]}
}

// cell says what becomes of the mail, and who else hears of it.
func (m *matrix) cell(proof string, v stage.Verdict, a attempt) string {
	raw, err := stage.Stamped(proof, v, m.stage.Compose(a.letter(m)))
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := m.stage.Desk.Explain(m.t.Context(), desk.Incoming{Raw: raw, Size: int64(len(raw)), Received: start.Add(time.Hour)})
	if err != nil {
		m.t.Fatal(err)
	}
	said := map[desk.Disposition]string{
		desk.Accepted: "counted", desk.Counted: "counted", desk.NotedDown: "counted", desk.Held: "held",
		desk.Automatic: "silent", desk.Own: "silent", desk.Unverified: "refused", desk.UnknownSender: "refused", desk.Answered: "answered",
	}[out.Disposition]
	switch {
	case said == "answered" && out.Refusal != nil:
		said = "refused"
	case said == "refused" && len(out.Notices) == 0:
		said = "silent"
	case said == "":
		m.t.Fatalf("%s %s: nobody decided what %q is here", a.who, a.what, out.Disposition)
	}
	if said == "counted" && len(out.Events) == 0 && out.Appointed == nil {
		m.t.Errorf("%s %s: it is counted, and nothing is recorded", a.who, a.what)
	}
	if told(out.Notices, policy.OwnerSpoofed, policy.OwnerMisused) && told(out.Notices, policy.OperatorSpoofed, policy.OperatorMisused) {
		said += ", told"
	}
	return said
}

func told(notices []policy.Notice, kinds ...policy.NoticeKind) bool {
	return slices.ContainsFunc(notices, func(n policy.Notice) bool { return slices.Contains(kinds, n.Kind) })
}

// TestProofMatrix writes mail of every kind, as every provider would pass it on,
// and holds what becomes of it against docs/proof.md. Whatever the page says, no
// cell may let a stranger, a machine or a refuted mail count, nor, where proof is
// asked for, one for which nobody vouches.
func TestProofMatrix(t *testing.T) {
	var page strings.Builder
	for _, proof := range []string{"own-mta", "m365", "m365-internal", "gmail", "dkim", "token-only"} {
		m := newMatrix(t, proof)
		fmt.Fprintf(&page, "### %s\n\n| who | does | %s |\n|---|---|%s\n", title(proof), strings.Join(columns(), " | "), strings.Repeat("---|", len(verdicts)))
		for _, a := range attempts {
			fmt.Fprintf(&page, "| %s | %s |", a.who, a.what)
			for _, v := range verdicts {
				cell := "–"
				if possible(proof, v.verdict, a) {
					cell = m.cell(proof, v.verdict, a)
					m.promise(proof, v.verdict, a, cell)
				}
				fmt.Fprintf(&page, " %s |", cell)
			}
			page.WriteString("\n")
		}
		page.WriteString("\n")
	}
	compare(t, proofPage, page.String())
}

// possible says whether the mail can come to be: nobody outside writes from
// inside, and only a server of one's own lets people write others' addresses.
func possible(proof string, v stage.Verdict, a attempt) bool {
	inside := v == stage.Inside || v == stage.Colleague
	stranger := a.who == "a stranger"
	own := proof == "own-mta" || proof == "token-only"
	return !inside || !stranger && (v == stage.Inside || own)
}

func (m *matrix) promise(proof string, v stage.Verdict, a attempt, cell string) {
	asked := proof != "token-only" || a.what == "names a deputy"
	counted := strings.HasPrefix(cell, "counted")
	never := a.who != "a proposer" && a.who != "the person asked" || a.what == "answers in a new mail that names the change"
	switch {
	case counted && never:
		m.t.Errorf("%s: %s %s, and it is counted", proof, a.who, a.what)
	case counted && asked && (v != stage.Passes && v != stage.Inside || proof == "token-only"):
		m.t.Errorf("%s: %s %s, it is %s, and it is counted", proof, a.who, a.what, v)
	case !counted && proof != "token-only" && v == stage.Passes && !never && a.what != "asks for the status":
		m.t.Errorf("%s: %s %s, proven, and it is %s", proof, a.who, a.what, cell)
	}
}

func columns() []string {
	var names []string
	for _, v := range verdicts {
		names = append(names, v.says)
	}
	return names
}

func title(proof string) string {
	if proof == "m365-internal" {
		return "`m365` with `internal_mail`"
	}
	return "`" + proof + "`"
}

// compare holds a made part of a page, the one between its marks, against what it
// should be; -update writes it.
func compare(t *testing.T, file, want string) {
	t.Helper()
	const from, to = "<!-- made by TestProofMatrix -->\n\n", "<!-- end -->"
	page, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), from)
	is, after, ended := strings.Cut(rest, to)
	switch {
	case !found || !ended:
		t.Fatalf("%s has no place for the tables", file)
	case *update:
		if err := os.WriteFile(file, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case is != want:
		t.Errorf("%s is not what becomes of mail; go test ./daemon -run TestProofMatrix -update writes it:\n%s", file, want)
	}
}
