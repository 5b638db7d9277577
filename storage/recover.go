package storage

import (
	"context"
	"fmt"
	"slices"
)

// A KnownMail is where a mail lay when it was decided, and what became of it.
type KnownMail struct {
	Key         MailKey
	SHA256      string
	Disposition string
}

// KnownMails gives what is known of the mails with these hashes: each time that
// such a mail was decided. A hash nothing is given for is that of a mail the
// database does not know.
func (s *Store) KnownMails(ctx context.Context, hashes []string) ([]KnownMail, error) {
	var known []KnownMail
	for some := range slices.Chunk(hashes, most) {
		var rows []mailRow
		err := s.db.SelectContext(ctx, &rows, `
			select folder, uidvalidity, uid, sha256, disposition
			from messages where sha256 = any($1) order by id`, some)
		if err != nil {
			return nil, fmt.Errorf("looking for %d mails: %w", len(hashes), err)
		}
		for _, r := range rows {
			known = append(known, KnownMail{MailKey{r.Folder, r.UIDValidity, r.UID}, r.SHA256, r.Disposition})
		}
	}
	return known, nil
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
