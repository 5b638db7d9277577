package mailread

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A line is one line of a body. Rule names what cut it away, "" while it is
// still taken for typed; quoted lines belong to a quotation.
type line struct {
	text   string
	rule   string
	quoted bool
}

// htmlLines is what a person sees of an HTML body, line by line; lines in a
// client's quote container are cut by its rule. bad says that the HTML could
// not be parsed, and its text was taken without knowing what is quoted or
// hidden.
func htmlLines(source string) (lines []line, bad bool) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return tokenLines(source), true
	}
	var w walker
	w.children(root, state{})
	w.flush()
	return w.lines, false
}

// marked writes lines as text, quotations marked as in plain text.
func marked(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		if l.quoted {
			b.WriteString("> ")
		}
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return strings.Trim(b.String(), "\n")
}

// tokenLines is the text of HTML too broken to parse (x/net/html refuses more
// than 512 open elements).
func tokenLines(source string) []line {
	z := html.NewTokenizer(strings.NewReader(source))
	var w walker
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.flush()
			return w.lines
		case html.TextToken:
			w.text(string(z.Text()), state{})
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); blocks[atom.Lookup(name)] {
				w.breakLine(lineBreak)
			}
		}
	}
}
