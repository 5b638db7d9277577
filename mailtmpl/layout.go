package mailtmpl

import (
	"html/template"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/paper"
)

// In the text part names stand at indent and values at column valueAt.
const (
	indent  = 2
	valueAt = 19
)

// wrapped lays a paragraph out in lines of the text part.
func wrapped(paragraph string) string {
	lines := wrap(paragraph, width)
	if slices.ContainsFunc(lines, votes) {
		lines = wrap(paragraph, width-columns(paper.Mark))
		for i, line := range lines {
			lines[i] = guard(line)
		}
	}
	return strings.Join(lines, "\n")
}

// aLongWord is one that a client might put on a line of its own when it wraps a
// row again, leaving the name alone on the line before: a label and its value,
// as people paste them from tables.
const aLongWord = 25

// inColumns lays a row out in two columns. A name too long for its column
// pushes the first line of the value aside.
func inColumns(r Row) string {
	name := flat(r.Name)
	name += strings.Repeat(" ", max(valueAt-indent-columns(name), 2))
	var lines []string
	for i, line := range r.Lines {
		first := width - valueAt
		if i == 0 {
			first = max(width-indent-columns(name), 1)
		}
		lines = append(lines, continued(line, first, r.Ours)...)
	}
	if word, _, _ := strings.Cut(lines[0], " "); columns(word) > aLongWord {
		name = tied(name)
	}
	return strings.Repeat(" ", indent) + name + strings.Join(lines, "\n"+strings.Repeat(" ", valueAt))
}

// inTable lays figures out in columns as wide as their widest; names stand at
// the left, cut where they are too long, figures at the right of theirs.
func inTable(rows [][]string) string {
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], columns(cell))
		}
	}
	var b strings.Builder
	names := width - indent
	for _, w := range wide[1:] {
		names -= gap + w
	}
	wide[0] = min(wide[0], names)
	for _, row := range rows {
		name := narrow(row[0], wide[0])
		cells := []string{strings.Repeat(" ", indent) + name + strings.Repeat(" ", wide[0]-columns(name))}
		for i, cell := range row[1:] {
			cells = append(cells, strings.Repeat(" ", gap+wide[i+1]-columns(cell))+cell)
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, ""), " ") + "\n")
	}
	return b.String()
}

// narrow cuts a text to so many columns.
func narrow(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	head, _ := split(s, n-1)
	return head + "…"
}

// gap is what stands between two columns of figures.
const gap = 2

// continued wraps one line of a value, the first line into as many columns as
// given; what goes on in a further line is marked.
func continued(line string, first int, ours bool) []string {
	text, marked := strings.CutPrefix(line, paper.Mark)
	if line == strings.TrimRight(paper.Mark, " ") { // a blank line
		return []string{line}
	}
	if marked {
		first -= columns(paper.Mark)
	}
	lines := wrap(text, first)
	if rest := strings.TrimPrefix(strings.TrimPrefix(text, lines[0]), " "); len(lines) > 1 {
		lines = append(lines[:1], wrap(strings.TrimPrefix(rest, noBreak), width-valueAt-columns(paper.Mark))...)
	}
	for i, part := range lines {
		switch {
		case marked, i > 0 && !ours:
			lines[i] = paper.Mark + part
		case i > 0:
			lines[i] = guard(part)
		}
	}
	return lines
}

// tied keeps the words of a name, and what follows it, on one line.
func tied(name string) string { return strings.ReplaceAll(name, " ", noBreak) }

// href is the part of a button's address up to the next slot. Everything in it
// is percent-encoded by mailto.
func href(s string) template.URL { return template.URL(s) } //nolint:gosec // escaped by mailto

// picture is the address of a picture that comes with the mail (RFC 2392).
func picture(contentID string) template.URL { return template.URL("cid:" + contentID) } //nolint:gosec // ours
