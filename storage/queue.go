package storage

import (
	"context"
	"fmt"
	"slices"

	"github.com/countersign/countersign/policy"
)

// A queue is what a transaction has been told to write.
type queue struct {
	mails    []Mail
	numbers  map[series]numbers
	changes  []projection // the latest of each change
	tokens   []Token
	out      []OutMail
	returned []returned
	held     []Held
	shares   map[string]Share // by day
	events   []eventRow       // without their links

	appointed []policy.Appointment // as the events tell of them
}

// numbers are the last number of a series before the transaction, and after it.
type numbers struct{ before, last int }

// wrote says whether the transaction writes anything that was decided.
func (t *Tx) wrote() bool { return len(t.queue.events) > 0 || len(t.queue.out) > 0 }

// flush writes what is queued. The head of the chain is locked first: all
// writers then come one after the other, and none waits for a row of another
// while it holds the head. What is locked before that, changes and series of
// numbers, is locked while nothing is written yet.
func (t *Tx) flush(ctx context.Context) error {
	if len(t.queue.events) > 0 {
		if err := t.link(ctx); err != nil {
			return fmt.Errorf("recording %d events: %w", len(t.queue.events), err)
		}
	}
	for _, write := range []func(*Tx, context.Context) error{
		(*Tx).writeMails, (*Tx).writeNumbers, (*Tx).writeChanges, (*Tx).writeTokens, (*Tx).writeOut, (*Tx).writeReturned, (*Tx).writeHeld, (*Tx).writeShares, (*Tx).writeEvents,
	} {
		if err := write(t, ctx); err != nil {
			return err
		}
	}
	return nil
}

// most is how many rows one statement writes: Postgres takes 65,535 arguments.
const most = 1000

// insert writes the rows with a statement for many at once.
func insert[T any](ctx context.Context, t *Tx, statement string, rows []T) error {
	for some := range slices.Chunk(rows, most) {
		if _, err := t.tx.NamedExecContext(ctx, statement, some); err != nil {
			return err
		}
	}
	return nil
}

// queued is the change as it will be written, if it will.
func (q *queue) queued(id policy.ChangeID) (projection, bool) {
	i := slices.IndexFunc(q.changes, func(p projection) bool { return p.change.ID == id })
	if i < 0 {
		return projection{}, false
	}
	return q.changes[i], true
}

// keep queues the change in place of what was queued of it before.
func (q *queue) keep(p projection) {
	q.changes = slices.DeleteFunc(q.changes, func(old projection) bool { return old.change.ID == p.change.ID })
	q.changes = append(q.changes, p)
}

func (t *Tx) writeChanges(ctx context.Context) error {
	if err := t.saveProjections(ctx, t.queue.changes); err != nil {
		return fmt.Errorf("saving changes: %w", err)
	}
	return nil
}

func (t *Tx) writeTokens(ctx context.Context) error {
	err := insert(ctx, t, `
		insert into tokens (hash, kid, generation, purpose, change, ballot, person)
		values (:hash, :kid, :generation, :purpose, :change, nullif(:ballot, ''), :person)
		on conflict (hash) do nothing`, t.queue.tokens)
	if err != nil {
		return fmt.Errorf("saving %d tokens: %w", len(t.queue.tokens), err)
	}
	return nil
}

func (t *Tx) writeOut(ctx context.Context) error {
	type row struct {
		OutMail
		Text string `db:"text"` // the driver would write bytes as a bytea
	}
	rows := make([]row, len(t.queue.out))
	for i, m := range t.queue.out {
		rows[i] = row{m, string(m.Body)}
	}
	err := insert(ctx, t, `
		insert into outbox (message_id, change, ballot, notice, person, recipient, asks, kid,
			token_ballot, token_person, generation, body, at, due, rationed)
		values (:message_id, :change, :ballot, :notice, :person, :recipient, :asks, :kid,
			:token_ballot, :token_person, :generation, :text, :at, :at, :rationed)
		on conflict (message_id) do nothing`, rows)
	if err != nil {
		return fmt.Errorf("putting %d mails into the outbox: %w", len(t.queue.out), err)
	}
	return nil
}

func (t *Tx) writeNumbers(ctx context.Context) error {
	for s, n := range t.queue.numbers {
		if n.last == n.before {
			continue
		}
		_, err := t.tx.ExecContext(ctx, `update numbers set last = $3 where series = $1 and year = $2`, s.name, s.year, n.last)
		if err != nil {
			return fmt.Errorf("taking number %s-%04d: %w", s, n.last, err)
		}
	}
	return nil
}
