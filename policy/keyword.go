package policy

import "slices"

// A Keyword is the word an answer begins with. The list is closed; no keyword
// is also a [Label].
type Keyword string

// Keywords that answer a ballot.
const (
	KeywordApprove     Keyword = "APPROVE"
	KeywordReject      Keyword = "REJECT"
	KeywordAsk         Keyword = "ASK"
	KeywordAlso        Keyword = "ALSO"
	KeywordTake        Keyword = "TAKE"
	KeywordDecline     Keyword = "DECLINE"
	KeywordImplemented Keyword = "IMPLEMENTED"
	KeywordHandover    Keyword = "HANDOVER"
	KeywordFailed      Keyword = "FAILED" // the work could not be done
	KeywordPass        Keyword = "PASS"
	KeywordFail        Keyword = "FAIL" // the test did not pass
	KeywordReleased    Keyword = "RELEASED"
	KeywordConfirm     Keyword = "CONFIRM"
	KeywordRework      Keyword = "REWORK"
	KeywordUndo        Keyword = "UNDO"
	KeywordDocumented  Keyword = "DOCUMENTED"
	KeywordContinue    Keyword = "CONTINUE"
	KeywordAccept      Keyword = "ACCEPT"
	KeywordCancel      Keyword = "CANCEL"
	KeywordUndone      Keyword = "UNDONE"
	KeywordRatify      Keyword = "RATIFY"
	KeywordObject      Keyword = "OBJECT"
)

// Keywords of acts: what a person may say about a change without being asked.
// UNDONE is also one, for the implementer of a released change.
const (
	KeywordWithdraw   Keyword = "WITHDRAW"
	KeywordAmend      Keyword = "AMEND"
	KeywordReschedule Keyword = "RESCHEDULE"
	KeywordStop       Keyword = "STOP"
	KeywordStatus     Keyword = "STATUS"
	KeywordHelp       Keyword = "HELP"
)

// KeywordDeputy begins the line by which a person says who stands in for them. It
// is about no change, and more than a word: DEPUTY name UNTIL day.
const KeywordDeputy Keyword = "DEPUTY"

// NoKeyword marks an answer that needs none: a correction, and the answer to a
// question.
const NoKeyword Keyword = ""

// Keywords lists every keyword.
var Keywords = []Keyword{
	KeywordApprove, KeywordReject, KeywordAsk, KeywordAlso, KeywordTake, KeywordDecline,
	KeywordImplemented, KeywordHandover, KeywordFailed, KeywordPass, KeywordFail,
	KeywordReleased, KeywordConfirm, KeywordRework, KeywordUndo, KeywordDocumented,
	KeywordContinue, KeywordAccept, KeywordCancel, KeywordUndone, KeywordRatify,
	KeywordObject, KeywordWithdraw, KeywordAmend, KeywordReschedule, KeywordStop,
	KeywordStatus, KeywordHelp,
}

// TakesReason says whether "KEYWORD: text" is allowed, and the label that text
// then fills: the first required field where it is a Reason or a Question, and
// the Reason of a WITHDRAW. A yes that may be given a Reason, such as CONTINUE,
// does not: what follows it might be a condition.
func (k Keyword) TakesReason() (Label, bool) {
	if k == KeywordWithdraw {
		return LabelReason, true
	}
	for _, rule := range rulesOf(k) {
		if len(rule.Required) > 0 && slices.Contains([]Label{LabelReason, LabelQuestion}, rule.Required[0]) {
			return rule.Required[0], true
		}
	}
	return "", false
}
