package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// maxAttempts is how often a mail is tried before it is put aside unread.
const maxAttempts = 3

// Receive brings one mail to its disposition. The attempt is counted first, in
// a transaction of its own, so that a mail that kills the process is put aside
// after three tries; everything else is one transaction. A mail decided before
// is only filed again.
func (d *Desk) Receive(ctx context.Context, in Incoming) (Filing, error) {
	key := storage.MailKey{Folder: in.Folder, UIDValidity: in.UIDValidity, UID: in.UID}
	began := d.Now()
	attempts, decided, err := d.Store.CountAttempt(ctx, key)
	if err != nil {
		return "", err
	}
	if decided != "" {
		return Disposition(decided).Filing(), nil
	}
	var out Outcome
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		c := d.open(tx, in)
		if attempts > maxAttempts {
			c.shelve(fmt.Sprintf("it could not be processed in %d attempts", maxAttempts))
		} else if err := c.read(ctx); err != nil {
			return err
		}
		out = c.out
		return c.commit(ctx)
	})
	if errors.Is(err, storage.ErrDuplicate) { // decided by another instance meanwhile
		_, decided, err := d.Store.CountAttempt(ctx, key)
		return Disposition(decided).Filing(), err
	}
	if err != nil {
		return "", d.blame(ctx, key, fmt.Errorf("deciding mail %s: %w", key, err))
	}
	d.Log.Info("mail decided", "uid", in.UID, "disposition", string(out.Disposition), "change", out.Change.Name(), "reason", out.Reason, "took", d.Now().Sub(began).Round(time.Millisecond))
	return out.Disposition.Filing(), nil
}

// blame takes the attempt back where the mail is not at fault: a database that
// was away three times must not put a vote aside unread.
func (d *Desk) blame(ctx context.Context, key storage.MailKey, err error) error {
	if !storage.Blameless(err) {
		return err
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return errors.Join(err, d.Store.UncountAttempt(ctx, key))
}

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
	Notices     []policy.Notice
	Refusal     *policy.Refusal
}

// A conversation is one mail being decided.
type conversation struct {
	*Desk
	tx     *storage.Tx
	in     Incoming
	dir    policy.Directory
	now    time.Time // of the decision
	sha    string
	before policy.Change // as it was locked
	paper  paperFound
	number *numbering
	out    Outcome

	explaining bool // a mail that acted before is read all the same
}

func (d *Desk) open(tx *storage.Tx, in Incoming) *conversation {
	sum := sha256.Sum256(in.Raw)
	return &conversation{
		Desk: d, tx: tx, in: in, dir: d.Directory(), now: in.Received.UTC().Truncate(time.Microsecond),
		sha: hex.EncodeToString(sum[:]),
	}
}

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

// commit writes everything the mail led to. The record comes last: it locks
// the head of the chain.
func (c *conversation) commit(ctx context.Context) error {
	if err := c.saveMail(ctx); err != nil {
		return err
	}
	if err := c.publish(ctx, c.tx, c.result()); err != nil {
		return err
	}
	return c.recordMail(ctx)
}

func (c *conversation) saveMail(ctx context.Context) error {
	m := storage.Mail{
		Key: storage.MailKey{Folder: c.in.Folder, UIDValidity: c.in.UIDValidity, UID: c.in.UID}, SHA256: c.sha,
		Person: c.out.Person, Change: c.out.Change.ID, Ballot: c.out.Ballot,
		Disposition: string(c.out.Disposition), Reason: c.out.Reason,
		Received: c.in.Received, Decided: c.Desk.now(), Size: c.in.Size, Raw: c.in.Raw,
	}
	if msg := c.out.Message; msg != nil {
		m.MessageID, m.Sender, m.ContentKey = msg.MessageID, msg.From.Address, c.contentKey()
		for _, a := range msg.Attachments {
			m.Attachments = append(m.Attachments, storage.Attachment{Name: a.Name, Type: a.Type, SHA256: a.SHA256, Bytes: a.Bytes})
		}
	}
	return c.tx.SaveMail(ctx, m)
}

// contentKey names a mail by Message-ID, sender, Date and typed content, so
// that one delivered twice by different ways is known again.
func (c *conversation) contentKey() string {
	m := c.out.Message
	if m == nil || m.MessageID == "" || m.From.Address == "" {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q", m.MessageID, m.From.Address, m.Date.Unix(), m.Text+"\x00"+m.HTMLText))
	return hex.EncodeToString(sum[:])
}

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
}

func (c *conversation) recordMail(ctx context.Context) error {
	payload, err := json.Marshal(dispositionEvent{
		Disposition: c.out.Disposition, Reason: c.out.Reason, Person: c.out.Person, Change: c.out.Change.ID,
		Ballot: c.out.Ballot, Folder: c.in.Folder, UIDValidity: c.in.UIDValidity, UID: c.in.UID, Received: c.now,
	})
	if err != nil {
		return fmt.Errorf("encoding the disposition: %w", err)
	}
	return c.tx.Append(ctx, storage.SubjectMail, c.sha, storage.Entry{Kind: "mail." + string(c.out.Disposition), Payload: payload, At: c.Desk.now()})
}
