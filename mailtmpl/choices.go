package mailtmpl

import (
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// An errand is what a keyword is for, in the words of the person who answers.
type errand struct {
	to   string // "To …, answer with KEYWORD"
	hint string // what a field must hold, a sentence
}

var errands = map[policy.Keyword]errand{
	policy.KeywordApprove:     {"authorize", "Risk is low, medium or high, and why. You may add Major, Implementer or Tester."},
	policy.KeywordReject:      {"refuse", ""},
	policy.KeywordAsk:         {"ask the proposer something first", ""},
	policy.KeywordAlso:        {"have the authorizer of one more category asked as well", ""},
	policy.KeywordTake:        {"take the work", ""},
	policy.KeywordDecline:     {"leave it to somebody else", ""},
	policy.KeywordImplemented: {"report it done", "If part of it is not done, add Left undone."},
	policy.KeywordHandover:    {"hand the work to somebody else", ""},
	policy.KeywordFailed:      {"say that it cannot be done", ""},
	policy.KeywordPass:        {"pass it", "Instead of a line Evidence you may attach the test report."},
	policy.KeywordFail:        {"fail it", ""},
	policy.KeywordReleased:    {"report that it is in production", ""},
	policy.KeywordConfirm:     {"confirm that it is as required", "If you accept something that is otherwise, add Deviation accepted. If the documents are updated already, add Documents."},
	policy.KeywordRework:      {"have it worked on again", ""},
	policy.KeywordUndo:        {"have it taken out of production again", ""},
	policy.KeywordDocumented:  {"report the documents", ""},
	policy.KeywordContinue:    {"let it go on", "You may name another Implementer."},
	policy.KeywordAccept:      {"accept what is done as all there will be", "It is then tested as it is."},
	policy.KeywordCancel:      {"end it here, if nothing has reached production", "That line must say yes."},
	policy.KeywordUndone:      {"report that it is undone", ""},
	policy.KeywordRatify:      {"ratify it", ""},
	policy.KeywordObject:      {"object, which holds it up", ""},
	policy.KeywordWithdraw:    {"withdraw it", ""},
	policy.KeywordAmend:       {"change the proposal", "Send the lines that change; every authorizer is asked again."},
	policy.KeywordReschedule:  {"move it to another time", ""},
	policy.KeywordStop:        {"stop it", ""},
	policy.KeywordStatus:      {"see where the change stands", ""},
	policy.KeywordHelp:        {"see what can be answered", ""},
}

// On some ballots a keyword is for something else.
var errandsOn = map[policy.BallotKind]map[policy.Keyword]errand{
	policy.BallotOffer: {
		policy.KeywordImplemented: {"take it and report it done in one answer", ""},
	},
	policy.BallotUndo: {
		policy.KeywordFailed: {"say that it cannot be undone", ""},
	},
	policy.BallotQuestion: {
		policy.NoKeyword: {"answer the question", "write your reply above the first line of this mail; no keyword is needed."},
	},
	policy.BallotCorrection: {
		policy.NoKeyword: {"complete the proposal", "answer with just the lines asked for, each its name, a colon and your text; no keyword is needed."},
	},
}

func errandOf(kind policy.BallotKind, keyword policy.Keyword) errand {
	if e, ok := errandsOn[kind][keyword]; ok {
		return e
	}
	return errands[keyword]
}

// choices lists the answers the reader can give to this mail: those of its
// ballot, then the acts its template offers.
func choices(d Data, acts []string) []Choice {
	var list []Choice
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
			list = append(list, choice(d, b.Kind, rule, len(list) == 0))
		}
	}
	for _, rule := range policy.Acts {
		if named(acts, rule.Keyword) && d.may(rule.Keyword) {
			list = append(list, choice(d, "", rule, len(list) == 0))
		}
	}
	return list
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
	return Choice{
		Keyword:  rule.Keyword,
		Sentence: glue(sentence(kind, rule, first)),
		Button:   button,
		Mailto:   mailto(d, rule.Keyword, blanks(d, kind, rule)),
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
	case rule.Keyword == policy.KeywordApprove:
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

// mailto is the address a button opens, after "mailto:" (RFC 6068): the keyword,
// the empty fields one a line, and last the paper's reference.
func mailto(d Data, keyword policy.Keyword, blanks []policy.Label) Segments {
	var body strings.Builder
	if keyword != policy.NoKeyword {
		body.WriteString(string(keyword) + "\r\n\r\n")
	}
	for _, l := range blanks {
		body.WriteString(string(l) + ": \r\n")
	}
	if len(blanks) == 0 && keyword == policy.NoKeyword {
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

var done = map[policy.Keyword]string{
	policy.KeywordApprove: "you approved", policy.KeywordReject: "you refused",
	policy.KeywordAsk: "you asked the proposer a question", policy.KeywordAlso: "you asked for one more authorizer",
	policy.KeywordTake: "you take the work", policy.KeywordDecline: "you leave it to somebody else",
	policy.KeywordImplemented: "you reported it done", policy.KeywordHandover: "you hand the work over",
	policy.KeywordFailed: "you said that it cannot be done", policy.KeywordPass: "you passed the test",
	policy.KeywordFail: "you failed the test", policy.KeywordReleased: "you reported it in production",
	policy.KeywordConfirm: "you confirmed it", policy.KeywordRework: "you sent it back to be worked on",
	policy.KeywordUndo: "you ordered it undone", policy.KeywordDocumented: "you reported the documents",
	policy.KeywordContinue: "you let it go on", policy.KeywordAccept: "you accepted what is done",
	policy.KeywordCancel: "you ended it", policy.KeywordUndone: "you reported it undone",
	policy.KeywordRatify: "you ratified it", policy.KeywordObject: "you objected",
	policy.KeywordWithdraw: "you withdrew it", policy.KeywordAmend: "you changed the proposal",
	policy.KeywordReschedule: "you moved it to another time", policy.KeywordStop: "you stopped it",
}

// counted says what an answer did, for its receipt.
func counted(kind policy.BallotKind, keyword policy.Keyword) string {
	switch {
	case kind == policy.BallotCorrection && keyword == policy.NoKeyword:
		return "you completed the proposal"
	case keyword == policy.NoKeyword:
		return "you answered the question"
	default:
		return done[keyword]
	}
}

// may says whether the reader could say the keyword about the change now,
// without being asked. It only chooses what a mail offers; policy decides.
func (d Data) may(keyword policy.Keyword) bool {
	c, reader := d.Change, d.Reader.ID
	if c.Number == "" && c.Draft == "" {
		return keyword == policy.KeywordHelp
	}
	proposer := reader == c.Proposer
	switch keyword {
	case policy.KeywordStop:
		return stoppable[c.State] && d.hasPart()
	case policy.KeywordWithdraw, policy.KeywordAmend:
		return proposer && (c.State == policy.StateProposed || c.State == policy.StateAuthorized)
	case policy.KeywordReschedule:
		return (proposer || reader == c.Implementer) && c.Revision > 0 && !c.Release.Ever && !c.State.End()
	case policy.KeywordUndone:
		return reader == c.Implementer && (c.State == policy.StateReleased || c.State == policy.StateChecked)
	default:
		return true
	}
}

var stoppable = map[policy.State]bool{
	policy.StateAuthorized: true, policy.StateInProgress: true,
	policy.StateImplemented: true, policy.StateTested: true,
}

// hasPart says whether the reader authorizes, implements or tests the change.
func (d Data) hasPart() bool {
	c, reader := d.Change, d.Reader.ID
	for _, r := range c.Requirements {
		if d.Directory.Holds(reader, r.Role) {
			return true
		}
	}
	for _, b := range c.Ballots {
		if b.Person == reader && b.Kind == policy.BallotAuthorization && b.Said(policy.KeywordApprove) {
			return true
		}
	}
	return reader == c.Implementer || reader == c.NamedImplementer() || reader == c.NamedTester() || reader == c.Attempt.Passed
}
