package mailtmpl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// A Letter is what a mail says, before it has a layout: both layouts say all
// of it and nothing else.
type Letter struct {
	Subject   string
	Separator string // first line of a mail that can be answered
	Lead      []string
	Duties    []string // what the reader still owes other changes
	Receipt   Block    // what was counted, as understood
	Notes     []string // paragraphs
	Blocks    []Block
	Waiting   []Entry // what waits for the reader, each answerable by itself
	Choices   []Choice
	Fields    string   // how fields are written, where a choice needs some
	Code      string   // the slot of a code to be typed on a page
	Page      Segments // the address of the page of what the mail is about
	PageSays  string   // what is found there, for a link
	Footer    []string // why this mail, whose it is, whom it is for
	Papered   bool
}

// A Block is facts under an optional title, a table of figures, or a picture.
type Block struct {
	Title   string
	Rows    []Row
	Table   [][]string // the first row are the heads, the first column names
	Picture *Picture
}

// A Row is one fact: a name and a value of one or more lines.
type Row struct {
	Name  string
	Lines []string
	Ours  bool // our own words: further lines need no mark
}

// A Choice is one answer the reader can give.
type Choice struct {
	Keyword  policy.Keyword
	Rule     policy.Rule // with the fields this answer must have here
	To       string      // what it is for: "authorize"
	Hint     string      // what a field must hold, a sentence
	Sentence string
	Button   string
	Mailto   Segments // what the button opens; empty where the mail has no paper
}

// longest is how much of one value a mail shows.
const longest = 8000

// row shows a value people wrote, line by line.
func row(name, value string) []Row {
	value = strings.TrimSpace(clean(value))
	if value == "" {
		return nil
	}
	if runes := []rune(value); len(runes) > longest {
		value = string(runes[:longest]) + fmt.Sprintf("\n[%d more characters are in the record]", len(runes)-longest)
	}
	var lines []string
	for line := range strings.SplitSeq(value, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && lines[len(lines)-1] == "" {
			continue // one blank line is enough
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		marked := i > 0 || votes(line)
		if line = glue(line); marked {
			line = strings.TrimRight(paper.Mark+line, " ")
		}
		lines[i] = line
	}
	return []Row{{Name: name, Lines: lines}}
}

// ours shows a value in our own words, on one line.
func ours(name, value string) []Row {
	if value = glue(flat(value)); value == "" {
		return nil
	}
	return []Row{{Name: name, Lines: []string{guard(value)}, Ours: true}}
}

// compose says what the notice says.
func compose(d Data, wording wording) (Letter, error) {
	blocks, err := blocksOf(d, wording.facts)
	if err != nil {
		return Letter{}, err
	}
	letter := Letter{
		Subject: flat(wording.subject),
		Lead:    paragraphs(wording.lead),
		Duties:  duties(d),
		Receipt: receipt(d),
		Notes:   paragraphs(wording.note),
		Blocks:  blocks,
		Waiting: entries(d),
		Choices: choices(d, strings.Fields(wording.acts)),
		Footer:  footer(d),
		Papered: d.Papered,
		Code:    d.codeSlot(),
		Page:    d.page(),
	}
	letter.PageSays = d.pageSays()
	if d.Papered || len(d.Waiting) == 1 { // which a plain reply answers
		letter.Separator = paper.Separator
	}
	if d.Notice.Reminder {
		remind(d, &letter)
	}
	if slices.ContainsFunc(letter.Choices, func(c Choice) bool { return strings.Contains(c.Sentence, "beginning with") }) {
		letter.Fields = "The word in capitals stands alone on the first line of your answer. Each line below it begins with its name and a colon, then your text."
	}
	if d.Org.OneSubject && d.Number() != "" {
		letter.Subject = d.Tag() + d.Title()
	}
	return letter, nil
}

// paragraphs are what blank lines part; line breaks within one do not count.
func paragraphs(text string) []string {
	var list []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = glue(flat(p)); p != "" {
			list = append(list, guard(p))
		}
	}
	return list
}

// blocksOf looks up the facts named: each line is a block, "title: name name".
func blocksOf(d Data, names string) ([]Block, error) {
	var blocks []Block
	shown := map[string]bool{}
	for line := range strings.SplitSeq(names, "\n") {
		title, list := "", line
		if colon := strings.LastIndexByte(line, ':'); colon >= 0 {
			title, list = line[:colon], line[colon+1:]
		}
		block := Block{Title: guard(glue(flat(title)))}
		for name := range strings.FieldsSeq(list) {
			if err := block.add(d, name, shown); err != nil {
				return nil, err
			}
		}
		if len(block.Rows) > 0 || len(block.Table) > 1 || block.Picture != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}

// add adds what has the name: rows that were not shown already, a table, or a
// picture.
func (b *Block) add(d Data, name string, shown map[string]bool) (err error) {
	switch fact, table, picture := facts[name], tables[name], pictures[name]; {
	case fact != nil:
		for _, r := range fact(d) {
			if key := r.Name + "\n" + strings.Join(r.Lines, "\n"); !shown[key] {
				shown[key] = true
				b.Rows = append(b.Rows, r)
			}
		}
	case table != nil:
		b.Table = table(d)
	case picture != nil:
		b.Picture, err = picture(d)
	default:
		err = fmt.Errorf("no fact is called %q", name)
	}
	return err
}

// receipt shows a counted answer with every field as understood.
func receipt(d Data) Block {
	answer := d.Notice.Receipt
	if answer == nil {
		return Block{}
	}
	block := Block{Title: "It was read like this"}
	if d.Notice.Kind != policy.ReceiptCounted { // whose lead says it
		block.Title = glue("Counted: " + d.Counted() + ". It was read like this")
	}
	if d.Number() != "" && d.Change.Revision > 0 {
		block.Rows = append(block.Rows, ours("For", d.Edition())...)
	}
	block.Rows = append(block.Rows, ours("Received", d.Time(answer.At))...)
	block.Rows = append(block.Rows, fields(answer.Fields)...)
	block.Rows = append(block.Rows, files(answer.Files)...)
	if d.Given.Others != "" {
		block.Rows = append(block.Rows, ours("Not counted", "anything about "+d.Given.Others+", which you name too")...)
	}
	return block
}

// fields shows every filled field of a form.
func fields(form policy.Form) []Row {
	var rows []Row
	for _, l := range form.Labels() {
		rows = append(rows, row(string(l), form.Get(l))...)
	}
	return rows
}

// footer says why this mail came, and whose it is.
func footer(d Data) []string {
	org := d.Org.Name
	if d.Org.PolicyID != "" {
		org += ", change management (" + d.Org.PolicyID + ")"
	}
	lines := []string{}
	if d.Notice.Why != "" {
		lines = append(lines, "Why you get this: "+flat(d.Notice.Why))
	}
	if d.Papered && d.Ballot().ID != "" {
		lines = append(lines, "The answer is yours alone; forwarding this mail does not pass it on.")
	}
	if d.Org.Operator != "" {
		org += ". Trouble with this service: " + d.Org.Operator
	}
	lines = append(lines, org)
	for i, line := range lines {
		lines[i] = glue(line)
	}
	return lines
}
