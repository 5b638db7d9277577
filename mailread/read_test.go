package mailread

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, raw string) *Message {
	t.Helper()
	m, err := Read([]byte(raw), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHeaderOfAMail(t *testing.T) {
	m := read(t, `From: "Byron, Ada" <CTO@Example.com>
Sender: Office <office@example.com>
To: Changes <changes+x@example.com>, other@example.com
Cc: OTHER@example.com
Delivered-To: changes@example.com
Date: Mon, 23 Nov 2026 09:14:00 -0500 (EST)
Message-ID: <m1@example.com>
In-Reply-To: Your message of "Mon" <a@x> (of Monday)
References: <0@x>
	<a@x>
Subject: =?utf-8?q?D=C3=A9ci?= =?utf-8?q?sion?=
 folded

APPROVE
`)
	if m.From != (Address{"Byron, Ada", "cto@example.com"}) || m.Sender.Address != "office@example.com" {
		t.Errorf("From %v, Sender %v", m.From, m.Sender)
	}
	if want := []string{"changes+x@example.com", "other@example.com", "changes@example.com"}; !slices.Equal(m.Recipients, want) {
		t.Errorf("Recipients %v", m.Recipients)
	}
	if m.Subject != "Décision folded" || m.MessageID != "m1@example.com" {
		t.Errorf("Subject %q, Message-ID %q", m.Subject, m.MessageID)
	}
	if !slices.Equal(m.InReplyTo, []string{"a@x"}) || !slices.Equal(m.References, []string{"0@x", "a@x"}) {
		t.Errorf("In-Reply-To %v, References %v", m.InReplyTo, m.References)
	}
	if want := time.Date(2026, 11, 23, 14, 14, 0, 0, time.UTC); !m.Date.Equal(want) {
		t.Errorf("Date %v", m.Date)
	}
	if m.Text != "APPROVE\n" || m.HTMLText != "" {
		t.Errorf("Text %q, HTMLText %q", m.Text, m.HTMLText)
	}
}

func TestFrom(t *testing.T) {
	for value, want := range map[string]string{
		"a@b.example":                            "a@b.example",
		"A <A@B.example>":                        "a@b.example",
		"a@b.example <a@b.example>":              "a@b.example",
		"Ada [CTO] <a@b.example>":                "a@b.example",
		`"Byron, Ada" <a@b.example>`:             "a@b.example",
		"=?utf-8?q?Ad=C3=A9?= <a@b.example>":     "a@b.example",
		"a@b.example, c@d.example":               TwoFrom,
		"a@b.example, a@b.example":               TwoFrom,
		"Byron, Ada <a@b.example>":               UnreadableFrom,
		"<a@b.example> <c@d.example>":            UnreadableFrom,
		"a@b.example <c@d.example>, e@f.example": UnreadableFrom,
		"nobody":                                 UnreadableFrom,
		"":                                       NoFrom,
		"<>":                                     UnreadableFrom,
		"team: a@b.example, c@d.example;":        TwoFrom,
		`"a@b.example" <c@d.example>`:            "c@d.example",
		"team:;":                                 UnreadableFrom,
		`"x"@b.example`:                          "x@b.example",
		`"x y"@b.example`:                        UnreadableFrom,
	} {
		got, problem := sender([]string{value})
		if got.Address+problem != want {
			t.Errorf("%q: %q %q, want %q", value, got.Address, problem, want)
		}
	}
	if _, problem := sender([]string{"a@b", "a@b"}); problem != TwoFromFields {
		t.Errorf("two fields: %q", problem)
	}
}

func TestLimits(t *testing.T) {
	small := Limits{Size: 300, Parts: 3, Depth: 2, Header: 100}
	parts := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 3)
	for _, c := range []struct {
		name, raw string
		want      error
	}{
		{"at the limits", parts, nil},
		{"size", strings.Repeat("a: b\n", 61), ErrTooLarge},
		{"header", strings.Repeat("a: b\n", 30), ErrHeaderSize},
		{"part header", parts + "--b\n" + strings.Repeat("a: b\n", 30), ErrTooManyParts},
		{"header of a part", "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + strings.Repeat("a: b\n", 30), ErrHeaderSize},
		{"parts", parts + "--b\n\nx\n", ErrTooManyParts},
		{"depth", "Content-Type: multipart/a; boundary=a\n\n--a\nContent-Type: multipart/a; boundary=b\n\n--b\nContent-Type: multipart/a; boundary=c\n\n", ErrTooDeep},
	} {
		if _, err := Read([]byte(c.raw), small); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestUnflow(t *testing.T) {
	for text, want := range map[string]string{
		"a \nb\nc":      "a b\nc",
		" a\n  b":       "a\n b",
		"> a \n> b\nc":  "> a b\nc",
		"> a \n>> b":    "> a \n>> b",
		"a\n-- \nname":  "a\n-- \nname",
		"a \n-- \nname": "a \n-- \nname",
		"":              "",
	} {
		if got := unflow(text, false); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := unflow("zusam \nmen", true); got != "zusammen" {
		t.Errorf("DelSp: %q", got)
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"a\x00b\x07c\x7f": "abc", "a\r\nb\rc": "a\nb\nc", "\ufeffa\u200bb": "ab", "a\u00a0b\u3000c": "a b c",
		"\u202ea\u2066b": "ab", "a\xffb": "ab", "👩\u200d💻": "👩\u200d💻", "a\u2028b": "a\nb",
	} {
		if got := Clean(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// A line of blanks ends a header, as people see it.
func TestBlanksEndTheHeader(t *testing.T) {
	if m := read(t, "From: a@example.com\n \t\nAPPROVE\n"); m.Text != "APPROVE\n" {
		t.Errorf("Text %q", m.Text)
	}
}

// People write subjects that begin like an automatic reply's.
func TestSubjectOfAPersonIsNotAVacation(t *testing.T) {
	for subject, want := range map[string]string{
		"Automatic reply: Your decision": Vacation, "Out of Office": Vacation, "Out of office AutoReply: x": Vacation,
		"Abwesenheitsnotiz: x": Vacation, "OOO": Vacation, "Re: Automatic reply: x": "",
		"Automatic response to incidents in the SOC": "", "Out of office printers are replaced": "", "Absence management upgrade": "",
		"Oooh: it works": "",
	} {
		m := read(t, "From: a@example.com\nSubject: "+subject+"\n\nx\n")
		if got := Automatic(m); got != want {
			t.Errorf("%q: %q, want %q", subject, got, want)
		}
	}
}

func TestHTML(t *testing.T) {
	for source, want := range map[string]string{
		"a<br>b":           "a\nb",
		"<p>a</p><p>b</p>": "a\n\nb",
		"<p class=MsoNormal>a</p><p class=MsoNormal>b</p>":                                         "a\nb",
		"<div><div>a</div></div><div>b</div>":                                                      "a\nb",
		"<div>a</div><div><br></div><div>b</div>":                                                  "a\n\nb",
		"a <b>b</b>c\n d":                                                                          "a bc d",
		"<ul><li>a</li><li><p>b</p></li><li></li></ul>":                                            "- a\n\n- b",
		"<pre>a\n  b</pre>":                                                                        "a\n  b",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>d":                "a\tb\nc\nd",
		"<table><tr><td><p>a</p></td><td><p>b</p><p>c</p></td></tr></table>":                       "a\tb\nc",
		"<p class=MsoNormal>a</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>b</p>": "a\n\nb",
		"<b>a</b>&nbsp;<b>b</b>":                                                                   "a b",
		"a&nbsp;b":                                                                                 "a b",
		"<a href=x>link</a>":                                                                       "link",
		"<style>x</style><!-- y -->a":                                                              "a",
		"a<div class=gmail_quote>b<br>c</div>d":                                                    "a\n> b\n> c\nd",
		"<span style='FONT-SIZE: 0px'>x</span>a<span style='font-size:0.9em'>b</span>":             "ab",
		"<span hidden>x</span>a":                                                                   "a",
		"<div style='mso-hide:all'>x</div>a":                                                       "a",
		"<blockquote style='margin:0 0 0 40px;border:none'>indented</blockquote>":                  "indented",
	} {
		lines, _ := htmlLines(source)
		if got := strings.TrimSpace(marked(lines)); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
