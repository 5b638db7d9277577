package mailtmpl

import "github.com/countersign/countersign/policy"

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
	policy.KeywordConfirm:     {"confirm that it is as required", "You may add Deviation accepted, if something is otherwise and may stay so, and Documents, if they are updated already."},
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
	policy.BallotDecision: {
		policy.KeywordUndo: {"have what was done undone", ""},
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

// done says what an answer did, for its receipt.
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
// without being asked.
func (d Data) may(keyword policy.Keyword) bool {
	switch keyword {
	case policy.KeywordHelp:
		return true
	case policy.KeywordStatus:
		return d.Number() != ""
	default:
		return policy.MayAct(d.Change, d.Directory, d.Reader.ID, keyword, d.Now)
	}
}
