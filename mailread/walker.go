package mailread

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// walker collects the lines of a tree. Breaks are remembered, not written, so
// that nested blocks make one.
type walker struct {
	lines   []line
	current strings.Builder
	rule    string // of the current line
	started bool   // the current line holds something
	space   bool   // a space is owed before the next word
	pending separator
	bullet  bool   // a bullet is owed before the next word
	rest    string // a rule that cuts everything from here to the end
}

// A separator is what the next text is set apart by; the greater wins.
type separator int

const (
	nothing separator = iota
	tab
	lineBreak
	blankLine
)

// state is what an element passes down to its children.
type state struct {
	rule string // the quote container we are in
	pre  bool   // white space counts
	cell bool   // in a table cell, where paragraphs leave no blank line
}

func (w *walker) children(n *html.Node, s state) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, s)
	}
}

func (w *walker) node(n *html.Node, s state) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data, s)
	case html.ElementNode:
		w.element(n, s)
	case html.DocumentNode:
		w.children(n, s)
	}
}

func (w *walker) element(n *html.Node, s state) {
	if unseen[n.DataAtom] || hidden(n) {
		return
	}
	if rule, toEnd := quotation(n); rule != "" && s.rule == "" {
		w.endLine()
		defer w.endLine()
		if s.rule = rule; toEnd && w.rest == "" {
			w.rest = rule
		}
	}
	s.pre = s.pre || preserves(n)
	switch n.DataAtom {
	case atom.Br:
		w.newLine(s)
	case atom.Tr:
		w.row(n, s)
	case atom.Li:
		w.breakLine(lineBreak)
		w.bullet = true
		w.children(n, s)
		w.bullet = false
		w.breakLine(lineBreak)
	case atom.S, atom.Strike, atom.Del:
		w.struck(n, s)
	default:
		if strings.Contains(style(n), "line-through") {
			w.struck(n, s)
			return
		}
		s.cell = s.cell || n.DataAtom == atom.Td || n.DataAtom == atom.Th
		gap := breakOf(n, s)
		w.breakLine(gap)
		w.children(n, s)
		w.breakLine(gap)
	}
}

// struck writes words that were struck out: they are seen, and they are not said.
func (w *walker) struck(n *html.Node, s state) {
	w.word("~~", s)
	w.children(n, s)
	w.space = false
	w.word("~~", s)
}

// row writes the cells of a table row with tabs between them, as a table
// pasted into plain text looks: "Risk<tab>low, because ...".
func (w *walker) row(tr *html.Node, s state) {
	w.breakLine(lineBreak)
	w.endLine()
	first := true
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || c.DataAtom != atom.Td && c.DataAtom != atom.Th {
			continue
		}
		if !first && w.started {
			w.pending = tab
		}
		first = false
		w.node(c, s)
	}
	w.pending = max(w.pending, lineBreak)
	w.endLine()
}

// breakLine owes a line break, unless a tab is owed: the first block in a cell
// starts no line of its own.
func (w *walker) breakLine(gap separator) {
	if w.pending != tab {
		w.pending = max(w.pending, gap)
	}
	if gap != nothing {
		w.space = false
	}
}

func (w *walker) newLine(s state) {
	if w.pending == tab {
		return
	}
	w.settle()
	if !w.started {
		w.rule = w.ruleOf(s)
	}
	w.flush()
}

// endLine ends the current line if anything stands on it.
func (w *walker) endLine() {
	if w.started {
		w.flush()
		if w.pending == lineBreak || w.pending == tab {
			w.pending = nothing
		}
	}
}

func (w *walker) ruleOf(s state) string {
	if s.rule != "" {
		return s.rule
	}
	return w.rest
}

// settle writes the separator owed.
func (w *walker) settle() {
	switch w.pending {
	case tab:
		w.current.WriteByte('\t')
	case lineBreak:
		if w.started {
			w.flush()
		}
	case blankLine:
		if w.started {
			w.flush()
		}
		if n := len(w.lines); n > 0 && w.lines[n-1].text != "" {
			w.lines = append(w.lines, line{rule: w.lines[n-1].rule, quoted: w.lines[n-1].quoted})
		}
	}
	if w.pending != nothing {
		w.pending, w.space = nothing, false
	}
}

// flush ends the current line, empty or not.
func (w *walker) flush() {
	text := strings.TrimRight(w.current.String(), " ")
	w.lines = append(w.lines, line{text: text, rule: w.rule, quoted: w.rule != "" && w.rule != signatureRule})
	w.current.Reset()
	w.started, w.space, w.rule = false, false, w.rest
}

func (w *walker) text(data string, s state) {
	if fresh := !w.started || w.pending >= lineBreak; fresh && strings.Contains(data, "\u00a0") && blank(data) {
		w.word("", s) // Word's empty line
		return
	}
	data = Clean(data)
	if s.pre {
		w.preformatted(data, s)
		return
	}
	for i, word := range strings.FieldsFunc(data, collapsible) {
		if i > 0 || collapsible(rune(data[0])) {
			w.space = true
		}
		w.word(word, s)
	}
	if data != "" && collapsible(rune(data[len(data)-1])) {
		w.space = true
	}
}

func (w *walker) preformatted(data string, s state) {
	for i, part := range strings.Split(data, "\n") {
		if i > 0 {
			w.newLine(s)
		}
		if part != "" {
			w.word(part, s)
		}
	}
}

func collapsible(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }

func (w *walker) word(word string, s state) {
	w.settle()
	if w.space && w.started {
		w.current.WriteByte(' ')
	}
	if w.bullet {
		w.current.WriteString("- ")
	}
	w.space, w.bullet = false, false
	w.current.WriteString(word)
	if !w.started {
		w.started, w.rule = true, w.ruleOf(s)
	}
}
