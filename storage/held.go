package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Held is a mail that waits until its sender says, from the mailbox on file,
// that it is theirs.
type Held struct {
	ID          string          `db:"id"`
	KeyID       string          `db:"kid"`
	Folder      string          `db:"folder"`
	UIDValidity uint32          `db:"uidvalidity"`
	UID         uint32          `db:"uid"`
	Person      policy.PersonID `db:"person"`
	At          time.Time       `db:"at"`
	Until       time.Time       `db:"until"` // when it is forgotten
	Ended       *time.Time      `db:"ended_at"`
	Outcome     string          `db:"outcome"`
}

// What becomes of a held mail.
const (
	Confirmed = "confirmed"
	Denied    = "denied"
)

// Key is where the mail lies.
func (h Held) Key() MailKey { return MailKey{h.Folder, h.UIDValidity, h.UID} }

// Hold keeps the mail waiting. The same mail again changes nothing.
func (t *Tx) Hold(h Held) {
	h.At, h.Until = micro(h.At), micro(h.Until)
	t.queue.held = append(t.queue.held, h)
}

func (t *Tx) writeHeld(ctx context.Context) error {
	err := insert(ctx, t, `
		insert into held (id, kid, folder, uidvalidity, uid, person, at, until)
		values (:id, :kid, :folder, :uidvalidity, :uid, :person, :at, :until)
		on conflict (id) do nothing`, t.queue.held)
	if err != nil {
		return fmt.Errorf("holding %d mails: %w", len(t.queue.held), err)
	}
	return nil
}

// LockHeld gives the held mail and its bytes, and keeps everyone else from it
// until the transaction ends; ErrNotFound where there is none.
func (t *Tx) LockHeld(ctx context.Context, id string) (h Held, raw []byte, err error) {
	err = t.tx.GetContext(ctx, &h, `
		select id, kid, folder, uidvalidity, uid, person, at, until, ended_at, outcome from held where id = $1 for update`, clean(id))
	if err != nil {
		return Held{}, nil, fmt.Errorf("looking for held mail %s: %w", id, orNotFound(err))
	}
	inUTC(&h.At, &h.Until)
	err = t.tx.GetContext(ctx, &raw, `
		select raw from messages where folder = $1 and uidvalidity = $2 and uid = $3`, h.Folder, h.UIDValidity, h.UID)
	if err != nil {
		return Held{}, nil, fmt.Errorf("reading held mail %s: %w", h.Key(), orNotFound(err))
	}
	return h, raw, nil
}

// EndHeld writes down what became of the held mail.
func (t *Tx) EndHeld(ctx context.Context, id, outcome string, at time.Time) error {
	_, err := t.tx.ExecContext(ctx, `update held set ended_at = $2, outcome = $3 where id = $1`, id, micro(at), outcome)
	if err != nil {
		return fmt.Errorf("ending held mail %s: %w", id, err)
	}
	return nil
}

// Rations are how many mails that decide nothing somebody got.
type Rations struct {
	All      int `db:"all"`
	OfChange int `db:"of_change"` // those about one change, or about none
}

// Rationed counts the rationed mails to the address that were owed since then.
func (t *Tx) Rationed(ctx context.Context, recipient string, change policy.ChangeID, since time.Time) (r Rations, err error) {
	err = t.tx.GetContext(ctx, &r, `
		select count(*) as all, count(*) filter (where change = $2) as of_change
		from outbox where rationed and recipient = $1 and at > $3`, recipient, change, micro(since))
	if err != nil {
		return Rations{}, fmt.Errorf("counting what was written to somebody of late: %w", err)
	}
	return r, nil
}
