package mailread

import (
	"hash/maphash"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/internal/paper"
)

// runLength is how many words in a row must be ours to be taken for ours.
const runLength = 5

// fewOwn is how many words of ours make an unmarked quotation.
const fewOwn = 8

// ownText knows the runs of words in the mails we sent. Clients wrap lines
// anew, so lines mean nothing.
type ownText struct {
	seed maphash.Seed
	runs map[uint64]bool
}

func newOwnText(texts []string) ownText {
	ours := ownText{seed: maphash.MakeSeed(), runs: map[uint64]bool{}}
	for _, text := range texts {
		stream := normalWords(Clean(text))
		for i := range stream {
			if h, ok := ours.run(stream, i); ok {
				ours.runs[h] = true
			}
		}
	}
	return ours
}

// run hashes the run of words that begins at i.
func (o ownText) run(stream []string, i int) (uint64, bool) {
	if i+runLength > len(stream) {
		return 0, false
	}
	var h maphash.Hash
	h.SetSeed(o.seed)
	for _, word := range stream[i : i+runLength] {
		h.WriteString(word)
		h.WriteByte(0)
	}
	return h.Sum64(), true
}

// normalWords are the words of a text without what clients do to them: quote
// marks, emphasis, punctuation, rewritten links.
func normalWords(text string) []string {
	var list []string
	for word := range strings.FieldsSeq(norm.NFKC.String(text)) {
		word = strings.ToLower(strings.Trim(word, "*_>|│<[]()\"'“”„«».,:;!=-"))
		if word != "" && !strings.HasPrefix(word, "http") {
			list = append(list, word)
		}
	}
	return list
}

// A stream is the words of all lines in a row.
type stream struct {
	words []string
	line  []int // the line each word stands on
}

func streamOf(lines []line) stream {
	var s stream
	for i, l := range lines {
		for _, word := range normalWords(l.text) {
			s.words = append(s.words, word)
			s.line = append(s.line, i)
		}
	}
	return s
}

// share counts the words of each line, and those of them that are ours.
type share struct{ words, own int }

func (s share) mostlyOwn() bool { return s.own > 0 && s.own*5 >= s.words*4 }

func (o ownText) shares(lines []line) []share {
	s := streamOf(lines)
	own := make([]bool, len(s.words))
	for i := range s.words {
		if h, ok := o.run(s.words, i); ok && o.runs[h] {
			for j := i; j < i+runLength; j++ {
				own[j] = true
			}
		}
	}
	shares := make([]share, len(lines))
	for i, n := range s.line {
		shares[n].words++
		if own[i] {
			shares[n].own++
		}
	}
	return shares
}

// cutOwnText cuts our own words where a client quotes them without a mark:
// behind a quotation, line by line; else only as the paragraphs a mail begins
// or ends with. A label, with the value below it, and a keyword stay: people
// copy our words into their fields.
func cutOwnText(lines []line, ours ownText) {
	if len(ours.runs) == 0 {
		return
	}
	shares := ours.shares(lines)
	quoted := false
	for i := range lines {
		quoted = quoted || lines[i].quoted
		if quoted && lines[i].rule == "" && shares[i].mostlyOwn() && !answers(lines[i].text) {
			lines[i].rule, lines[i].quoted = "own text", true
		}
	}
	paragraphs := ownParagraphs(lines, shares)
	cutOwnParagraphs(lines, paragraphs)
	reverse(paragraphs)
	cutOwnParagraphs(lines, paragraphs)
}

// A paragraph is lines without a blank one among them.
type paragraph struct {
	first, end int
	share      share
	kept       bool // a label or keyword stands in it, or its label right above
}

func ownParagraphs(lines []line, shares []share) []paragraph {
	var list []paragraph
	open, label := false, false
	for i, l := range lines {
		if l.rule != "" || blank(l.text) {
			open = false
			continue
		}
		if !open {
			list = append(list, paragraph{first: i, kept: label})
			open = true
		}
		p := &list[len(list)-1]
		p.end = i + 1
		p.share.words += shares[i].words
		p.share.own += shares[i].own
		p.kept = p.kept || answers(l.text)
		label = emptyLabel(l.text)
	}
	return list
}

// cutOwnParagraphs cuts the leading paragraphs that are ours.
func cutOwnParagraphs(lines []line, paragraphs []paragraph) {
	n, own := 0, 0
	for n < len(paragraphs) && !paragraphs[n].kept && paragraphs[n].share.mostlyOwn() {
		own += paragraphs[n].share.own
		n++
	}
	if own < fewOwn {
		return
	}
	for _, p := range paragraphs[:n] {
		for i := p.first; i < p.end; i++ {
			lines[i].rule, lines[i].quoted = "own text", true
		}
	}
}

func reverse(p []paragraph) {
	for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
		p[i], p[j] = p[j], p[i]
	}
}

var separatorWords = normalWords(paper.Separator)

// cutSeparator cuts from the first line of our mails to the end. It is looked
// for in the words: clients break it over lines.
func cutSeparator(lines []line) {
	s := streamOf(lines)
	for i := range s.words {
		if !startsWith(s.words[i:], separatorWords) {
			continue
		}
		from, to := s.line[i], s.line[i+len(separatorWords)-1]
		if lines[from].rule == "" {
			cutRest(lines, from, "separator")
			return
		}
		cutRest(lines[:to+1], from, "separator")
	}
}

func startsWith(words, prefix []string) bool {
	if len(words) < len(prefix) {
		return false
	}
	for i, w := range prefix {
		if words[i] != w {
			return false
		}
	}
	return true
}
