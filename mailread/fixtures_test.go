package mailread

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the .want files; then read the diff")

// TestFixtures reads every mail in testdata and compares what was understood
// with the .want beside it. A .own file holds the text of a mail we sent, to
// subtract; a .readme says what the mail is.
func TestFixtures(t *testing.T) {
	var mails []string
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".eml" && !strings.Contains(path, "fuzz") && filepath.Base(filepath.Dir(path)) != "clients" {
			mails = append(mails, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) < 250 {
		t.Fatalf("found %d fixtures, want at least 250", len(mails))
	}
	for _, path := range mails {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".eml"), func(t *testing.T) { compare(t, path) })
	}
}

func compare(t *testing.T, path string) {
	base := strings.TrimSuffix(path, ".eml")
	if _, err := os.Stat(base + ".readme"); err != nil {
		t.Errorf("nothing says what this mail is: %v", err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := describe(raw, ownOf(t, base))
	if *update {
		if err := os.WriteFile(base+".want", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(base + ".want")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("read differently.\n--- got\n%s\n--- want\n%s", got, want)
	}
}

func ownOf(t *testing.T, base string) []string {
	own, err := os.ReadFile(base + ".own")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{string(own)}
}

// describe writes down all that was understood of a mail.
func describe(raw []byte, own []string) string {
	m, err := Read(raw, DefaultLimits)
	if err != nil {
		return fmt.Sprintf("unreadable: %v\n", err)
	}
	var b strings.Builder
	say := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, text)
		}
	}
	say("automatic", "%s", Automatic(m))
	say("from", "%s", strings.TrimPrefix(fmt.Sprintf("%s <%s>", m.From.Name, m.From.Address), " <>"))
	say("from problem", "%s", m.FromProblem)
	say("to", "%s", strings.Join(m.Recipients, " "))
	say("subject", "%s", m.Subject)
	say("in reply to", "%s", strings.Join(m.InReplyTo, " "))
	say("tokens", "%s", strings.Join(m.Tokens(), " "))
	for _, a := range m.Attachments {
		say("attachment", "%s, %s, %d bytes, %.8s", a.Name, a.Type, len(a.Bytes), a.SHA256)
	}
	describeAutomatic(say, m)
	describeTyped(&b, say, Typed(m, own...))
	return b.String()
}

func describeTyped(b *strings.Builder, say func(string, string, ...any), r Reading) {
	if r.Disagree {
		say("the parts", "disagree")
	}
	say("unsure", "%s", r.Unsure)
	for _, c := range r.Cuts {
		lines := strings.Split(c.Text, "\n")
		say("cut", "%s, %d lines: %s", c.Rule, len(lines), excerpt(lines[0]))
	}
	fmt.Fprintf(b, "--- typed\n%s\n", r.Text)
	if LooksLikeProposal(r.Text) {
		p := ReadProposal(r.Text)
		fmt.Fprintf(b, "--- proposal\n")
		if p.Sets != 1 {
			say("sets", "%d", p.Sets)
		}
		for _, l := range p.Form.Labels() {
			say("field", "%s = %q", l, p.Form[l])
		}
		for _, problem := range p.Problems {
			say("problem", "%s", problem.Text)
		}
		say("rest", "%s", p.Rest)
		return
	}
	a := ReadAnswer(r.Text)
	fmt.Fprintf(b, "--- answer\n")
	say("keyword", "%s", a.Keyword)
	say("change", "%s", a.Change)
	say("unclear", "%s", a.Unclear)
	for _, l := range a.Form.Labels() {
		say("field", "%s = %q", l, a.Form[l])
	}
	for _, problem := range a.Problems {
		say("problem", "%s", problem.Text)
	}
	say("others", "%s", strings.Join(a.Others, " "))
	say("rest", "%s", a.Rest)
}
