package mailread

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzRead: whatever the bytes, Read gives a message of clean strings or one of
// its named errors.
func FuzzRead(f *testing.F) {
	mails, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range mails {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(raw, DefaultLimits)
		if err != nil {
			for _, known := range []error{ErrTooLarge, ErrTooManyParts, ErrTooDeep, ErrHeaderSize, ErrNoHeader} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("an error without a name: %v", err)
		}
		Automatic(m)
		said, _ := ReadReport(m).About("cto@example.com")
		checkClean(t, said.Words)
		AwayUntil(m, time.Date(2026, 11, 23, 9, 14, 0, 0, time.UTC))
		m.Tokens()
		r := Typed(m, ballot)
		checkReading(t, r)
		for _, s := range []string{m.From.Name, m.From.Address, m.Subject, m.MessageID, m.Text, m.HTMLText, strings.Join(m.Recipients, ""), strings.Join(m.References, "")} {
			checkClean(t, s)
		}
		for _, a := range m.Attachments {
			checkClean(t, a.Name)
			checkClean(t, a.Type)
		}
		if (m.From == Address{}) == (m.FromProblem == "") {
			t.Fatalf("From %v with problem %q", m.From, m.FromProblem)
		}
	})
}

// FuzzTyped: whatever was typed, a vote is a keyword that stands first, and
// quoting the whole text once more leaves no vote.
func FuzzTyped(f *testing.F) {
	for _, seed := range []string{"APPROVE\nRisk: low", ballot, "On 1 a wrote:\n> x", "-- \nx", "Category: a and b", "REJECT: no\n\n" + ballot, "Title\na\nRisk\nb\nSystems\nc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := Typed(plainMail(Clean(text)), ballot)
		checkReading(t, r)
		if a := ReadAnswer(r.Text); a.Keyword != "" {
			first := strings.ToUpper(firstTyped(r.Text))
			if !strings.Contains(first, string(a.Keyword)) {
				t.Fatalf("%s is not on the first line of %q", a.Keyword, r.Text)
			}
		}
		var quoted strings.Builder
		for line := range strings.SplitSeq(Clean(text), "\n") {
			quoted.WriteString("> " + line + "\n")
		}
		if a := ReadAnswer(Typed(plainMail(quoted.String()), ballot).Text); a.Keyword != "" {
			t.Fatalf("quoted, it still votes %s", a.Keyword)
		}
	})
}

func firstTyped(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if !blank(line) {
			return line
		}
	}
	return ""
}

func checkReading(t *testing.T, r Reading) {
	checkClean(t, r.Text)
	for _, c := range r.Cuts {
		if c.Rule == "" {
			t.Fatalf("a cut without a rule: %q", c.Text)
		}
	}
	a := ReadAnswer(r.Text)
	p := ReadProposal(r.Text)
	LooksLikeProposal(r.Text)
	for _, s := range []string{a.Rest, a.Change, p.Rest} {
		checkClean(t, s)
	}
	for _, l := range a.Form.Labels() {
		checkClean(t, a.Form[l])
	}
}

func checkClean(t *testing.T, s string) {
	if !utf8.ValidString(s) || Clean(s) != s {
		t.Fatalf("not clean: %q", s)
	}
}
