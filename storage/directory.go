package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Directory gives the directory in force, as saved, and its hash. It is
// ErrNotFound while none was ever saved.
func (t *Tx) Directory(ctx context.Context) (body []byte, hash string, err error) {
	err = t.tx.QueryRowContext(ctx, `
		select body, hash from directory order by version desc limit 1`).Scan(&body, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the directory: %w", err)
	}
	return body, hash, nil
}

// SaveDirectory puts a new directory in force; earlier ones are kept.
func (t *Tx) SaveDirectory(ctx context.Context, body []byte, hash string, at time.Time) error {
	_, err := t.tx.ExecContext(ctx, `
		insert into directory (hash, body, at) values ($1, $2, $3)`, hash, string(body), micro(at))
	if err != nil {
		return fmt.Errorf("saving the directory: %w", err)
	}
	t.inForce = &hash // at the head of the chain, with the event that must follow
	return nil
}
