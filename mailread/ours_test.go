package mailread

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/paper"
)

// ourMails are the mails mailtmpl renders, one file for each part.
func ourMails(t *testing.T, ext string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../mailtmpl/testdata/*" + ext)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no mails of ours to read: %v", err)
	}
	mails := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, body, found := strings.Cut(string(b), "\n\n")
		if ext == ".html" || !found {
			body = string(b)
		}
		mails[filepath.Base(path)] = strings.ReplaceAll(body, "{token}", "abcdefghijklmnopqrstuvwxyz")
	}
	return mails
}

// Even with its separator gone and nothing marked, a mail of ours read as if a
// person had typed it holds no vote, no field and no proposal (design 4).
func TestOurMailsAnswerNothing(t *testing.T) {
	for _, ext := range []string{".txt", ".html"} {
		for name, text := range ourMails(t, ext) {
			if ext == ".html" {
				lines, bad := htmlLines(text)
				if bad {
					t.Errorf("%s: cannot be parsed", name)
				}
				text = marked(lines)
			}
			text = strings.ReplaceAll(text, paper.Separator, "")
			a := ReadAnswer(text)
			if a.Keyword != "" || len(a.Form) > 0 || len(a.Problems) > 0 {
				t.Errorf("%s: read as %q with %v", name, a.Keyword, a.Form)
			}
			if LooksLikeProposal(text) {
				t.Errorf("%s: looks like a proposal", name)
			}
			for line := range strings.SplitSeq(text, "\n") {
				if k, _, ok := keywordLine(line); ok {
					t.Errorf("%s: %s stands alone on a line", name, k)
				}
			}
		}
	}
}

// However a client quotes them, what was typed above is all that is read.
func TestOurMailsQuoted(t *testing.T) {
	const typed = "REJECT\nReason: the window collides with payroll"
	header := "From: Changes <changes@example.com>\nSent: Monday, 23 November 2026 09:14\nTo: Ada\nSubject: x\n\n"
	shapes := map[string]func(body string) string{
		"marked": func(b string) string {
			return "On Mon, Nov 23, 2026 at 9:14 AM Changes <c@x> wrote:\n\n" + wrap(b, "> ", 72)
		},
		"header":       func(b string) string { return header + b },
		"nothing":      func(b string) string { return b },
		"no separator": func(b string) string { return strings.ReplaceAll(b, paper.Separator, "") },
	}
	for name, body := range ourMails(t, ".txt") {
		if !strings.Contains(body, paper.Separator) {
			continue
		}
		for shape, quote := range shapes {
			if got := Typed(plainMail(typed+"\n\n"+quote(body)), body).Text; got != typed {
				t.Errorf("%s, %s: typed %q", name, shape, got)
			}
		}
	}
}

// The same for the HTML parts.
func TestOurMailsQuotedAsHTML(t *testing.T) {
	const typed = "<div>REJECT</div><div>Reason: the window collides with payroll</div>"
	const want = "REJECT\nReason: the window collides with payroll"
	shapes := map[string]string{
		"gmail":    typed + `<div class="gmail_quote"><div class="gmail_attr">On Monday X wrote:<br></div><blockquote class="gmail_quote">%s</blockquote></div>`,
		"owa":      typed + `<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> X</div>%s`,
		"word":     typed + `<div style='border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>From:</b> X<br><b>Sent:</b> Y<br><b>Subject:</b> Z</p></div>%s`,
		"apple":    typed + `<div><br><blockquote type="cite"><div>On 23 Nov 2026, at 09:14, X &lt;x@y.example&gt; wrote:</div>%s</blockquote></div>`,
		"unmarked": typed + `%s`,
	}
	for name, body := range ourMails(t, ".html") {
		lines, _ := htmlLines(body)
		own := marked(lines)
		if !strings.Contains(own, paper.Separator) {
			continue
		}
		for shape, format := range shapes {
			raw := "From: a@example.com\nContent-Type: text/html\n\n" + fmt.Sprintf(format, body)
			if got := Typed(read(t, raw), own).Text; got != want {
				t.Errorf("%s, %s: typed %q", name, shape, got)
			}
		}
	}
}
