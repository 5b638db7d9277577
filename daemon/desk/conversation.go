package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An Outcome is what became of a mail, and why.
type Outcome struct {
	Disposition Disposition
	Reason      string
	Earlier     Disposition // of the same mail, where it acted before
	Person      policy.PersonID
	Change      policy.Change
	Ballot      policy.BallotID
	Message     *mailread.Message
	Typed       mailread.Reading
	Answer      mailread.Answer
	Events      []policy.Event
	Appointed   *policy.Appointment // of a deputy, by the mail
	Notices     []policy.Notice
	Refusal     *policy.Refusal
	Proof       mailread.Proof // of who sent it, and the level that gives; set by [Desk.Explain]
	Level       Level
	Away        time.Time // until when the sender of an out-of-office is away; zero where that is not known
}

// A conversation is one mail being decided.
type conversation struct {
	*Desk
	opened
	tx     *storage.Tx
	dir    policy.Directory
	now    time.Time     // of the decision
	before policy.Change // as it was locked
	paper  paperFound
	number *numbering
	tally  tally // of what mails decided with this one have used
	out    Outcome

	explaining bool          // a mail that acted before is read all the same
	held       *storage.Held // the mail waits for its sender's word
	about      *conversation // the held mail that this one is the word on
	vouched    bool          // it is the word of a person on a held mail
	notKept    bool          // the archive keeps nothing of its bytes
	filled     bool          // it is today's first that found no room there
}

func (d *Desk) begin(ctx context.Context, tx *storage.Tx, mail opened) (*conversation, error) {
	dir, err := d.deputized(ctx, tx)
	return &conversation{
		Desk: d, opened: mail, tx: tx, dir: dir, tally: tally{}, now: mail.in.Received.UTC().Truncate(time.Microsecond),
	}, err
}

// decides says whether the mail does anything.
func (c *conversation) decides() bool { return len(c.out.Events) > 0 || c.out.Appointed != nil }

// end settles the disposition.
func (c *conversation) end(d Disposition, reason string, args ...any) {
	c.out.Disposition, c.out.Reason = d, fmt.Sprintf(reason, args...)
}

// shelve puts the mail aside whole and tells the operators; nothing of it is
// parsed.
func (c *conversation) shelve(reason string) {
	c.end(Unreadable, "%s", reason)
	c.tellOperators(policy.OperatorUnreadable, reason)
}

// write hands everything the mail led to over to the transaction, but for the
// mails that are owed.
func (c *conversation) write() ([]draft, error) {
	c.saveMail()
	if c.held != nil {
		c.tx.Hold(*c.held)
	}
	if a := c.out.Appointed; a != nil {
		if err := c.tx.Appoint(*a); err != nil {
			return nil, err
		}
	}
	drafts, err := c.draft(c.tx, c.result())
	if err != nil {
		return nil, err
	}
	told, err := c.tellFilled()
	if err != nil {
		return nil, err
	}
	return append(drafts, told...), c.recordMail()
}

func (c *conversation) saveMail() {
	m := storage.Mail{
		Key: c.in.key(), SHA256: c.sha,
		Person: c.out.Person, Change: c.out.Change.ID, Ballot: c.out.Ballot,
		Disposition: string(c.out.Disposition), Reason: c.out.Reason,
		Received: c.in.Received, Decided: c.Desk.now(), Size: c.in.Size, Raw: c.in.Raw, NotKept: c.notKept, Away: c.out.Away,
	}
	if msg := c.out.Message; msg != nil {
		m.MessageID, m.Sender, m.ContentKey = msg.MessageID, msg.From.Address, contentKey(msg)
		for _, a := range msg.Attachments {
			m.Attachments = append(m.Attachments, storage.Attachment{Name: a.Name, Type: a.Type, SHA256: a.SHA256, Bytes: a.Bytes})
		}
	}
	c.tx.SaveMail(m)
}

// contentKey names a mail by Message-ID, sender, Date and typed content, so
// that one delivered twice by different ways is known again. It begins with the
// day of the Date, by which mails of one season lie together in the index.
func contentKey(m *mailread.Message) string {
	if m == nil || m.MessageID == "" || m.From.Address == "" {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q", m.MessageID, m.From.Address, m.Date.Unix(), m.Text+"\x00"+m.HTMLText))
	return fmt.Sprintf("%08d", m.Date.Unix()/secondsOfDay%1e8) + hex.EncodeToString(sum[:])
}

const secondsOfDay = 24 * 60 * 60

// dispositionEvent is what the record says of a mail.
type dispositionEvent struct {
	Disposition Disposition     `json:"disposition"`
	Reason      string          `json:"reason,omitempty"`
	Person      policy.PersonID `json:"person,omitempty"`
	Change      policy.ChangeID `json:"change,omitempty"`
	Ballot      policy.BallotID `json:"ballot,omitempty"`
	Folder      string          `json:"folder"`
	UIDValidity uint32          `json:"uidvalidity"`
	UID         uint32          `json:"uid"`
	Received    time.Time       `json:"received"`
	Proof       string          `json:"proof,omitempty"`    // by what the sender was proven, or refuted
	Evidence    string          `json:"evidence,omitempty"` // the field that says so, as it stands in the mail
	NotKept     bool            `json:"not_kept,omitempty"` // its bytes lie in the mailbox alone, or with the mail it is a copy of
}

func (c *conversation) recordMail() error {
	return recordMail(c.tx, c.sha, c.Desk.now(), dispositionEvent{
		Disposition: c.out.Disposition, Reason: c.out.Reason, Person: c.out.Person, Change: c.out.Change.ID,
		Ballot: c.out.Ballot, Folder: c.in.Folder, UIDValidity: c.in.UIDValidity, UID: c.in.UID, Received: c.now,
		Proof: c.proof.How, Evidence: mailread.Clean(c.proof.Field), NotKept: c.notKept,
	})
}

func recordMail(tx *storage.Tx, sha string, at time.Time, e dispositionEvent) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding the disposition: %w", err)
	}
	tx.Append(storage.SubjectMail, sha, storage.Entry{Kind: "mail." + string(e.Disposition), Payload: payload, At: at})
	return nil
}
