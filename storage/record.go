package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// What an event can be about.
const (
	SubjectChange    = "change"    // subject: the change's id
	SubjectMail      = "mail"      // subject: the mail's SHA-256
	SubjectDirectory = "directory" // subject: the directory's hash
	SubjectOperator  = "operator"
	SubjectClock     = "clock"
)

// An Entry is an event to be recorded: what [policy.EncodeEvent] made of it,
// or JSON of the caller's where it is not about a change.
type Entry struct {
	Kind    string
	Payload []byte
	At      time.Time
}

type eventRow struct {
	Seq         int64     `db:"seq"`
	At          time.Time `db:"at"`
	SubjectKind string    `db:"subject_kind"`
	Subject     string    `db:"subject"`
	Kind        string    `db:"kind"`
	Prev        []byte    `db:"prev"`
	PayloadHash []byte    `db:"payload_hash"`
	Hash        []byte    `db:"hash"`
	Salt        []byte    `db:"salt"`
	Payload     *string   `db:"payload"`
}

func (r eventRow) link() link {
	return link{seq: r.Seq, at: r.At, subjectKind: r.SubjectKind, subject: r.Subject, kind: r.Kind, payloadHash: r.PayloadHash, prev: r.Prev}
}

// Append adds events to the record. It comes last in a transaction: it locks
// the head of the chain, for which every other writer then waits. Nothing can
// be locked after it.
func (t *Tx) Append(ctx context.Context, subjectKind, subject string, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := t.append(ctx, subjectKind, subject, entries); err != nil {
		return fmt.Errorf("recording %d events about %s %s: %w", len(entries), subjectKind, subject, err)
	}
	return nil
}

func (t *Tx) append(ctx context.Context, subjectKind, subject string, entries []Entry) error {
	var last eventRow
	if err := t.tx.GetContext(ctx, &last, `select seq, hash from chain_head for update`); err != nil {
		return fmt.Errorf("locking the head of the chain: %w", err)
	}
	t.appended = true
	for _, e := range entries {
		last = next(last, subjectKind, subject, e)
		if err := t.insertEvent(ctx, last); err != nil {
			return err
		}
	}
	if _, err := t.tx.ExecContext(ctx, `update chain_head set seq = $1, hash = $2`, last.Seq, last.Hash); err != nil {
		return fmt.Errorf("moving the head of the chain: %w", err)
	}
	if subjectKind == SubjectChange {
		return t.updated(ctx, policy.ChangeID(subject), last.Seq)
	}
	return nil
}

// next is the event that follows the last one.
func next(last eventRow, subjectKind, subject string, e Entry) eventRow {
	salt := make([]byte, saltSize)
	rand.Read(salt) //nolint:errcheck // crypto/rand never returns an error
	payload := string(e.Payload)
	row := eventRow{
		Seq: last.Seq + 1, At: micro(e.At), SubjectKind: subjectKind, Subject: subject, Kind: e.Kind,
		Prev: last.Hash, PayloadHash: hashPayload(salt, e.Payload), Salt: salt, Payload: &payload,
	}
	row.Hash = row.link().hash()
	return row
}

func (t *Tx) insertEvent(ctx context.Context, row eventRow) error {
	_, err := t.tx.NamedExecContext(ctx, `
		with event as (
			insert into events (seq, at, subject_kind, subject, kind, prev, payload_hash, hash)
			values (:seq, :at, :subject_kind, :subject, :kind, :prev, :payload_hash, :hash)
			returning seq)
		insert into event_payloads (seq, salt, payload)
		select seq, :salt, :payload from event`, row)
	if err != nil {
		return fmt.Errorf("adding event %d (%s): %w", row.Seq, row.Kind, err)
	}
	return nil
}

// mayLock refuses a lock that would be taken out of order.
func (t *Tx) mayLock() error {
	if t.appended {
		return errors.New("the head of the chain is locked already; it must be locked last")
	}
	return nil
}
