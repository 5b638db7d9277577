package storage

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A returned mail is one that a server took and could not deliver.
type returned struct {
	id  int64
	at  time.Time
	why string
}

// Return marks the mail of ours as failed, and why: a server took it, and it
// came back. It says whether it did: a mail that has not left, is void, or is
// known to have failed stays as it is.
//
// The row is locked here and written with the rest, so that nobody who holds the
// head of the chain waits for it. A worker that has yet to mark the mail as sent
// finds it at its end.
func (t *Tx) Return(ctx context.Context, m OutMail, at time.Time, why string) (bool, error) {
	if slices.ContainsFunc(t.queue.returned, func(r returned) bool { return r.id == m.ID }) {
		return false, nil
	}
	var left bool
	err := t.tx.GetContext(ctx, &left, `
		select attempts > 0 and state in ('pending', 'deferred', 'sent') from outbox where id = $1 for update`, m.ID)
	if err != nil {
		return false, fmt.Errorf("looking what became of outbox mail %d: %w", m.ID, orNotFound(err))
	}
	if left {
		t.queue.returned = append(t.queue.returned, returned{m.ID, micro(at), clean(why)})
	}
	return left, nil
}

func (t *Tx) writeReturned(ctx context.Context) error {
	for _, r := range t.queue.returned {
		_, err := t.tx.ExecContext(ctx, `update outbox set state = 'failed', ended_at = $2, last_error = $3 where id = $1`, r.id, r.at, r.why)
		if err != nil {
			return fmt.Errorf("marking outbox mail %d as failed: %w", r.id, err)
		}
	}
	return nil
}
