package policy

import "time"

// A Command is something somebody wants done to a change.
type Command struct {
	Kind    CommandKind
	By      PersonID  // who says so; empty for the clock and the operator
	Proof   string    // how By was proven, for the record
	Mail    string    // SHA-256 of the mail that said it, in hex
	Seed    string    // what ids derive from: the mail's hash, or the firing's name
	Ballot  BallotID  // answer: the ballot meant
	Keyword Keyword   // answer, act
	Form    Form      // propose, answer, act: the fields given
	Text    string    // comment; answer to a question; the operator's reason
	Files   []File    // attachments that are not inline
	Unclear []Problem // fields that could not be read, such as a label given twice

	Recipient string   // excuse: who, a person or a list's address
	Sent      []string // excuse: those told who were sent the mail, by id or address

	ID    ChangeID  // propose: the new change
	Asked time.Time // when the people it asks hear of it, from when their time runs; zero: now

	Draft  string // propose: the next free draft number
	Number string // the next free change number, taken when a proposal is first accepted
}

// A CommandKind names what a command does.
type CommandKind string

// The commands.
const (
	CommandPropose    CommandKind = "propose"    // open a change (1)
	CommandAnswer     CommandKind = "answer"     // answer a ballot
	CommandAct        CommandKind = "act"        // say something unasked: STOP, WITHDRAW, AMEND, RESCHEDULE, UNDONE
	CommandComment    CommandKind = "comment"    // file a remark
	CommandCancel     CommandKind = "cancel"     // the operator ends a change that touched nothing
	CommandExcuse     CommandKind = "excuse"     // the operator excuses somebody a report (7) could not be delivered to
	CommandReconsider CommandKind = "reconsider" // the directory changed
	CommandReissue    CommandKind = "reissue"    // the operator has every open ballot sent once more
	CommandFire       CommandKind = "fire"       // time passes: remind, escalate, ask the pool, expire
)
