package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// A MailRow is what is known of a mail that was taken in, its bytes aside.
type MailRow struct {
	ID          int64           `db:"id"`
	SHA256      string          `db:"sha256"`
	Disposition string          `db:"disposition"`
	Reason      string          `db:"reason"`
	Person      policy.PersonID `db:"person"`
	Change      policy.ChangeID `db:"change"`
	Ballot      policy.BallotID `db:"ballot"`
	Received    time.Time       `db:"received_at"`
	Size        int64           `db:"size"`
}

// Mails lists the mails taken in last, newest first.
func (s *Store) Mails(ctx context.Context, limit int) ([]MailRow, error) {
	var rows []MailRow
	err := s.db.SelectContext(ctx, &rows, `
		select id, sha256, disposition, reason, person, change, ballot, received_at, size
		from messages order by id desc limit $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the mails taken in: %w", err)
	}
	for i := range rows {
		rows[i].Received = rows[i].Received.UTC()
	}
	return rows, nil
}

// LatestOfPeople gives the newest mails in the archive that came in the name of
// somebody in the directory, whole; not those that keep an answer given on a page.
func (s *Store) LatestOfPeople(ctx context.Context, n int) (raw [][]byte, err error) {
	err = s.db.SelectContext(ctx, &raw, `select raw from messages where person <> '' and raw is not null and folder <> 'page' order by id desc limit $1`, n)
	return raw, wrapped(err, "reading the latest mails")
}
