package page

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/mailtmpl"
)

// How much there is room for, in bytes as they are sent. What is too long is cut
// with a sentence that says so: the record holds all of it.
const (
	mostOfField  = 100_000
	mostOfPage   = 3_000_000
	mostLookedAt = 4 * mostOfField // of a text as it was written
	ofARow       = 600             // at most what a row takes beside the words in it
	mostInLine   = 400             // characters of a text on one line
)

// words are what somebody wrote, with its paragraphs and lines.
func (m *maker) words(written string) []node {
	clean := mailtmpl.Clean(beginning(written, mostLookedAt))
	fits := m.fit(clean)
	var all []node
	for part := range strings.SplitSeq(fits, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, lines(part))
		}
	}
	if len(fits) < len(clean) || len(written) > mostLookedAt {
		all = append(all, el("p", el("em", text(fmt.Sprintf("The text goes on: it has %d bytes and the SHA-256 %s, and stands whole in the record.", len(written), Hash(written))))))
	}
	return all
}

// fit is the beginning of a text for which there is room, and takes that room.
func (m *maker) fit(s string) string {
	limit, taken := min(mostOfField, m.room), 0
	for i, r := range s {
		if taken += takes(r); taken > limit {
			s = s[:i]
			break
		}
	}
	m.room -= min(taken, max(limit, 0)) + ofARow
	return s
}

// takes is how many bytes a character takes in storage format.
func takes(r rune) int {
	switch r {
	case '\n':
		return len("</p><p>")
	case '&', '<', '>', '"', '\'':
		return len("&quot;")
	default:
		return utf8.RuneLen(r)
	}
}

// lines is one paragraph with its lines.
func lines(s string) node {
	p := el("p")
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			p.kids = append(p.kids, el("br"))
		}
		if line = strings.TrimSpace(line); line != "" {
			p.kids = append(p.kids, text(line))
		}
	}
	return p
}

// line is a text of people on one line of ours, not too long.
func (m *maker) line(s string) string { return m.fit(oneLine(s, mostInLine)) }

// beginning is the first bytes of a text. Where that is within a character,
// cleaning drops what is left of it.
func beginning(s string, bytes int) string { return s[:min(bytes, len(s))] }

// oneLine is a text on one line, cut to n characters.
func oneLine(s string, n int) string {
	s = strings.Join(strings.Fields(mailtmpl.Clean(beginning(s, mostOfField))), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:n-1]), " ,.;:") + "…"
}

// labeled puts the name of a field before what stands in it.
func labeled(label string, words []node) []node {
	if len(words) == 0 {
		return nil
	}
	first := words[0]
	first.kids = append([]node{el("strong", text(label)), text(" ")}, first.kids...)
	return append([]node{first}, words[1:]...)
}

// at is a time to the minute. In which zone is said once on the page.
func (m *maker) at(t time.Time) string {
	at, _, _ := strings.Cut(m.d.Time(t), " (")
	return at
}

// each makes a row of every item, as long as there is room, and says how many
// there are besides.
func each[T any](m *maker, items []T, row func(T) node) (rows []node) {
	for i, item := range items {
		if m.room <= 0 {
			return append(rows, el("tr", cell(para(fmt.Sprintf("… and %d more, which stand in the record.", len(items)-i)))))
		}
		m.room -= ofARow
		rows = append(rows, row(item))
	}
	return rows
}

func upper(s string) string { return strings.ToUpper(s) }
