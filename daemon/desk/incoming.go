package desk

import (
	"time"

	"github.com/countersign/countersign/storage"
)

// An Incoming is one mail as the mailbox holds it.
type Incoming struct {
	Folder      string
	UIDValidity uint32
	UID         uint32
	Received    time.Time // the server's INTERNALDATE, the time that counts
	Size        int64     // bytes, as the server says
	Raw         []byte    // the whole mail, or its header where Oversize
	Oversize    bool      // over the limit: the body was not fetched
	Again       bool      // it was decided before a restore: who it asks was asked then
}

func (in Incoming) key() storage.MailKey {
	return storage.MailKey{Folder: in.Folder, UIDValidity: in.UIDValidity, UID: in.UID}
}

// A Disposition is what became of a mail. Every mail ends in exactly one.
type Disposition string

// The dispositions; docs/flow.md says when each is given.
const (
	Accepted      Disposition = "accepted"       // a proposal
	Counted       Disposition = "counted"        // an answer or act that counts
	Answered      Disposition = "answered"       // understood, refused with a reason; or STATUS, HELP
	NotedDown     Disposition = "noted"          // a comment, filed on the change
	Held          Disposition = "held"           // below the level of proof
	Automatic     Disposition = "automatic"      // never a vote, never answered
	Own           Disposition = "own"            // sent by ourselves
	Unverified    Disposition = "unverified"     // nobody can say who sent it
	UnknownSender Disposition = "unknown-sender" // filed, not answered
	Duplicate     Disposition = "duplicate"      // the same mail acted before
	Oversize      Disposition = "oversize"       // over the limit
	Unreadable    Disposition = "unreadable"     // kept whole, parsed by nothing
)

// Dispositions lists every disposition.
var Dispositions = []Disposition{
	Accepted, Counted, Answered, NotedDown, Held, Automatic, Own, Unverified,
	UnknownSender, Duplicate, Oversize, Unreadable,
}

// A Filing is the folder a mail belongs in once it is decided.
type Filing string

// The folders of a decided mail.
const (
	FileDone      Filing = "done"
	FileIgnored   Filing = "ignored"
	FileAttention Filing = "attention" // an operator should look
	PutOff        Filing = "put off"   // it stays where it is; bring it by itself once all others are decided
)

// filings says where each disposition goes.
var filings = map[Disposition]Filing{
	Accepted: FileDone, Counted: FileDone, Answered: FileDone, NotedDown: FileDone,
	Automatic: FileIgnored, Own: FileIgnored, UnknownSender: FileIgnored, Duplicate: FileIgnored,
	Held: FileAttention, Unverified: FileAttention, Oversize: FileAttention, Unreadable: FileAttention,
}

// Filing is the folder a mail of the disposition belongs in.
func (d Disposition) Filing() Filing { return filings[d] }
