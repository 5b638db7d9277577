package storage

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/policy"
)

// FirstEvent is when the record begins; zero while it is empty.
func (s *Store) FirstEvent(ctx context.Context) (time.Time, error) { return firstEvent(ctx, s.db) }

// FirstEvent is when the record begins; zero while it is empty.
func (t *Tx) FirstEvent(ctx context.Context) (time.Time, error) { return firstEvent(ctx, t.tx) }

func firstEvent(ctx context.Context, db sqlx.QueryerContext) (time.Time, error) {
	var at *time.Time
	if err := sqlx.GetContext(ctx, db, &at, `select min(at) from events where seq = 1`); err != nil {
		return time.Time{}, fmt.Errorf("reading when the record begins: %w", err)
	}
	return timeOrZero(at), nil
}

// Histories gives what was recorded before the end of every change to which
// something happened from the beginning on, or that was open when it ended.
func (t *Tx) Histories(ctx context.Context, from, to time.Time) ([]policy.History, error) {
	var rows []struct {
		Subject policy.ChangeID `db:"subject"`
		Kind    string          `db:"kind"`
		Payload string          `db:"payload"`
		At      time.Time       `db:"at"`
	}
	err := t.tx.SelectContext(ctx, &rows, `
		with living (id) as (
			select subject from events where subject_kind = 'change' and at >= $1 and at < $2
			union
			select id from changes where ended_at is null
			union
			select id from changes where ended_at >= $1)
		select e.subject, e.kind, p.payload, e.at
		from living as l
		join events as e on e.subject_kind = 'change' and e.subject = l.id and e.at < $2
		join event_payloads as p using (seq)
		order by e.subject, e.seq`, micro(from), micro(to))
	if err != nil {
		return nil, fmt.Errorf("reading what happened to changes from %s on: %w", from.Format(time.DateOnly), err)
	}
	var list []policy.History
	for _, row := range rows {
		event, err := policy.DecodeEvent(row.Kind, []byte(row.Payload))
		if err != nil {
			return nil, fmt.Errorf("change %s: %w", row.Subject, err)
		}
		if len(list) == 0 || list[len(list)-1].ID != row.Subject {
			list = append(list, policy.History{ID: row.Subject})
		}
		last := &list[len(list)-1]
		last.Events = append(last.Events, policy.Dated{Event: event, At: row.At.UTC()})
	}
	return list, nil
}

// HeadBefore is the last event recorded before the time.
func (t *Tx) HeadBefore(ctx context.Context, before time.Time) (policy.Head, error) {
	var rows []struct {
		Seq  int64  `db:"seq"`
		Hash []byte `db:"hash"`
	}
	err := t.tx.SelectContext(ctx, &rows, `
		select seq, hash from events where at < $1 order by seq desc limit 1`, micro(before))
	if err != nil || len(rows) == 0 {
		return policy.Head{}, wrapped(err, "reading the head of the chain as it was")
	}
	return policy.Head{Seq: rows[0].Seq, Hash: hex.EncodeToString(rows[0].Hash)}, nil
}

func wrapped(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// refusals are the reasons of answered mails that are attempts at what the
// policy does not allow.
var refusals = []policy.RefusalCode{
	policy.RefusedNotProposer, policy.RefusedWrongPerson, policy.RefusedNotEligible,
	policy.RefusedFourEyes, policy.RefusedOwnWork,
}

// RefusedBetween lists the attempts that were refused between two times.
func (t *Tx) RefusedBetween(ctx context.Context, from, to time.Time) ([]policy.Refused, error) {
	var rows []struct {
		Person policy.PersonID    `db:"person"`
		Number string             `db:"name"`
		Code   policy.RefusalCode `db:"reason"`
		At     time.Time          `db:"at"`
	}
	reasons := make([]string, len(refusals))
	for i, code := range refusals {
		reasons[i] = string(code)
	}
	err := t.tx.SelectContext(ctx, &rows, `
		select m.person, coalesce(c.number, c.draft, '') as name, split_part(m.reason, ': ', 1) as reason, m.decided_at as at
		from messages as m left join changes as c on c.id = m.change
		where m.decided_at >= $1 and m.decided_at < $2 and m.disposition = 'answered' and split_part(m.reason, ': ', 1) = any($3)
		order by m.id`, micro(from), micro(to), reasons)
	if err != nil {
		return nil, fmt.Errorf("reading the attempts that were refused: %w", err)
	}
	var list []policy.Refused
	for _, row := range rows {
		list = append(list, policy.Refused{Person: row.Person, Number: row.Number, Code: row.Code, At: row.At.UTC()})
	}
	return list, nil
}

// DirectoriesBefore lists, oldest first, the directories brought into force
// between two times, and before them the one that was in force when they began.
func (t *Tx) DirectoriesBefore(ctx context.Context, from, to time.Time) ([]Directory, error) {
	var list []Directory
	err := t.tx.SelectContext(ctx, &list, `
		select hash, body, host, at from directory
		where at < $2 and version >= coalesce((select max(version) from directory where at < $1), 0)
		order by version`, micro(from), micro(to))
	if err != nil {
		return nil, fmt.Errorf("reading the directories of the month: %w", err)
	}
	for i := range list {
		inUTC(&list[i].At)
	}
	return list, nil
}

// SendAgain makes those of the mails due again that have left or were given up,
// as they are: the same bytes under the same ids. It gives how many there were.
func (t *Tx) SendAgain(ctx context.Context, notice string, ids []string, now time.Time) (int, error) {
	done, err := t.tx.ExecContext(ctx, `
		update outbox set state = 'pending', due = $3, ended_at = null, last_error = ''
		where notice = $1 and message_id = any($2) and ended_at is not null`, notice, ids, micro(now))
	if err != nil {
		return 0, fmt.Errorf("making mails due again: %w", err)
	}
	n, err := done.RowsAffected()
	if err == nil && n > 0 {
		_, err = t.tx.ExecContext(ctx, `select pg_notify('countersign_outbox', '')`)
	}
	return int(n), wrapped(err, "making mails due again")
}

// Said gives what the record says under the kind about the subject, the latest;
// nil where it says nothing.
func (s *Store) Said(ctx context.Context, subjectKind, subject, kind string) ([]byte, error) {
	var payloads []string
	err := s.db.SelectContext(ctx, &payloads, `
		select p.payload from events as e join event_payloads as p using (seq)
		where e.subject_kind = $1 and e.subject = $2 and e.kind = $3 order by e.seq desc limit 1`, subjectKind, subject, kind)
	if err != nil || len(payloads) == 0 {
		return nil, wrapped(err, "reading the record")
	}
	return []byte(payloads[0]), nil
}
