package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/countersign/countersign/policy"
)

// A MailKey is where the mailbox holds a mail; no two mails share one.
type MailKey struct {
	Folder      string
	UIDValidity uint32
	UID         uint32
}

func (k MailKey) String() string { return fmt.Sprintf("%s/%d/%d", k.Folder, k.UIDValidity, k.UID) }

// A Mail is one mail for the archive, with what became of it.
type Mail struct {
	Key         MailKey
	SHA256      string // of Raw, in hex
	MessageID   string // only its hash is kept
	ContentKey  string // hash of Message-ID, sender, Date and typed content
	Sender      string // address
	Person      policy.PersonID
	Change      policy.ChangeID
	Ballot      policy.BallotID
	Disposition string // what became of it, as the desk names it
	Reason      string
	Received    time.Time
	Decided     time.Time
	Size        int64
	Raw         []byte
	Attachments []Attachment
	NotKept     bool      // neither of them is: the mail lies in the mailbox alone
	Away        time.Time // a day: until then its sender is away; zero where it says nothing of that
}

// An Attachment is a part of a mail kept as evidence.
type Attachment struct {
	Name   string
	Type   string
	SHA256 string // of Bytes, in hex
	Bytes  []byte
}

// SaveMail archives the mail with its disposition. If the mail was decided
// before, the transaction ends with ErrDuplicate.
func (t *Tx) SaveMail(m Mail) { t.queue.mails = append(t.queue.mails, m) }

type mailRow struct {
	Folder        string          `db:"folder"`
	UIDValidity   uint32          `db:"uidvalidity"`
	UID           uint32          `db:"uid"`
	Disposition   string          `db:"disposition"`
	Reason        string          `db:"reason"`
	SHA256        string          `db:"sha256"`
	MessageIDHash string          `db:"message_id_hash"`
	ContentKey    string          `db:"content_key"`
	Sender        string          `db:"sender"`
	Person        policy.PersonID `db:"person"`
	Change        policy.ChangeID `db:"change"`
	Ballot        policy.BallotID `db:"ballot"`
	Received      time.Time       `db:"received_at"`
	Decided       time.Time       `db:"decided_at"`
	Size          int64           `db:"size"`
	Raw           []byte          `db:"raw"` // nil where it is not kept, or no longer
	Away          *string         `db:"away_until"`
}

func (m Mail) row() mailRow {
	row := mailRow{
		Folder: m.Key.Folder, UIDValidity: m.Key.UIDValidity, UID: m.Key.UID, Disposition: m.Disposition,
		Reason: clean(m.Reason), SHA256: m.SHA256, MessageIDHash: hashOf(m.MessageID), ContentKey: m.ContentKey,
		Sender: clean(m.Sender), Person: m.Person, Change: m.Change, Ballot: m.Ballot,
		Received: micro(m.Received), Decided: micro(m.Decided), Size: m.Size, Raw: notNil(m.Raw), Away: dateOrNil(m.Away),
	}
	if m.NotKept {
		row.Raw = nil
	}
	return row
}

func (t *Tx) writeMails(ctx context.Context) error {
	rows := make([]mailRow, len(t.queue.mails))
	for i, m := range t.queue.mails {
		rows[i] = m.row()
	}
	err := insert(ctx, t, `
		insert into messages (folder, uidvalidity, uid, disposition, reason, sha256, message_id_hash,
			content_key, sender, person, change, ballot, received_at, decided_at, size, raw, away_until)
		values (:folder, :uidvalidity, :uid, :disposition, :reason, :sha256, :message_id_hash,
			:content_key, :sender, :person, :change, :ballot, :received_at, :decided_at, :size, :raw, :away_until)`, rows)
	if pq.As(err, pqerror.UniqueViolation) != nil {
		err = ErrDuplicate
	}
	if err != nil {
		return fmt.Errorf("archiving %d mails, from %s: %w", len(rows), t.queue.mails[0].Key, err)
	}
	for _, m := range t.queue.mails {
		if m.NotKept {
			continue
		}
		if err := t.writeAttachments(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) writeAttachments(ctx context.Context, m Mail) error {
	for n, a := range m.Attachments {
		_, err := t.tx.ExecContext(ctx, `
			insert into attachments (message, n, name, type, sha256, bytes)
			select id, $4, $5, $6, $7, $8 from messages where folder = $1 and uidvalidity = $2 and uid = $3`,
			m.Key.Folder, m.Key.UIDValidity, m.Key.UID, n+1, clean(a.Name), clean(a.Type), a.SHA256, notNil(a.Bytes))
		if err != nil {
			return fmt.Errorf("archiving attachment %d of mail %s: %w", n+1, m.Key, err)
		}
	}
	return nil
}

// hashOf is the hash by which a mail's text is searched, in hex; empty for no
// text.
func hashOf(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// notNil keeps empty bytes from becoming null, which means that they are not kept.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// acted are the dispositions of a mail that makes a copy of it a duplicate.
var acted = []string{"accepted", "counted", "answered", "noted"}

// Twin finds an earlier mail that acted and is the same as this one: the same
// raw bytes, or the same content key. Mail that did not act, such as an
// unverified one, never makes another a duplicate.
func (t *Tx) Twin(ctx context.Context, sha256, contentKey string) (disposition string, found bool, err error) {
	if !t.seen.looked[sha256] {
		if err := t.lookForTwins(ctx, []Letter{{SHA256: sha256, ContentKey: contentKey}}); err != nil {
			return "", false, err
		}
	}
	same := func(sha, key string) bool { return sha == sha256 || key == contentKey && key != "" }
	for _, m := range t.seen.twins {
		if same(m.SHA256, m.ContentKey) {
			return m.Disposition, true, nil
		}
	}
	for _, m := range t.queue.mails {
		if same(m.SHA256, m.ContentKey) && slices.Contains(acted, m.Disposition) {
			return m.Disposition, true, nil
		}
	}
	return "", false, nil
}
