package policy

// A Notice is an effect: what to tell whom, and why. The desk renders it and
// puts it into the outbox in the same transaction as the events.
type Notice struct {
	Kind      NoticeKind
	To        PersonID   // the reader, or
	Address   string     // a list's address (7)
	Ballot    BallotID   // the ballot the mail asks about
	Receipt   *Answer    // a counted answer of the reader's that this mail also acknowledges
	ReceiptOf BallotKind // the ballot the receipt is for; empty for an act
	Cause     *Answer    // the answer or act that led to this mail
	Problems  []Problem  // what is missing or not understood
	Refusal   *Refusal
	Given     Form     // what the reader wrote and nobody counted: offered again, to be sent with the right word
	Owed      string   // to whom (7) a report was not delivered: a person's id or a list's address
	Lacks     []string // what the change, which has ended, still lacks
	Reminder  bool     // the ballot was sent before, and is sent again
	Text      string   // further words: a question's answer, the operator's reason
	Details   string   // lines to be shown as they are
	Why       string   // why the reader gets this mail, a sentence
	Digest    *Digest
	Appointed *Appointment // the word on a deputy that led to this mail
}

// A NoticeKind names a mail: reader, purpose, event. mailtmpl has a template
// of that name for each.
type NoticeKind string

// Mails that carry a ballot, one for each [BallotKind].
const (
	AskCorrection     NoticeKind = "proposer-ask-correction"
	AskAuthorization  NoticeKind = "authorizer-ask-authorization"
	AskQuestion       NoticeKind = "proposer-ask-question"
	AskRatification   NoticeKind = "authorizer-ask-ratification"
	AskOffer          NoticeKind = "implementer-ask-offer"
	AskImplementation NoticeKind = "implementer-ask-implementation"
	AskTest           NoticeKind = "tester-ask-test"
	AskRelease        NoticeKind = "implementer-ask-release"
	AskCheck          NoticeKind = "authorizer-ask-check"
	AskDocuments      NoticeKind = "authorizer-ask-documents"
	AskDecision       NoticeKind = "authorizer-ask-decision"
	AskUndo           NoticeKind = "implementer-ask-undo"
	AskMissing        NoticeKind = "person-ask-missing" // the ballot again: the answer lacks fields
)

// Mails that tell what happened.
const (
	ReceiptProposed   NoticeKind = "proposer-receipt-proposed"
	ReceiptCounted    NoticeKind = "person-receipt-counted"
	NoticeAnswered    NoticeKind = "authorizer-notice-answered" // a question's answer, with the reader's ballot
	NoticeAuthorized  NoticeKind = "proposer-notice-authorized"
	NoticeRejected    NoticeKind = "person-notice-rejected"
	NoticeWithdrawn   NoticeKind = "person-notice-withdrawn"
	NoticeExpired     NoticeKind = "person-notice-expired"
	NoticeCanceled    NoticeKind = "person-notice-canceled"
	NoticeHeldUp      NoticeKind = "person-notice-held-up"
	NoticeGoesOn      NoticeKind = "person-notice-goes-on"
	NoticeRework      NoticeKind = "person-notice-rework"
	NoticeUndoing     NoticeKind = "person-notice-undoing"
	NoticeRescheduled NoticeKind = "person-notice-rescheduled"
	NoticeHandedOver  NoticeKind = "person-notice-handed-over"
	NoticeVoided      NoticeKind = "person-notice-voided" // nothing for you to do any more
	NoticeClosed      NoticeKind = "person-notice-closed"
	NoticeRolledBack  NoticeKind = "person-notice-rolled-back"
	NoticeOverdue     NoticeKind = "person-notice-overdue"    // somebody else has not answered in time
	NoticeNobody      NoticeKind = "person-notice-nobody"     // a directory change left a change without an eligible person
	ToldReleased      NoticeKind = "everyone-notice-released" // (7a), (7b)
	ToldUndone        NoticeKind = "everyone-notice-undone"
	ToldG7Released    NoticeKind = "g7-notice-released" // (7c)
	ToldG7Undone      NoticeKind = "g7-notice-undone"
)

// Distribution lists the mails by which an implementation is reported (7).
var Distribution = []NoticeKind{ToldReleased, ToldUndone, ToldG7Released, ToldG7Undone}

// Mails the desk sends of its own accord: answers that change nothing.
const (
	AnswerStatus        NoticeKind = "person-answer-status"
	AnswerHelp          NoticeKind = "person-answer-help"
	AnswerRefused       NoticeKind = "person-answer-refused" // understood, refused with a reason; Refusal says why
	AnswerDecided       NoticeKind = "person-answer-decided" // already decided by X at T
	AnswerUnread        NoticeKind = "person-answer-unread"  // no keyword, or an unclear one; Refusal says why
	AnswerNotProposer   NoticeKind = "person-answer-not-proposer"
	AnswerTwoChanges    NoticeKind = "person-answer-two-changes"
	AnswerOversize      NoticeKind = "person-answer-oversize"
	AnswerLeftOut       NoticeKind = "person-answer-left-out" // an attachment was too large to be kept
	AnswerUnknown       NoticeKind = "person-answer-unknown-change"
	OwnerMisused        NoticeKind = "owner-notice-misused" // somebody else answered with your ballot
	OperatorUnreadable  NoticeKind = "operator-notice-unreadable"
	OperatorUndelivered NoticeKind = "operator-notice-undelivered"
	OwnerDirectory      NoticeKind = "owner-notice-directory"  // the directory changed, to the policy owner
	PersonDirectory     NoticeKind = "person-notice-directory" // your roles, teams or addresses here changed
	OperatorMisused     NoticeKind = "operator-notice-misused"
	NoticeWaiting       NoticeKind = "person-notice-waiting"   // once a week: all that waits for you
	NoticeReview        NoticeKind = "owner-notice-review"     // the policy itself is to be reviewed
	CodeAnswer          NoticeKind = "person-code-answer"      // the code that confirms an answer given on a page
	CodeSignIn          NoticeKind = "person-code-sign-in"     // the code that signs in to the pages
	CopyAnswer          NoticeKind = "mailbox-copy-answer"     // an answer given on a page, kept in our own mailbox too
	AskConfirmation     NoticeKind = "person-ask-confirmation" // is this mail yours? It was not proven who sent it
	AnswerDenied        NoticeKind = "person-answer-denied"    // it was not, and nothing was decided by it
	OwnerSpoofed        NoticeKind = "owner-notice-spoofed"    // somebody wrote in your name
	OperatorSpoofed     NoticeKind = "operator-notice-spoofed"
	OperatorArchive     NoticeKind = "operator-notice-archive"     // strangers' mail has filled its share of the archive
	OperatorUnpublished NoticeKind = "operator-notice-unpublished" // a page in Confluence is not kept
	ReceiptDeputy       NoticeKind = "person-receipt-deputy"       // who stands in for the reader now, by their own word
	NoticeDeputy        NoticeKind = "person-notice-deputy"        // the reader stands in for somebody, or no longer
)

// DigestMonth tells higher management of a month.
const DigestMonth NoticeKind = "g7-digest-month"

// askOf gives the mail that carries each kind of ballot.
var askOf = map[BallotKind]NoticeKind{
	BallotCorrection: AskCorrection, BallotAuthorization: AskAuthorization,
	BallotQuestion: AskQuestion, BallotRatification: AskRatification, BallotOffer: AskOffer,
	BallotImplementation: AskImplementation, BallotTest: AskTest, BallotRelease: AskRelease,
	BallotCheck: AskCheck, BallotDocuments: AskDocuments, BallotDecision: AskDecision,
	BallotUndo: AskUndo,
}

// AskOf is the mail that carries a ballot of the kind.
func AskOf(kind BallotKind) NoticeKind { return askOf[kind] }

// NoticeKinds lists every mail there is.
var NoticeKinds = []NoticeKind{
	AskCorrection, AskAuthorization, AskQuestion, AskRatification, AskOffer, AskImplementation,
	AskTest, AskRelease, AskCheck, AskDocuments, AskDecision, AskUndo, AskMissing,
	ReceiptProposed, ReceiptCounted, NoticeAnswered, NoticeAuthorized, NoticeRejected,
	NoticeWithdrawn, NoticeExpired, NoticeCanceled, NoticeHeldUp, NoticeGoesOn, NoticeRework,
	NoticeUndoing, NoticeRescheduled, NoticeHandedOver, NoticeVoided, NoticeClosed,
	NoticeRolledBack, NoticeOverdue, NoticeNobody, ToldReleased, ToldUndone, ToldG7Released, ToldG7Undone,
	AnswerStatus, AnswerHelp, AnswerRefused, AnswerDecided, AnswerUnread, AnswerNotProposer,
	AnswerTwoChanges, AnswerOversize, AnswerLeftOut, AnswerUnknown, OwnerMisused, OperatorUnreadable,
	OperatorUndelivered, PersonDirectory, OwnerDirectory, OperatorMisused,
	DigestMonth,
	NoticeWaiting, NoticeReview, CodeAnswer, CodeSignIn, CopyAnswer,
	AskConfirmation, AnswerDenied, OwnerSpoofed, OperatorSpoofed, OperatorArchive, ReceiptDeputy, NoticeDeputy, OperatorUnpublished,
}
