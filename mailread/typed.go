package mailread

import (
	"maps"
	"regexp"
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// A Reading is what a person typed in a mail, and what was cut away to find it.
type Reading struct {
	Text     string
	Cuts     []Cut
	Disagree bool   // the plain and the HTML part give different keyword lines
	Unsure   string // why nobody can say what was typed, though something stands there
}

// A Cut is text that was not typed in this mail, and the rule that says so.
type Cut struct{ Rule, Text string }

// Typed is what the person typed in this mail, quotation and signature cut
// away. own are the texts of mails we sent about the change: wherever they
// come back unmarked, they are cut too.
func Typed(m *Message, own ...string) Reading { return Habits{}.Typed(m, own...) }

// Habits are how mail looks in one organization.
type Habits struct {
	// Stamps are whole lines that a program puts above what people type, such as
	// "[Public]".
	Stamps []string
}

// Typed is as the function of that name, for mail of the organization.
func (h Habits) Typed(m *Message, own ...string) Reading {
	k := known{ours: newOwnText(own), name: m.From.Name, stamps: set(h.folded()...), signature: signatureIn(m.htmlLines)}
	plain := cut(plainLines(m.Text), k)
	plain.Unsure = m.unsure
	if m.html == "" {
		return plain
	}
	html := cut(append([]line(nil), m.htmlLines...), k)
	reading := plain
	if blank(m.Text) {
		reading = html
		reading.Unsure = m.unsure
	} else {
		reading.Disagree = vote(plain.Text) != vote(html.Text)
	}
	// HTML we could not take apart may hide or quote anything.
	reading.Disagree = reading.Disagree || m.htmlBad
	return reading
}

// vote is the keyword line two parts of one mail must agree on.
func vote(typed string) [2]string {
	a := ReadAnswer(typed)
	return [2]string{string(a.Keyword), a.Change}
}

// known is what we know of a mail before we read it.
type known struct {
	ours      ownText
	name      string // the sender's
	stamps    map[string]bool
	signature []string // its words, as the HTML part marks it
}

// steps cut a body, most reliable first. Each marks lines, none unmarks any.
var steps = []func(lines []line, k known){
	func(lines []line, _ known) { cutQuoteMarks(lines) },
	func(lines []line, _ known) { cutSeparator(lines) },
	func(lines []line, _ known) { cutHeaderBlocks(lines) },
	func(lines []line, _ known) { cutAttributions(lines) },
	func(lines []line, k known) { cutOwnText(lines, k.ours) },
	func(lines []line, _ known) { cutTokens(lines) },
	func(lines []line, _ known) { cutUndecoded(lines) },
	func(lines []line, _ known) { cutSignatures(lines) },
	func(lines []line, k known) { cutMarkedSignature(lines, k.signature) },
	func(lines []line, k known) { cutStamps(lines, k.stamps) },
	func(lines []line, _ known) { cutArmor(lines) },
	func(lines []line, _ known) { cutBelow(lines) },
	func(lines []line, k known) { cutName(lines, k.name) },
}

func cut(lines []line, k known) Reading {
	lines = splitAttributions(lines)
	for i := maxLines; i < len(lines); i++ {
		lines[i].rule = "too long"
	}
	for _, step := range steps {
		step(lines[:min(len(lines), maxLines)], k)
	}
	return Reading{Text: tidy(typedIn(lines)), Cuts: cutsOf(lines)}
}

// cutsOf gathers neighboring lines one rule cut.
func cutsOf(lines []line) []Cut {
	var cuts []Cut
	for i := 0; i < len(lines); {
		rule := lines[i].rule
		var text []string
		for ; i < len(lines) && lines[i].rule == rule; i++ {
			text = append(text, lines[i].text)
		}
		if whole := strings.Trim(strings.Join(text, "\n"), "\n"); rule != "" && whole != "" {
			cuts = append(cuts, Cut{rule, whole})
		}
	}
	return cuts
}

var manyBlanks = regexp.MustCompile(`\n{3,}`)

func tidy(lines []string) string {
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	text := strings.Trim(strings.Join(lines, "\n"), "\n")
	return manyBlanks.ReplaceAllString(text, "\n\n")
}

func plainLines(text string) []line {
	var lines []line
	for t := range strings.SplitSeq(text, "\n") {
		lines = append(lines, line{text: t})
	}
	return lines
}

var quoteMark = regexp.MustCompile(`^ {0,3}>`)

// cutQuoteMarks knows lines that begin with ">".
func cutQuoteMarks(lines []line) {
	for i := range lines {
		if lines[i].rule == "" && quoteMark.MatchString(lines[i].text) {
			lines[i].rule, lines[i].quoted = "quote mark", true
		}
	}
}

// cutRest marks everything from line i on.
func cutRest(lines []line, i int, rule string) {
	for ; i < len(lines); i++ {
		if lines[i].rule == "" {
			lines[i].rule, lines[i].quoted = rule, true
		}
	}
}

// cutTokens knows the footer of our mails by the token in it.
func cutTokens(lines []line) {
	for i := range lines {
		if lines[i].rule == "" && len(paper.Find(lines[i].text)) > 0 {
			lines[i].rule = "token"
		}
	}
}

// cutUndecoded cuts our own note that the rest could not be read, where it has
// a line to itself: no line of the text is half then.
func cutUndecoded(lines []line) {
	for i := range lines {
		if lines[i].rule == "" && lines[i].text == undecoded {
			lines[i].rule = "undecoded"
		}
	}
}

// cutBelow cuts what follows the last quotation when something was typed above
// the first: answers between quoted lines count, and so does one below them
// all, but not text left over under a quotation. Fields the keyword above still
// needs are no such text.
func cutBelow(lines []line) {
	first, last := -1, -1
	for i, l := range lines {
		if l.quoted {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	if first < 0 || !anyTyped(lines[:first]) || completes(lines[last+1:], lines[:last]) {
		return
	}
	for i := last + 1; i < len(lines); i++ {
		if lines[i].rule == "" {
			lines[i].rule = "below the quotation"
		}
	}
}

// completes says whether the text below begins with a field that the answer above
// cannot be without and has not.
func completes(below, above []line) bool {
	a := ReadAnswer(strings.Join(typedIn(above), "\n"))
	for _, text := range typedIn(below) {
		if blank(text) {
			continue
		}
		l, _, ok := labeled(text, allLabels, false)
		return ok && a.Form.Get(l) == "" && required[a.Keyword][l]
	}
	return false
}

// required are the fields an answer cannot be without.
var required = func() map[policy.Keyword]map[policy.Label]bool {
	all := map[policy.Keyword]map[policy.Label]bool{}
	for _, row := range policy.Table {
		for _, rule := range row.Answers {
			if all[rule.Keyword] == nil {
				all[rule.Keyword] = map[policy.Label]bool{}
			}
			maps.Copy(all[rule.Keyword], set(rule.Required...))
		}
	}
	return all
}()

// typedIn lists the lines that nothing has cut.
func typedIn(lines []line) (typed []string) {
	for _, l := range lines {
		if l.rule == "" {
			typed = append(typed, l.text)
		}
	}
	return typed
}

func anyTyped(lines []line) bool {
	for _, l := range lines {
		if l.rule == "" && !blank(l.text) {
			return true
		}
	}
	return false
}
