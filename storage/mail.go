package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
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
}

// An Attachment is a part of a mail kept as evidence.
type Attachment struct {
	Name   string
	Type   string
	SHA256 string // of Bytes, in hex
	Bytes  []byte
}

// CountAttempt counts, in a transaction of its own, that the mail is about to
// be read. It gives how often that has been tried, and the disposition if the
// mail was decided already; then it is not counted again.
func (s *Store) CountAttempt(ctx context.Context, key MailKey) (attempts int, disposition string, err error) {
	err = s.Tx(ctx, func(t *Tx) error {
		attempts, disposition, err = t.countAttempt(ctx, key)
		return err
	})
	if err != nil {
		return 0, "", fmt.Errorf("counting an attempt at mail %s: %w", key, err)
	}
	return attempts, disposition, nil
}

func (t *Tx) countAttempt(ctx context.Context, key MailKey) (attempts int, disposition string, err error) {
	err = t.tx.QueryRowContext(ctx, `
		select m.disposition, coalesce(a.attempts, 0)
		from messages as m left join attempts as a using (folder, uidvalidity, uid)
		where m.folder = $1 and m.uidvalidity = $2 and m.uid = $3`,
		key.Folder, key.UIDValidity, key.UID).Scan(&disposition, &attempts)
	if !errors.Is(err, sql.ErrNoRows) {
		return attempts, disposition, err
	}
	err = t.tx.QueryRowContext(ctx, `
		insert into attempts (folder, uidvalidity, uid, attempts) values ($1, $2, $3, 1)
		on conflict (folder, uidvalidity, uid) do update set attempts = attempts.attempts + 1
		returning attempts`, key.Folder, key.UIDValidity, key.UID).Scan(&attempts)
	return attempts, "", err
}

// UncountAttempt takes an attempt back that the mail is not to blame for, such
// as one that ended with the database's connection.
func (s *Store) UncountAttempt(ctx context.Context, key MailKey) error {
	_, err := s.db.ExecContext(ctx, `
		update attempts set attempts = attempts - 1
		where folder = $1 and uidvalidity = $2 and uid = $3 and attempts > 0`, key.Folder, key.UIDValidity, key.UID)
	if err != nil {
		return fmt.Errorf("taking back an attempt at mail %s: %w", key, err)
	}
	return nil
}

// SaveMail archives the mail with its disposition. It is ErrDuplicate if the
// mail was decided before.
func (t *Tx) SaveMail(ctx context.Context, m Mail) error {
	id, err := t.insertMail(ctx, m)
	if pq.As(err, pqerror.UniqueViolation) != nil {
		return fmt.Errorf("archiving mail %s: %w", m.Key, ErrDuplicate)
	}
	if err != nil {
		return fmt.Errorf("archiving mail %s: %w", m.Key, err)
	}
	for n, a := range m.Attachments {
		_, err := t.tx.ExecContext(ctx, `
			insert into attachments (message, n, name, type, sha256, bytes)
			values ($1, $2, $3, $4, $5, $6)`,
			id, n+1, clean(a.Name), clean(a.Type), a.SHA256, notNil(a.Bytes))
		if err != nil {
			return fmt.Errorf("archiving attachment %d of mail %s: %w", n+1, m.Key, err)
		}
	}
	return nil
}

func (t *Tx) insertMail(ctx context.Context, m Mail) (id int64, err error) {
	err = t.tx.QueryRowContext(ctx, `
		insert into messages (folder, uidvalidity, uid, disposition, reason, sha256, message_id_hash,
			content_key, sender, person, change, ballot, received_at, decided_at, size, raw)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		returning id`,
		m.Key.Folder, m.Key.UIDValidity, m.Key.UID, m.Disposition, clean(m.Reason), m.SHA256, hashOf(m.MessageID),
		m.ContentKey, clean(m.Sender), m.Person, m.Change, m.Ballot, micro(m.Received), micro(m.Decided), m.Size, notNil(m.Raw)).Scan(&id)
	return id, err
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

// notNil keeps empty bytes from becoming null, which means pruned.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Twin finds an earlier mail that acted and is the same as this one: the same
// raw bytes, or the same content key. Mail that did not act, such as an
// unverified one, never makes another a duplicate.
func (t *Tx) Twin(ctx context.Context, sha256, contentKey string) (disposition string, found bool, err error) {
	err = t.tx.GetContext(ctx, &disposition, `
		select disposition from messages
		where disposition in ('accepted', 'counted', 'answered', 'noted')
			and (sha256 = $1 or (content_key = $2 and content_key <> ''))
		order by id limit 1`, sha256, contentKey)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("looking for an earlier copy of a mail: %w", err)
	}
	return disposition, true, nil
}
