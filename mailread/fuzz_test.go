package mailread

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/policy"
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
	for name := range hostile {
		f.Add(hostileMail(name, 2000))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		took, allocated := cost(func() { everything(raw) })
		checkCost(t, len(raw), took, allocated)
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

// FuzzHTML: whatever the source, what a person sees of it is clean lines, and
// reading them as quoted text again changes none.
func FuzzHTML(f *testing.F) {
	for _, seed := range []string{"a<br>b", "<p class=MsoNormal>a<o:p>&nbsp;</o:p>", "<table><tr><td>a<td>b", "<div class=gmail_quote>a</div>b", "<pre> a\n b", "<li>a<li>b", "<b hidden>a", "<blockquote type=cite>a"} {
		f.Add(seed)
	}
	for name := range hostile {
		f.Add(hostile[name] + hostile[name])
	}
	f.Fuzz(func(t *testing.T, source string) {
		lines, bad := htmlLines(source)
		for _, l := range lines {
			checkClean(t, l.text)
			if strings.Contains(l.text, "\n") {
				t.Fatalf("a line of two: %q", l.text)
			}
			if l.quoted && l.rule == "" {
				t.Fatalf("quoted by no rule: %q", l.text)
			}
		}
		if bad && slices.ContainsFunc(lines, func(l line) bool { return l.rule != "" }) {
			t.Fatal("it is not known what is quoted, and something is")
		}
	})
}

// FuzzFields: whatever was typed, each field has a label we know and a value that
// stands in the text, and no field is both given and said to be given twice.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{"Title: a\nRisk: low", "APPROVE\nRisk：medium, because\n\nRollback\tb", "*Risk:* low\n- Rollback: b\nRisk: high", "Category: network and cybersecurity / tools", "Risque\u00a0: faible", "Title\na\nRisk\nb\nSystems\nc", "From: Changes\nSent: Monday"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, p := ReadAnswer(typed), ReadProposal(typed)
		for _, form := range []policy.Form{a.Form, p.Form} {
			for l, value := range form {
				if !allLabels[l] || blank(value) {
					t.Fatalf("%q is %q", l, value)
				}
				checkClean(t, value)
			}
		}
		for _, problem := range append(a.Problems, p.Problems...) {
			if problem.Label == "" || problem.Text == "" || problem.Hint == "" {
				t.Fatalf("a problem that says nothing: %+v", problem)
			}
		}
		for _, problem := range p.Problems {
			if p.Form.Get(problem.Label) != "" {
				t.Fatalf("%s is given and not", problem.Label)
			}
		}
	})
}

// FuzzFrom: a From field names one address that stands in it, or nobody.
func FuzzFrom(f *testing.F) {
	for _, seed := range []string{"A <a@b.example>", "a@b <a@b>", "Byron, Ada <a@b>", `"x" <a@b>, c@d`, "=?utf-8?q?a?= <a@b>", "group: a@b;", "<a@b> (comment)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, problem := sender([]string{value})
		if (a.Address == "") == (problem == "") {
			t.Fatalf("%q names %q, problem %q", value, a.Address, problem)
		}
		checkClean(t, a.Name)
		checkClean(t, a.Address)
		if strings.Count(a.Address, "@") > 1 || strings.ContainsAny(a.Address, " \t\n<>\"") {
			t.Fatalf("%q is no address", a.Address)
		}
		for _, id := range ids(value) {
			if !strings.Contains(Clean(value), id) {
				t.Fatalf("the id %q does not stand in %q", id, value)
			}
		}
	})
}
