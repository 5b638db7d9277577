package page

import (
	"fmt"
	"slices"
	"strings"
)

// How large a diff can be: it is read in a mail.
const (
	mostDiffLines  = 60
	mostDiffColumn = 200
	surrounding    = 1       // lines of what is the same around what is not
	mostCompared   = 4 << 20 // pairs of lines that are compared
)

// Diff says what people changed in a machine part: the lines of what was sent
// that are gone begin with "- ", those that are there instead with "+ ". Nothing
// is said where both say the same.
func Diff(sent, found string) string {
	ours, err := canonical(sent)
	if err != nil {
		return "The page as it was sent cannot be read: " + err.Error()
	}
	theirs, err := canonical(found)
	if err != nil {
		return "The page as it is now cannot be read: " + err.Error()
	}
	if source(ours...) == source(theirs...) {
		return ""
	}
	edits := compare(textOf(ours), textOf(theirs))
	if !slices.ContainsFunc(edits, func(e edit) bool { return e.sign != ' ' }) {
		return "No words were changed, only how they look."
	}
	return shown(edits)
}

// Lines is what a body says, a line for each paragraph and each row of a table;
// nothing of one that cannot be read.
func Lines(body string) []string {
	nodes, err := canonical(body)
	if err != nil {
		return nil
	}
	return textOf(nodes)
}

// textOf is what nodes say, a line for each paragraph and each row of a table.
func textOf(nodes []node) []string {
	var t teller
	t.tell(nodes)
	t.end()
	return t.lines
}

// A teller writes lines of text.
type teller struct {
	lines []string
	line  strings.Builder
}

func (t *teller) end() {
	if line := strings.TrimSpace(strings.TrimRight(strings.TrimSpace(t.line.String()), "|")); line != "" {
		t.lines = append(t.lines, line)
	}
	t.line.Reset()
}

// blocks are elements that stand on lines of their own; within a row of a table
// only the row does.
var blocks = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "li": true, "tr": true, "table": true, "br": true, "pre": true,
	"ac:rich-text-body": true,
}

func (t *teller) tell(nodes []node) {
	for _, n := range nodes {
		switch {
		case n.name == "":
			t.line.WriteString(n.text)
		case n.name == "ri:attachment":
			t.line.WriteString(n.attr("ri:filename"))
		case n.isMacro("status"):
			t.line.WriteString("[" + n.param("title") + "]")
		case n.name == "ac:parameter":
			t.parameter(n)
		case n.name == "td", n.name == "th":
			t.cell(n)
		case blocks[n.name]:
			t.end()
			t.tell(n.kids)
			t.end()
		default:
			t.tell(n.kids)
		}
	}
}

// parameter tells those of a macro's parameters that people see.
func (t *teller) parameter(n node) {
	t.end()
	if name := n.attr("ac:name"); name == "title" || name == "cql" {
		t.line.WriteString(n.inner())
	}
	t.end()
}

// cell tells a cell of a table within the line of its row.
func (t *teller) cell(n node) {
	var inner teller
	inner.tell(n.kids)
	inner.end()
	t.line.WriteString(strings.Join(inner.lines, " / ") + " | ")
}

// An edit is a line that is in both texts (' '), in ours alone ('-') or in theirs
// alone ('+').
type edit struct {
	sign byte
	line string
}

// compare finds the fewest lines that differ. Texts that differ in more than can
// be compared differ as a whole.
func compare(a, b []string) (edits []edit) {
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		edits = append(edits, edit{' ', a[same]})
		same++
	}
	a, b = a[same:], b[same:]
	end := 0
	for end < len(a) && end < len(b) && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	edits = append(edits, between(a[:len(a)-end], b[:len(b)-end])...)
	for _, line := range a[len(a)-end:] {
		edits = append(edits, edit{' ', line})
	}
	return edits
}

func between(a, b []string) (edits []edit) {
	common := make([][]int32, len(a)+1) // lines that a[i:] and b[j:] have in common
	width := len(b) + 1
	if (len(a)+1)*width > mostCompared {
		width = 0
	}
	for i := range common {
		common[i] = make([]int32, width)
	}
	for i := len(a) - 1; i >= 0 && width > 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case width > 0 && i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && (width == 0 || common[i+1][j] >= common[i][j+1]):
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return edits
}

// shown writes the edits with a little of what is around them.
func shown(edits []edit) string {
	var b strings.Builder
	lines, skipped := 0, false
	for i, e := range edits {
		near := edits[max(0, i-surrounding):min(len(edits), i+surrounding+1)]
		if !slices.ContainsFunc(near, func(e edit) bool { return e.sign != ' ' }) {
			skipped = true
			continue
		}
		if lines++; lines > mostDiffLines {
			fmt.Fprintf(&b, "… and more, which the page shows\n")
			break
		}
		if skipped && lines > 1 {
			b.WriteString("  …\n")
		}
		skipped = false
		fmt.Fprintf(&b, "%c %s\n", e.sign, around(e, i, edits))
	}
	return b.String()
}

// around is the line, cut to where it begins to differ from the one beside it.
func around(e edit, i int, edits []edit) string {
	other := ""
	switch {
	case e.sign == '-' && i+1 < len(edits) && edits[i+1].sign == '+':
		other = edits[i+1].line
	case e.sign == '+' && i > 0 && edits[i-1].sign == '-':
		other = edits[i-1].line
	}
	line, beside := []rune(e.line), []rune(other)
	from := 0
	for from < len(line) && from < len(beside) && line[from] == beside[from] {
		from++
	}
	if from -= mostDiffColumn / 2; from <= 0 || len(line) <= mostDiffColumn {
		return oneLine(e.line, mostDiffColumn)
	}
	return "…" + oneLine(string(line[from:]), mostDiffColumn)
}
