package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// A step of the walk: who is asked, by a mail with which words in its subject,
// what they type above it, and where that leads.
type step struct {
	by      string
	subject string
	answer  string
	attach  string // the name of a file
	leads   policy.State
}

// theWalk is the life of a change after its proposal. The first answer is the
// README's; the others are what the mails ask for.
func theWalk(t *testing.T) []step {
	return []step{
		{by: "carol", subject: "Your decision", leads: policy.StateAuthorized, answer: readmeBlock(t, "APPROVE")},
		{by: "dora", subject: "Will you implement this", leads: policy.StateInProgress, answer: "TAKE\n"},
		{by: "dora", subject: "Yours to implement", leads: policy.StateImplemented, answer: `IMPLEMENTED
Version: pg17-2026.11.25
Done at: 25 November 2026, 16:10
Notes: standby rebuilt on 17, primary untouched
`},
		{by: "quinn", subject: "Yours to test", leads: policy.StateTested, attach: "billing-suite.txt", answer: `PASS
Version: pg17-2026.11.25
`},
		{by: "dora", subject: "put it into production", leads: policy.StateReleased, answer: `RELEASED
Released at: 28 November 2026, 22:10
`},
		{by: "carol", subject: "your check", leads: policy.StateChecked, answer: `CONFIRM
Checked: both nodes run 17.2, replication lag is 0
`},
		{by: "carol", subject: "Your documents", leads: policy.StateClosed, answer: `DOCUMENTED
Documents: Runbook billing-db / revision 14 / new version and rollback
`},
	}
}

// A newcomer who has read only the README sets the daemon up on a mailbox of a
// real Dovecot, and a change is proposed, approved and closed by people who know
// nothing but their mail client, neomutt.
func TestNewcomer(t *testing.T) {
	o := newOffice(t)
	o.followReadme()
	serve, walk := o.serve(), theWalk(t)

	const number = "CHG-2026-0001"
	o.person("lena").writes("changes@example.com", "PostgreSQL 17 for billing", readmeBlock(t, "Title:"))
	o.waitFor(number, policy.StateProposed)
	for _, s := range walk {
		o.person(s.by).answers(s)
		o.waitFor(number, s.leads)
	}

	var all []listed
	o.json(&all, "list", "--all", "--json")
	if len(all) != 1 || all[0].State != policy.StateClosed || len(all[0].WaitingFor) != 0 {
		t.Errorf("list says %+v", all)
	}
	var closed shown
	o.json(&closed, "show", number, "--json")
	checkDecisions(t, walk, closed)
	if got := o.run("rebuild", "--check"); got.code != exitOK {
		t.Errorf("rebuild --check left with %d: %s%s", got.code, got.out, got.errors)
	}
	if code := serve.stop(); code != exitOK {
		t.Errorf("serve left with %d", code)
	}
}

// checkDecisions holds what show says against the walk: each answer counted
// once, by who gave it, with the file.
func checkDecisions(t *testing.T, walk []step, c shown) {
	t.Helper()
	ids := map[string]policy.PersonID{"carol": "cto"}
	for _, s := range walk {
		person := policy.PersonID(s.by)
		if id, ok := ids[s.by]; ok {
			person = id
		}
		keyword, _, _ := strings.Cut(s.answer, "\n")
		i := slices.IndexFunc(c.Decisions, func(d decision) bool { return string(d.Answer) == keyword })
		if i < 0 {
			t.Errorf("%s is not among the decisions", keyword)
			continue
		}
		d := c.Decisions[i]
		if d.Person != person {
			t.Errorf("%s is by %s, not %s", keyword, d.Person, person)
		}
		if s.attach != "" && (len(d.Files) != 1 || d.Files[0].Name != s.attach) {
			t.Errorf("with %s came %+v, not %s", keyword, d.Files, s.attach)
		}
	}
	if len(c.Decisions) != len(walk) {
		t.Errorf("%d answers gave %d decisions", len(walk), len(c.Decisions))
	}
}

// readme is the whole of what the newcomer has read.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeBlock is the README's indented example that begins with the words.
func readmeBlock(t *testing.T, words string) string {
	t.Helper()
	begin := regexp.MustCompile(`(?m)^ {4,}` + words).FindString(readme(t))
	if begin == "" {
		t.Fatalf("the README has no example of %s", words)
	}
	indent := "\n" + strings.TrimSuffix(begin, words)
	_, rest, _ := strings.Cut(readme(t), begin)
	block, _, _ := strings.Cut(rest, "\n\n")
	return words + strings.ReplaceAll(block, indent, "\n") + "\n"
}

// readmeCode is the README's command or line that begins with the words.
func readmeCode(t *testing.T, words string) string {
	t.Helper()
	for i, code := range strings.Split(readme(t), "`") {
		if i%2 == 1 && strings.HasPrefix(code, words) {
			return code
		}
	}
	t.Fatalf("the README has no %q", words)
	return ""
}

func (o *office) json(into any, args ...string) {
	o.t.Helper()
	got := o.run(args...)
	if got.code != exitOK {
		o.t.Fatalf("%v left with %d: %s%s", args, got.code, got.out, got.errors)
	}
	if err := json.Unmarshal([]byte(got.out), into); err != nil {
		o.t.Fatalf("%v: %v\n%s", args, err, got.out)
	}
}
