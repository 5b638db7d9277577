package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Session is a browser whose person has proven their mailbox.
type Session struct {
	Hash    string          `db:"hash"` // of what the browser holds
	Person  policy.PersonID `db:"person"`
	Address string          `db:"address"` // whose mailbox was proven
	Since   time.Time       `db:"since"`
	Until   time.Time       `db:"until"`
}

// OpenSession keeps the session, and lets go of those of days past.
func (t *Tx) OpenSession(ctx context.Context, s Session) error {
	if _, err := t.tx.ExecContext(ctx, `delete from sessions where until < $1`, micro(s.Since.Add(-kept))); err != nil {
		return fmt.Errorf("letting go of old sessions: %w", err)
	}
	_, err := t.tx.ExecContext(ctx, `
		insert into sessions (hash, person, address, since, until) values ($1, $2, $3, $4, $5)`,
		s.Hash, s.Person, s.Address, micro(s.Since), micro(s.Until))
	if err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// Session gives the session that is open at the time; ErrNotFound where there is
// none.
func (s *Store) Session(ctx context.Context, hash string, now time.Time) (found Session, err error) {
	err = s.again(ctx, func() error {
		return s.db.GetContext(ctx, &found, `
			select hash, person, address, since, until from sessions
			where hash = $1 and until > $2 and ended_at is null`, hash, micro(now))
	})
	if err != nil {
		return Session{}, fmt.Errorf("reading a session: %w", orNotFound(err))
	}
	inUTC(&found.Since, &found.Until)
	return found, nil
}

// CloseSession ends the session at the time.
func (t *Tx) CloseSession(ctx context.Context, hash string, now time.Time) error {
	_, err := t.tx.ExecContext(ctx, `update sessions set ended_at = $2 where hash = $1 and ended_at is null`, hash, micro(now))
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}
