package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
)

// ErrStale is what a worker is told that comes back after its lease ran out
// and another try began: its report changes nothing.
var ErrStale = errors.New("this try is no longer the current one")

// A Try is one claim of one mail.
type Try struct {
	ID      int64
	Attempt int
}

// Try is the claim that handed out the mail.
func (m OutMail) Try() Try { return Try{m.ID, m.Attempt} }

// claims takes the mails that are due and first for their recipient and change:
// mails never overtake one another, so whatever is not at its end holds back
// those after it.
//
// It walks the index from mail to mail instead of leaving the order to the
// planner, who does not know how many wait right now and, where it thinks there
// are few, reads and sorts all of them. That a mail is not at its end is said in
// three ways, so that each part can use but the one index made for it.
const claims = `
	with recursive walk as (
		(select id, due, recipient, change from outbox
		 where state in ('pending', 'deferred') and due <= $1 order by due, id limit 1)
		union all
		select o.* from walk as w, lateral (
			select id, due, recipient, change from outbox
			where state in ('pending', 'deferred') and due <= $1 and (due, id) > (w.due, w.id)
			order by due, id limit 1) as o),
	claimed (mail, void) as (
		select o.id, o.asks and not exists (select from ballots as b where b.id = o.ballot and b.status = 'open')
		from walk as w, lateral (
			select id, asks, ballot from outbox
			where id = w.id and state not in ('sent', 'failed', 'superseded') and due <= $1
			for update skip locked) as o
		where w.id = (
			select id from outbox
			where recipient = w.recipient and change = w.change and ended_at is null
			order by id limit 1)
		limit $2)
	update outbox set
		state = case when void then 'superseded' else state end,
		ended_at = case when void then $1 end,
		due = case when void then due else $3 end,
		attempts = attempts + case when void then 0 else 1 end,
		last_error = case when void and state = 'pending' and attempts > 0 then '` + unheard + `' else last_error end
	from claimed where id = mail
	returning void, ` + outMailColumns

// unheard stands with a mail that was superseded after a worker died over it.
const unheard = "an earlier try may have been accepted: nobody heard its end"

// Claim hands out mails that are due, oldest first, at most one for each
// recipient and change. They are the caller's until the lease has passed or
// [Store.Renew] has prolonged it; the caller then reports with [Store.MarkSent],
// [Store.Defer] or [Store.Fail], or gives them back with [Store.GiveBack]. A mail
// whose ballot is no longer open is not handed out but superseded; if nobody
// knows what became of an earlier try, it says so.
func (s *Store) Claim(ctx context.Context, limit int, lease time.Duration, now time.Time) ([]OutMail, error) {
	for {
		mails, void, err := s.claim(ctx, limit, lease, now)
		if err != nil {
			return nil, fmt.Errorf("claiming outbox mail: %w", err)
		}
		if len(mails) > 0 || void == 0 {
			return mails, nil
		}
		// What the void ones held back is first now.
	}
}

func (s *Store) claim(ctx context.Context, limit int, lease time.Duration, now time.Time) (mails []OutMail, void int, err error) {
	var rows []struct {
		OutMail
		Void bool `db:"void"`
	}
	err = s.again(ctx, func() error {
		rows = nil // a second try begins anew
		return s.db.SelectContext(ctx, &rows, claims, micro(now), limit, micro(now.Add(lease)))
	})
	if err != nil {
		return nil, 0, inTime(ctx, err)
	}
	for _, row := range rows {
		if row.Void {
			void++
			continue
		}
		inUTC(&row.At)
		mails = append(mails, row.OutMail)
	}
	slices.SortFunc(mails, func(a, b OutMail) int { return cmp.Compare(a.ID, b.ID) })
	return mails, void, nil
}

// Renew prolongs the lease of mails that were claimed, and gives the ids of those
// that are still the caller's.
func (s *Store) Renew(ctx context.Context, tries []Try, until time.Time) ([]int64, error) {
	ours, err := s.reportAll(ctx, tries, `due = $3`, `ended_at is null`, micro(until))
	if err != nil {
		return nil, fmt.Errorf("renewing the lease of %d outbox mails: %w", len(tries), err)
	}
	return ours, nil
}

// GiveBack gives back mails that were claimed and not tried: they are due again
// at once, and the try does not count.
func (s *Store) GiveBack(ctx context.Context, tries []Try) error {
	// Said once only: after another claim, which has the same number then, it
	// would take the mail out of that worker's hands.
	_, err := s.reportAll(ctx, tries, `due = at, attempts = attempts - 1`, `ended_at is null`)
	if err != nil {
		return fmt.Errorf("giving back %d outbox mails: %w", len(tries), err)
	}
	return nil
}

// MarkSent reports that a server has accepted the mails, and gives the ids of
// those whose try is still the current one; the others stay as they are. A
// caller that got no answer may say it again.
func (s *Store) MarkSent(ctx context.Context, tries []Try, at time.Time) (marked []int64, err error) {
	err = s.again(ctx, func() (err error) {
		marked, err = s.reportAll(ctx, tries,
			`state = 'sent', ended_at = $3, last_error = ''`, `(ended_at is null or state = 'sent')`, micro(at))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("marking %d outbox mails as sent: %w", len(tries), err)
	}
	return marked, nil
}

// reportAll changes the mails whose current try is among those given and to
// which the condition applies, and gives their ids.
func (s *Store) reportAll(ctx context.Context, tries []Try, set, condition string, args ...any) (ids []int64, err error) {
	var mails, attempts pq.Int64Array
	for _, try := range tries {
		mails, attempts = append(mails, try.ID), append(attempts, int64(try.Attempt))
	}
	err = s.db.SelectContext(ctx, &ids, `
		update outbox set `+set+`
		from unnest($1::bigint[], $2::bigint[]) as try (mail, attempt)
		where id = mail and attempts = attempt and `+condition+`
		returning id`, append([]any{mails, attempts}, args...)...)
	return ids, inTime(ctx, err)
}

// Defer reports that the mail could not be sent now, and when to try again. What
// waits behind it need not be looked at before.
func (s *Store) Defer(ctx context.Context, try Try, until time.Time, why string) error {
	err := s.report(ctx, try, `
		with deferred as (
			update outbox set state = 'deferred', due = $3, last_error = $4
			where id = $1 and attempts = $2 and ended_at is null
			returning id, recipient, change),
		behind as (
			update outbox as o set due = greatest(o.due, $3) from deferred as d
			where o.recipient = d.recipient and o.change = d.change and o.id > d.id and o.ended_at is null)
		select id from deferred`, micro(until), clean(why))
	if err != nil {
		return fmt.Errorf("deferring outbox mail %d: %w", try.ID, err)
	}
	return nil
}

// Fail reports that the mail will never be accepted.
func (s *Store) Fail(ctx context.Context, try Try, at time.Time, why string) error {
	err := s.report(ctx, try, `
		update outbox set state = 'failed', ended_at = $3, last_error = $4
		where id = $1 and attempts = $2 and ended_at is null
		returning id`, micro(at), clean(why))
	if err != nil {
		return fmt.Errorf("marking outbox mail %d as failed: %w", try.ID, err)
	}
	return nil
}

// report runs a statement that gives a row unless the try is stale.
func (s *Store) report(ctx context.Context, try Try, statement string, args ...any) error {
	var id int64
	err := s.db.GetContext(ctx, &id, statement, append([]any{try.ID, try.Attempt}, args...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrStale
	}
	return inTime(ctx, err)
}
