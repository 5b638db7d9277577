package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Share is what the archive has taken on one day of mail for whose sender
// nobody vouches.
type Share struct {
	Bytes   int64 `db:"bytes"`    // that were kept
	LeftOut int   `db:"left_out"` // mails of which they were not
}

func (s Share) plus(more Share) Share { return Share{s.Bytes + more.Bytes, s.LeftOut + more.LeftOut} }

// Share gives the share of a day, with what this transaction adds to it. It is read
// once and not locked: who decides at the very same time may go over a limit, by
// what one transaction takes.
func (t *Tx) Share(ctx context.Context, day time.Time) (Share, error) {
	name := day.Format(time.DateOnly)
	known, read := t.seen.shares[name]
	if !read {
		err := t.tx.GetContext(ctx, &known, `select bytes, left_out from strangers where day = $1`, name)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Share{}, fmt.Errorf("reading what strangers' mail took on %s: %w", name, err)
		}
		if t.seen.shares == nil {
			t.seen.shares = map[string]Share{}
		}
		t.seen.shares[name] = known
	}
	return known.plus(t.queue.shares[name]), nil
}

// AddShare adds to the share of a day.
func (t *Tx) AddShare(day time.Time, more Share) {
	if t.queue.shares == nil {
		t.queue.shares = map[string]Share{}
	}
	name := day.Format(time.DateOnly)
	t.queue.shares[name] = t.queue.shares[name].plus(more)
}

func (t *Tx) writeShares(ctx context.Context) error {
	for day, s := range t.queue.shares {
		_, err := t.tx.ExecContext(ctx, `
			insert into strangers as s (day, bytes, left_out) values ($1, $2, $3)
			on conflict (day) do update set bytes = s.bytes + excluded.bytes, left_out = s.left_out + excluded.left_out`, day, s.Bytes, s.LeftOut)
		if err != nil {
			return fmt.Errorf("counting what strangers' mail took on %s: %w", day, err)
		}
	}
	return nil
}

// SameBytes says whether a mail that acted has the very bytes of this one, among
// those that [Tx.Twin] has looked at.
func (t *Tx) SameBytes(sha256 string) bool {
	return slices.ContainsFunc(t.seen.twins, func(m twin) bool { return m.SHA256 == sha256 }) ||
		slices.ContainsFunc(t.queue.mails, func(m Mail) bool { return m.SHA256 == sha256 && slices.Contains(acted, m.Disposition) })
}

// lost says whether mails are without their bytes of which no event tells that
// they were not kept, or that they were pruned.
func (t *Tx) lost(ctx context.Context) ([]string, error) {
	var lost []string
	err := t.tx.SelectContext(ctx, &lost, `
		select sha256 from messages where raw is null
		except all (
			select e.subject from events as e join event_payloads as p using (seq)
			where e.subject_kind = 'mail' and p.payload like '%"not_kept":true%'
			union all
			select json_array_elements_text(p.payload::json -> 'sha256') from events as e join event_payloads as p using (seq)
			where e.subject_kind = 'archive')
		order by 1`)
	if err != nil {
		return nil, fmt.Errorf("looking for mails without their bytes: %w", err)
	}
	for i, sha := range lost {
		lost[i] = "mail " + sha + ": its bytes are gone, and no event says why"
	}
	return lost, nil
}
