package storage

import (
	"context"
	"fmt"
)

// An Attempt is what is known of a mail before it is read.
type Attempt struct {
	Before      int    `db:"attempts"`    // how often it was tried before
	Disposition string `db:"disposition"` // set if it was decided already
}

// CountAttempts counts that mails are about to be read together, and says what
// is known of each. Only those are counted that were neither decided nor tried
// before: one of a number of mails that were in hand when a process died may be
// the one that killed it, so each is tried again by itself.
//
// What is counted outlives the process, not necessarily the machine: nobody
// waits for the disk.
func (s *Store) CountAttempts(ctx context.Context, keys []MailKey) ([]Attempt, error) {
	var folders []string
	var validities, uids []int64
	for _, k := range keys {
		folders, validities, uids = append(folders, k.Folder), append(validities, int64(k.UIDValidity)), append(uids, int64(k.UID))
	}
	var attempts []Attempt
	err := s.again(ctx, func() error {
		attempts = nil
		return s.db.SelectContext(ctx, &attempts, `
			with mail as (
				select k.*, m.disposition, coalesce(a.attempts, 0) as attempts
				from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as k (folder, uidvalidity, uid, n)
				left join messages as m using (folder, uidvalidity, uid)
				left join attempts as a using (folder, uidvalidity, uid)),
			counted as (
				insert into attempts (folder, uidvalidity, uid, attempts)
				select folder, uidvalidity, uid, 1 from mail where disposition is null and attempts = 0
				on conflict (folder, uidvalidity, uid) do update set attempts = attempts.attempts + 1)
			select attempts, coalesce(disposition, '') as disposition
			from mail, (select set_config('synchronous_commit', 'off', true)) as setting
			order by n`, folders, validities, uids)
	})
	if err != nil {
		return nil, fmt.Errorf("counting attempts at %d mails: %w", len(keys), err)
	}
	return attempts, nil
}

// CountAttempt counts that one mail is about to be read by itself, whatever was
// tried before. A mail that was decided already is not counted. Counting again,
// as happens when the connection was lost, counts nothing more.
func (s *Store) CountAttempt(ctx context.Context, key MailKey) (a Attempt, err error) {
	err = s.again(ctx, func() error {
		return s.db.GetContext(ctx, &a, `
			select coalesce(m.disposition, '') as disposition, coalesce(a.attempts, 0) as attempts
			from (select $1::text as folder, $2::bigint as uidvalidity, $3::bigint as uid) as k
			left join messages as m using (folder, uidvalidity, uid)
			left join attempts as a using (folder, uidvalidity, uid)`, key.Folder, key.UIDValidity, key.UID)
	})
	if err == nil && a.Disposition == "" {
		err = s.setAttempts(ctx, key, a.Before+1)
	}
	if err != nil {
		return a, fmt.Errorf("counting an attempt at mail %s: %w", key, err)
	}
	return a, nil
}

// ForgetAttempts brings a mail's count back to what it was before, where the mail is not
// to blame for what went wrong.
func (s *Store) ForgetAttempts(ctx context.Context, key MailKey, before int) error {
	if err := s.setAttempts(ctx, key, before); err != nil {
		return fmt.Errorf("taking back an attempt at mail %s: %w", key, err)
	}
	return nil
}

func (s *Store) setAttempts(ctx context.Context, key MailKey, n int) error {
	return s.again(ctx, func() error {
		_, err := s.db.ExecContext(ctx, `
			with setting as materialized (select set_config('synchronous_commit', 'off', true))
			insert into attempts (folder, uidvalidity, uid, attempts) select $1, $2, $3, $4 from setting
			on conflict (folder, uidvalidity, uid) do update set attempts = excluded.attempts`,
			key.Folder, key.UIDValidity, key.UID, n)
		return err
	})
}
