package mailtmpl

import "github.com/countersign/countersign/policy"

// Waiting is one ballot that waits for the reader.
type Waiting struct {
	Change policy.Change
	Ballot policy.BallotID
}

// An Entry is such a ballot in a mail about all of them: what is asked, and how
// it is answered.
type Entry struct {
	Block    Block
	Sentence string   // how to answer by hand
	Paper    Segments // the address to write to, or the reference the answer must have in it
	Choices  []Choice // the buttons
	Page     Segments // the address of the ballot's page
}

// mostEntries is how many ballots one mail can name without being clipped.
const mostEntries = 20

// entries lists what waits for the reader, in the order given.
func entries(d Data) []Entry {
	var list []Entry
	for _, w := range d.Waiting[:min(len(d.Waiting), mostEntries)] {
		list = append(list, d.about(w).entry())
	}
	return list
}

// about is the mail as it would be if it asked for this one ballot alone.
func (d Data) about(w Waiting) Data {
	d.Change, d.Waiting, d.Duties, d.Papered = w.Change, nil, nil, true
	d.Notice = policy.Notice{Kind: kindOf(w), To: d.Reader.ID, Ballot: w.Ballot}
	return d
}

func kindOf(w Waiting) policy.NoticeKind {
	b, _ := w.Change.Ballot(w.Ballot)
	return policy.AskOf(b.Kind)
}

func (d Data) entry() Entry {
	b := d.Ballot()
	e := Entry{Block: Block{Title: guard(glue(d.Number() + " " + d.Title()))}, Choices: choices(d, nil)}
	e.Block.Rows = append(ours("You are asked", d.errand(b)+", since "+d.Day(b.Issued)), ours(d.until(b))...)
	e.Block.Rows = append(e.Block.Rows, question(d)...)
	for i := range e.Choices {
		e.Choices[i].Mailto = e.Choices[i].Mailto.onPaper(d.Change.ID, b.ID)
	}
	e.Sentence = glue("Answer it"+keywordsOf(e.Choices)+" by a mail") + noBreak + "to"
	e.Paper = d.answersTo(func(s string) string { return s })
	if !d.Org.SubAddress {
		e.Sentence += " " + d.Org.Mailbox + " with this line in" + noBreak + "it"
		e.Paper = Segments{{Text: "(ref b-"}, {Slot: SlotToken}, {Text: ")"}}
	}
	e.Paper = e.Paper.onPaper(d.Change.ID, b.ID)
	e.Page = d.page().onPaper(d.Change.ID, b.ID)
	return e
}

// keywordsOf says with which words the choices are made.
func keywordsOf(choices []Choice) string {
	var words []string
	for _, c := range choices {
		if c.Keyword != policy.NoKeyword {
			words = append(words, string(c.Keyword))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ", with " + list(words, "or") + " on the first line,"
}

// until says by when the ballot is to be answered: a fact and its name.
func (d Data) until(b policy.Ballot) (name, value string) {
	switch {
	case b.Due.IsZero():
		return "", ""
	case d.late(b):
		return "Overdue", "since " + d.Time(b.Due)
	default:
		return "Due", d.Time(b.Due)
	}
}

// errand is what the ballot asks the reader to do: "to authorize it as CTO".
func (d Data) errand(b policy.Ballot) string {
	asked := or(errandOfBallot[b.Kind], "about it")
	if roles := d.Roles(); roles != "" {
		asked += " as " + roles
	}
	if b.For != "" {
		asked += " for " + d.Name(b.For)
	}
	return asked
}

// Overdue is how many of the ballots that wait should have been answered by now.
func (d Data) Overdue() int {
	n := 0
	for _, w := range d.Waiting {
		if b, _ := w.Change.Ballot(w.Ballot); d.late(b) {
			n++
		}
	}
	return n
}

// Unlisted is how many ballots wait beyond those the mail lists.
func (d Data) Unlisted() int { return max(len(d.Waiting)-mostEntries, 0) }
