package storage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A KnownMail is where a mail lay when it was decided, and what became of it.
type KnownMail struct {
	Key         MailKey
	SHA256      string
	Disposition string

	id int64
}

// A LyingMail is a mail that lies in the mailbox.
type LyingMail struct {
	Received time.Time // when it reached it (INTERNALDATE), which goes with a mail that is moved
	SHA256   string
}

// KnownMails gives what is known of the mails: each time that one with these
// bytes was decided. A mail nothing is given for is one the database does not
// know. Those that cannot be found by when they came, as where a mailbox was
// copied and all came anew, are looked for among all there are.
func (s *Store) KnownMails(ctx context.Context, mails []LyingMail) ([]KnownMail, error) {
	known := map[KnownMail]bool{}
	for some := range slices.Chunk(mails, most) {
		var times, hashes []string
		for _, m := range some {
			times, hashes = append(times, micro(m.Received).Format(time.RFC3339Nano)), append(hashes, m.SHA256)
		}
		err := s.knownBy(ctx, known, `unnest($1::timestamptz[], $2::text[]) as l (at, sha256) on m.received_at = l.at and m.sha256 = l.sha256`, times, hashes)
		if err != nil {
			return nil, err
		}
	}
	found := map[string]int{}
	for k := range known {
		found[k.SHA256]++
	}
	var missed []string
	for _, m := range mails {
		if found[m.SHA256]--; found[m.SHA256] < 0 {
			missed = append(missed, m.SHA256)
		}
	}
	if len(missed) > 0 {
		if err := s.knownBy(ctx, known, `unnest($1::text[]) as l (sha256) using (sha256)`, unique(missed)); err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Keys(known), func(a, b KnownMail) int { return cmp.Compare(a.id, b.id) }), nil
}

func (s *Store) knownBy(ctx context.Context, known map[KnownMail]bool, mails string, args ...[]string) error {
	var rows []struct {
		ID int64 `db:"id"`
		mailRow
	}
	all := make([]any, len(args))
	for i, a := range args {
		all[i] = a
	}
	err := s.db.SelectContext(ctx, &rows, `
		select m.id, m.folder, m.uidvalidity, m.uid, m.sha256, m.disposition from messages as m join `+mails, all...)
	if err != nil {
		return fmt.Errorf("looking for %d mails: %w", len(args[0]), err)
	}
	for _, r := range rows {
		known[KnownMail{MailKey{r.Folder, r.UIDValidity, r.UID}, r.SHA256, r.Disposition, r.ID}] = true
	}
	return nil
}

// Owed counts the mails of the outbox that are to leave: those that wait, but
// for those whose ballot is no longer open.
func (s *Store) Owed(ctx context.Context) (n int, err error) {
	err = s.db.GetContext(ctx, &n, `
		select count(*) from outbox as o
		where o.state in ('pending', 'deferred')
			and not (o.asks and not exists (select from ballots as b where b.id = o.ballot and b.status = 'open'))`)
	if err != nil {
		return 0, fmt.Errorf("counting the mails that are owed: %w", err)
	}
	return n, nil
}
