package mailtmpl

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// choices lists the answers the reader can give to this mail: those of its
// ballot, then the acts its template offers.
func choices(d Data, acts []string) []Choice {
	var list []Choice
	if d.Notice.Kind == policy.AskConfirmation {
		return confirmations(d)
	}
	if d.Papered {
		list = answerable(d, acts)
	}
	if d.Notice.Kind == policy.AnswerHelp {
		list = append(list, proposing(d))
	}
	return list
}

func answerable(d Data, acts []string) []Choice {
	var list []Choice
	if b := d.Ballot(); b.Open() {
		for _, rule := range policy.Answers(d.Change.State, b.Kind) {
			list = append(list, choice(d, b.Kind, d.lacking(b, rule), len(list) == 0))
		}
	}
	for _, rule := range policy.Acts {
		if named(acts, rule.Keyword) && d.may(rule.Keyword) {
			list = append(list, choice(d, "", rule, len(list) == 0))
		}
	}
	return list
}

// lacking is the rule with the fields this answer must have here: only what is
// missing where the rest is kept, and a word on what was left undone.
func (d Data) lacking(b policy.Ballot, rule policy.Rule) policy.Rule {
	left := d.Change.Attempt.LeftUndone
	switch {
	case b.Partial != nil && b.Partial.Keyword == rule.Keyword && len(d.Notice.Problems) > 0:
		rule.Required = d.Missing()
	case rule.Keyword == policy.KeywordConfirm && !policy.Placeholder(left) && !d.Undone():
		rule.Required = slices.Concat(rule.Required, []policy.Label{policy.LabelDeviationAccepted})
	}
	return rule
}

func named(acts []string, keyword policy.Keyword) bool {
	for _, a := range acts {
		if strings.EqualFold(a, string(keyword)) {
			return true
		}
	}
	return false
}

func choice(d Data, kind policy.BallotKind, rule policy.Rule, first bool) Choice {
	button := "Answer " + string(rule.Keyword)
	if rule.Keyword == policy.NoKeyword {
		button = "Answer by mail"
	}
	e := errandOf(kind, rule.Keyword)
	return Choice{
		To:       e.to,
		Hint:     e.hint,
		Keyword:  rule.Keyword,
		Rule:     rule,
		Sentence: glue(sentence(kind, rule, first)),
		Button:   button,
		Mailto:   mailto(d, rule.Keyword, d.lines(blanks(d, kind, rule), rule)),
	}
}

// proposing offers an empty proposal.
func proposing(d Data) Choice {
	var body strings.Builder
	for _, l := range policy.ProposalLabels {
		if _, shown := formHints[l]; shown {
			body.WriteString(string(l) + ": \r\n")
		}
	}
	return Choice{
		Sentence: glue("To propose a change, write to " + d.Org.Mailbox + " from your registered address. Each line begins with one of the names above and a colon, then your text."),
		Button:   "Propose a change",
		Mailto:   Segments{{Text: escape(d.Org.Mailbox) + "?body=" + escape(body.String())}},
	}
}

// sentence says how to give an answer. The first one of a mail says it in full.
func sentence(kind policy.BallotKind, rule policy.Rule, first bool) string {
	e := errandOf(kind, rule.Keyword)
	if rule.Keyword == policy.NoKeyword {
		return "To " + e.to + ", " + e.hint
	}
	s := "To " + e.to + ", answer " + string(rule.Keyword)
	if first || len(rule.Required) == 0 {
		s = "To " + e.to + ", answer with " + string(rule.Keyword) + " on the first line"
	}
	s += below(rule, first) + "."
	if e.hint != "" {
		s += " " + e.hint
	}
	return s
}

// below says which lines stand below the keyword.
func below(rule policy.Rule, first bool) string {
	names := make([]string, len(rule.Required))
	for i, l := range rule.Required {
		names[i] = string(l)
	}
	switch {
	case len(names) == 0:
		return ""
	case rule.Keyword == policy.KeywordApprove && len(names) > 2:
		return " and your own assessment below it, " + number(len(names)) + " lines beginning with the words " + list(names, "and")
	case len(names) == 1 && first:
		return " and below it a line beginning with " + names[0]
	case len(names) == 1:
		return " and a line beginning with " + names[0]
	default:
		return " and " + number(len(names)) + " lines beginning with " + list(names, "and")
	}
}

// blanks lists the fields a button leaves for the person to fill in.
func blanks(d Data, kind policy.BallotKind, rule policy.Rule) []policy.Label {
	if kind == policy.BallotCorrection && rule.Keyword == policy.NoKeyword {
		return wrongLabels(d.Notice.Problems)
	}
	if kind == policy.BallotQuestion && rule.Keyword == policy.NoKeyword {
		return nil
	}
	return rule.Required
}

// wrongLabels lists the fields with problems, each once.
func wrongLabels(problems []policy.Problem) []policy.Label {
	var list []policy.Label
	seen := map[policy.Label]bool{"": true}
	for _, p := range problems {
		if !seen[p.Label] {
			seen[p.Label] = true
			list = append(list, p.Label)
		}
	}
	return list
}

// An entry is one line of a pre-filled answer.
type entry struct {
	label policy.Label
	text  string // empty where the person is to fill it in
}

// mostGiven bounds, in bytes, what a button gives back: mail programs cut long
// addresses off (2,000 bytes is the least any of them takes).
const mostGiven = 500

// lines are the blanks, filled with what the reader wrote already, and what else
// they wrote that this answer takes.
func (d Data) lines(blanks []policy.Label, rule policy.Rule) (lines []entry) {
	left := mostGiven
	given := func(l policy.Label) (text string) {
		if text = d.Notice.Given.Get(l); len(text) > left {
			return ""
		}
		left -= len(text)
		return text
	}
	for _, l := range blanks {
		lines = append(lines, entry{l, given(l)})
	}
	for _, l := range slices.Concat(rule.Required, rule.Optional) {
		if text := given(l); text != "" && !slices.Contains(blanks, l) {
			lines = append(lines, entry{l, text})
		}
	}
	return lines
}

// mailto is the address a button opens, after "mailto:" (RFC 6068): the keyword,
// the empty fields one a line, and last the paper's reference.
func mailto(d Data, keyword policy.Keyword, lines []entry) Segments {
	var body strings.Builder
	if keyword != policy.NoKeyword {
		body.WriteString(string(keyword) + "\r\n\r\n")
	}
	for _, e := range lines {
		body.WriteString(string(e.label) + ": " + strings.ReplaceAll(e.text, "\n", "\r\n") + "\r\n")
	}
	if len(lines) == 0 && keyword == policy.NoKeyword {
		body.WriteString("\r\n")
	}
	body.WriteString("\r\n\r\n(ref b-")
	subject := "Re: " + d.Tag() + cut(d.Title(), 40)
	return append(d.answersTo(escape), Segment{Text: "?subject=" + escape(subject) + "&body=" + escape(body.String())},
		Segment{Slot: SlotToken}, Segment{Text: escape(")")})
}

// answersTo is the address answers go to, with the token in it where the
// mailbox takes sub-addresses.
func (d Data) answersTo(escape func(string) string) Segments {
	if !d.Papered || !d.Org.SubAddress {
		return Segments{{Text: escape(d.Org.Mailbox)}}
	}
	before, after := paper.SubAddress(d.Org.Mailbox)
	return Segments{{Text: escape(before + "b-")}, {Slot: SlotToken}, {Text: escape(after)}}
}

// escape writes a part of a mailto address: everything but what RFC 6068
// leaves alone, "@" and "+" included.
func escape(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@!'*"
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
