package mailtmpl

import (
	"html/template"
	"strings"

	"github.com/countersign/countersign/internal/paper"
)

// In the text part names stand at indent and values at column valueAt.
const (
	indent  = 2
	valueAt = 20
)

// wrapped lays a paragraph out in lines of the text part.
func wrapped(paragraph string) string {
	lines := wrap(paragraph, width)
	for i, line := range lines {
		lines[i] = guard(line)
	}
	return strings.Join(lines, "\n")
}

// inColumns lays a row out in two columns.
func inColumns(r Row) string {
	var lines []string
	for _, line := range r.Lines {
		lines = append(lines, continued(line, r.Ours)...)
	}
	return strings.Repeat(" ", indent) + pad(r.Name, valueAt-indent) +
		strings.Join(lines, "\n"+strings.Repeat(" ", valueAt))
}

// continued wraps one line of a value; what goes on in a further line is marked.
func continued(line string, ours bool) []string {
	text, marked := strings.CutPrefix(line, paper.Mark)
	var lines []string
	for i, part := range wrap(text, width-valueAt-columns(paper.Mark)) {
		switch {
		case marked, i > 0 && !ours:
			part = paper.Mark + part
		case i > 0:
			part = guard(part)
		}
		lines = append(lines, strings.TrimRight(part, " "))
	}
	return lines
}

// pad fills a name up to the column its value begins in. A name that is too
// long for its column is cut.
func pad(name string, n int) string {
	name = cut(flat(name), n-2)
	return name + strings.Repeat(" ", max(n-columns(name), 1))
}

// href is the part of a button's address up to the next slot. Everything in it
// is percent-encoded by mailto.
func href(s string) template.URL { return template.URL(s) } //nolint:gosec // escaped by mailto
