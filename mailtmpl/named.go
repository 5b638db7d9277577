package mailtmpl

import (
	"time"

	"github.com/countersign/countersign/policy"
)

// What mails say in passing, for pages to say in the same words.

// noticeNames say in a few words what each mail is.
var noticeNames = map[policy.NoticeKind]string{
	policy.AskCorrection:     "what the proposal lacks",
	policy.AskAuthorization:  "ballot: authorize it",
	policy.AskQuestion:       "a question",
	policy.AskRatification:   "ballot: ratify it",
	policy.AskOffer:          "ballot: take the work",
	policy.AskImplementation: "ballot: implement it",
	policy.AskTest:           "ballot: test it",
	policy.AskRelease:        "ballot: put it into production",
	policy.AskCheck:          "ballot: check it",
	policy.AskDocuments:      "ballot: report the documents",
	policy.AskDecision:       "ballot: decide what becomes of it",
	policy.AskUndo:           "ballot: undo it",
	policy.AskMissing:        "what the answer lacks",

	policy.ReceiptProposed:   "receipt of the proposal",
	policy.ReceiptCounted:    "receipt of an answer",
	policy.NoticeAnswered:    "a question is answered",
	policy.NoticeAuthorized:  "it is authorized",
	policy.NoticeRejected:    "it is rejected",
	policy.NoticeWithdrawn:   "it is withdrawn",
	policy.NoticeExpired:     "it has expired",
	policy.NoticeCanceled:    "it is canceled",
	policy.NoticeHeldUp:      "it is held up",
	policy.NoticeGoesOn:      "it goes on",
	policy.NoticeRework:      "it is worked on again",
	policy.NoticeUndoing:     "it is to be undone",
	policy.NoticeRescheduled: "it is moved to another time",
	policy.NoticeHandedOver:  "somebody else has the work",
	policy.NoticeVoided:      "nothing is left to do",
	policy.NoticeClosed:      "it is closed",
	policy.NoticeRolledBack:  "it is rolled back",
	policy.NoticeOverdue:     "an answer is overdue",
	policy.NoticeNobody:      "nobody is left to answer",
	policy.ToldReleased:      "report: in production",
	policy.ToldUndone:        "report: undone",
	policy.ToldG7Released:    "report to G7: in production",
	policy.ToldG7Undone:      "report to G7: undone",

	policy.AnswerStatus:        "where it stands",
	policy.AnswerHelp:          "how to answer",
	policy.AnswerRefused:       "an answer was refused",
	policy.AnswerDecided:       "it was decided already",
	policy.AnswerUnread:        "an answer could not be read",
	policy.AnswerNotProposer:   "they may not propose",
	policy.AnswerTwoChanges:    "two changes in one mail",
	policy.AnswerOversize:      "a mail was too large",
	policy.AnswerLeftOut:       "an attachment was too large",
	policy.AnswerUnknown:       "no such change",
	policy.OwnerMisused:        "somebody else answered with a ballot",
	policy.OperatorUnreadable:  "to the operators: an unreadable mail",
	policy.OperatorUndelivered: "to the operators: an undelivered mail",
	policy.OperatorMisused:     "to the operators: a misused ballot",
	policy.OwnerDirectory:      "to the policy owner: the directory",
	policy.PersonDirectory:     "roles and teams",
	policy.DigestMonth:         "digest of a month",
	policy.NoticeWaiting:       "all that waits, once a week",
	policy.NoticeReview:        "to the policy owner: the review",
	policy.CodeAnswer:          "a code to confirm an answer",
	policy.CodeSignIn:          "a code to sign in",
	policy.CopyAnswer:          "copy of an answer, for the mailbox",
	policy.AskConfirmation:     "is this mail theirs",
	policy.AnswerDenied:        "the mail was not theirs",
	policy.OwnerSpoofed:        "somebody wrote in their name",
	policy.OperatorSpoofed:     "to the operators: a forged mail",
	policy.OperatorUnpublished: "to the operators: a page in Confluence",
	policy.OperatorArchive:     "to the operators: the archive's share for strangers",
	policy.ReceiptDeputy:       "receipt of who stands in",
	policy.NoticeDeputy:        "they stand in for somebody",
}

// NoticeName says in a few words what a mail is: "ballot: authorize it".
func NoticeName(kind policy.NoticeKind) string { return or(noticeNames[kind], string(kind)) }

// Errand is what a ballot of the kind asks for: "to authorize it".
func Errand(kind policy.BallotKind) string { return or(errandOfBallot[kind], "about it") }

// Asked says what a ballot asks of its person, and as whom: "to authorize it as
// CTO (POL-005, 2a) for Jane Doe".
func Asked(d Data, b policy.Ballot) string {
	d.Notice.Ballot = b.ID
	return d.errand(b)
}

// Until says by when a ballot is to be answered, and whether that is past.
func Until(d Data, b policy.Ballot) (says string, late bool) {
	switch {
	case b.Due.IsZero():
		return "", false
	case d.late(b):
		return "overdue since " + d.Time(b.Due), true
	default:
		return "due " + d.Time(b.Due), false
	}
}

// Readable gives the fields of the proposal as it stands, or of the draft, with
// people by name.
func Readable(d Data) policy.Form {
	if d.Change.Revision == 0 {
		return d.Change.Form
	}
	return d.readable(d.Change.Proposal)
}

// OwnerContact is whom to call about the change.
func OwnerContact(d Data) string { return d.ownerContact() }

// Size is a number of bytes as people read it: "12 kB".
func Size(bytes int) string { return size(bytes) }

// Clean takes out of a text what could make it look other than it is.
func Clean(text string) string { return clean(text) }

// ReadableOf gives the fields of one revision of the proposal, with people by name.
func ReadableOf(d Data, p policy.Proposal) policy.Form { return d.readable(p) }

// Approvals lists the ballots by which the revision as it stands was authorized.
func Approvals(d Data) []policy.Ballot { return d.approvals() }

// Approver names who gave an approval, and as what: "Jane Doe (CTO) for John Doe,
// Mon 23 November".
func Approver(d Data, b policy.Ballot) string { return d.approver(b) }

// Assessed is the highest risk that any authorizer assessed (3b); empty where
// nobody has authorized it yet.
func Assessed(d Data) policy.RiskLevel {
	if len(d.approvals()) == 0 {
		return ""
	}
	return d.assessed()
}

// MajorWhy says why a change is a major one (7c).
func MajorWhy(d Data) string { return d.majorWhy() }

// Doer is who has the work, or is to have it.
func Doer(d Data) policy.PersonID { return d.doer() }

// Lasting is a span of time as people say it: "40 minutes".
func Lasting(span time.Duration) string { return lasting(span) }
