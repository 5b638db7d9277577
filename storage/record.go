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
	SubjectArchive   = "archive" // subject: the time before which its mail was pruned
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

// Append adds events to the record. They follow one another in the order in
// which they were appended.
func (t *Tx) Append(subjectKind, subject string, entries ...Entry) {
	for _, e := range entries {
		payload := string(e.Payload)
		t.queue.events = append(t.queue.events, eventRow{
			At: micro(e.At), SubjectKind: subjectKind, Subject: subject, Kind: e.Kind, Payload: &payload,
		})
	}
}

// ErrDirectoryChanged is why a decision is not recorded that was made under
// another directory than the one in force: somebody has brought a newer
// configuration into force meanwhile.
var ErrDirectoryChanged = errors.New("another directory is in force")

// ErrSchemaTooNew is why a program does not record what it decided: the
// database has been brought to a schema that this program does not know.
var ErrSchemaTooNew = errors.New("the database's schema is too new for this program")

func tooNew(oldest int) error {
	return fmt.Errorf("%w: it needs one that knows schema %d, this one knows %d: install a newer countersign", ErrSchemaTooNew, oldest, SchemaVersion)
}

// Under binds the transaction to the directory with the hash: if another one is
// in force when the transaction ends, it fails with [ErrDirectoryChanged].
func (t *Tx) Under(hash string) { t.under = hash }

// link locks the head of the chain and gives every event its place. Every other
// writer then waits.
func (t *Tx) link(ctx context.Context) error {
	last, err := t.lockHead(ctx)
	if err != nil {
		return err
	}
	seqs := map[policy.ChangeID]int64{}
	for i, e := range t.queue.events {
		last = next(last, e)
		t.queue.events[i] = last
		if e.SubjectKind == SubjectChange {
			seqs[policy.ChangeID(e.Subject)] = last.Seq
		}
	}
	for i := range t.queue.changes {
		row := &t.queue.changes[i].change
		row.UpdatedSeq = seqs[row.ID]
	}
	return nil
}

func (t *Tx) lockHead(ctx context.Context) (eventRow, error) {
	var head struct {
		Seq       int64  `db:"seq"`
		Hash      []byte `db:"hash"`
		Directory string `db:"directory"`
		Appointed int64  `db:"appointed"`
		Oldest    int    `db:"oldest"`
	}
	err := t.tx.GetContext(ctx, &head, `
		select h.seq, h.hash, h.directory, h.appointed, i.oldest
		from chain_head as h cross join schema_info as i for update of h`)
	switch {
	case err != nil:
		return eventRow{}, fmt.Errorf("locking the head of the chain: %w", err)
	case head.Oldest > SchemaVersion:
		return eventRow{}, tooNew(head.Oldest)
	case t.under != "" && t.under != head.Directory:
		return eventRow{}, ErrDirectoryChanged
	case t.seen.lastAppointed != nil && *t.seen.lastAppointed != head.Appointed:
		return eventRow{}, errAppointed
	}
	if t.inForce == nil {
		t.inForce = &head.Directory
	}
	return eventRow{Seq: head.Seq, Hash: head.Hash}, nil
}

func (t *Tx) writeEvents(ctx context.Context) error {
	rows := t.queue.events
	if len(rows) == 0 {
		return nil
	}
	err := insert(ctx, t, `
		insert into events (seq, at, subject_kind, subject, kind, prev, payload_hash, hash)
		values (:seq, :at, :subject_kind, :subject, :kind, :prev, :payload_hash, :hash)`, rows)
	if err != nil {
		return fmt.Errorf("adding %d events: %w", len(rows), err)
	}
	err = insert(ctx, t, `insert into event_payloads (seq, salt, payload) values (:seq, :salt, :payload)`, rows)
	if err != nil {
		return fmt.Errorf("adding what %d events say: %w", len(rows), err)
	}
	last := rows[len(rows)-1]
	_, err = t.tx.ExecContext(ctx, `
		update chain_head set seq = $1, hash = $2, directory = $3, appointed = greatest(appointed, $4)`,
		last.Seq, last.Hash, *t.inForce, lastAppointed(rows))
	if err != nil {
		return fmt.Errorf("moving the head of the chain: %w", err)
	}
	return nil
}

// lastAppointed is the last of the events that appoints a deputy; 0 where none
// does.
func lastAppointed(rows []eventRow) (seq int64) {
	for _, e := range rows {
		if e.Kind == EventAppointed {
			seq = e.Seq
		}
	}
	return seq
}

// next is the event with its place behind the last one.
func next(last, e eventRow) eventRow {
	e.Salt = make([]byte, saltSize)
	rand.Read(e.Salt) //nolint:errcheck // crypto/rand never returns an error
	e.Seq, e.Prev, e.PayloadHash = last.Seq+1, last.Hash, hashPayload(e.Salt, []byte(*e.Payload))
	e.Hash = e.link().hash()
	return e
}
