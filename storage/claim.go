package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrStale is what a worker is told that comes back after its lease ran out
// and another try began: its report changes nothing.
var ErrStale = errors.New("this try is no longer the current one")

// first says of a row of the outbox that nothing older is owed to the same
// recipient on the same change. Mails never overtake one another, so only such
// rows can be claimed; a row in a worker's hands holds back those after it.
const first = `not exists (
	select from outbox as earlier
	where earlier.id < o.id and earlier.recipient = o.recipient and earlier.change = o.change
		and earlier.state in ('pending', 'deferred'))`

// Claim hands out mails that are due, oldest first, at most one for each
// recipient and change. They are the caller's until the lease has passed; the
// caller then reports with [Store.MarkSent], [Store.Defer] or [Store.Fail]. A
// mail whose ballot is no longer open is not handed out but superseded.
func (s *Store) Claim(ctx context.Context, limit int, lease time.Duration, now time.Time) ([]OutMail, error) {
	var mails []OutMail
	err := s.Tx(ctx, func(t *Tx) error {
		mails = nil // a second try begins anew
		if err := t.supersede(ctx, now); err != nil {
			return err
		}
		return t.tx.SelectContext(ctx, &mails, `
			with due as (
				select o.id from outbox as o
				where o.state in ('pending', 'deferred') and o.due <= $1 and `+first+`
				order by o.due, o.id limit $2
				for update skip locked)
			update outbox set due = $3, attempts = attempts + 1
			where id in (select id from due)
			returning `+outMailColumns, micro(now), limit, micro(now.Add(lease)))
	})
	if err != nil {
		return nil, fmt.Errorf("claiming outbox mail: %w", err)
	}
	for i := range mails {
		inUTC(&mails[i].At)
	}
	slices.SortFunc(mails, func(a, b OutMail) int { return cmp.Compare(a.ID, b.ID) })
	return mails, nil
}

// supersede ends the mails that ask what nobody asks any more. Those in a
// worker's hands are left to it: they are not due.
func (t *Tx) supersede(ctx context.Context, now time.Time) error {
	_, err := t.tx.ExecContext(ctx, `
		with void as (
			select o.id from outbox as o
			where o.asks and o.state in ('pending', 'deferred') and o.due <= $1
				and not exists (select from ballots as b where b.id = o.ballot and b.status = 'open')
			for update skip locked)
		update outbox set state = 'superseded', ended_at = $1 where id in (select id from void)`, micro(now))
	if err != nil {
		return fmt.Errorf("superseding mail about ballots that are no longer open: %w", err)
	}
	return nil
}

// MarkSent reports that a server has accepted the mail.
func (s *Store) MarkSent(ctx context.Context, id int64, attempt int, at time.Time) error {
	err := s.report(ctx, id, attempt, `state = 'sent', ended_at = $3, last_error = ''`, micro(at))
	if err != nil {
		return fmt.Errorf("marking outbox mail %d as sent: %w", id, err)
	}
	return nil
}

// Defer reports that the mail could not be sent now, and when to try again.
func (s *Store) Defer(ctx context.Context, id int64, attempt int, until time.Time, why string) error {
	err := s.report(ctx, id, attempt, `state = 'deferred', due = $3, last_error = $4`, micro(until), clean(why))
	if err != nil {
		return fmt.Errorf("deferring outbox mail %d: %w", id, err)
	}
	return nil
}

// Fail reports that the mail will never be accepted.
func (s *Store) Fail(ctx context.Context, id int64, attempt int, at time.Time, why string) error {
	err := s.report(ctx, id, attempt, `state = 'failed', ended_at = $3, last_error = $4`, micro(at), clean(why))
	if err != nil {
		return fmt.Errorf("marking outbox mail %d as failed: %w", id, err)
	}
	return nil
}

func (s *Store) report(ctx context.Context, id int64, attempt int, set string, args ...any) error {
	result, err := s.db.ExecContext(ctx, `
		update outbox set `+set+` where id = $1 and attempts = $2 and state in ('pending', 'deferred')`,
		append([]any{id, attempt}, args...)...)
	if err != nil {
		return err
	}
	return oneRow(result, ErrStale)
}

// NextDue says when the next mail can be claimed; false when none is owed.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullTime
	err := s.db.GetContext(ctx, &due, `
		select min(o.due) from outbox as o where o.state in ('pending', 'deferred') and `+first)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("looking up when the next mail is due: %w", err)
	}
	return due.Time.UTC(), due.Valid, nil
}
