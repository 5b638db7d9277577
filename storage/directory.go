package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Directory is one that was brought into force, as saved.
type Directory struct {
	Hash   string    `db:"hash"`
	Body   []byte    `db:"body"`
	Host   string    `db:"host"` // where it was brought into force
	At     time.Time `db:"at"`
	Number int       `db:"number"` // counts them; one that returns has two
}

// Directory gives the directory in force, and keeps it in force until the
// transaction ends: it locks the head of the chain, so nobody decides anything
// meanwhile. It is ErrNotFound while none was ever saved.
func (t *Tx) Directory(ctx context.Context) (Directory, error) {
	if _, err := t.lockHead(ctx); err != nil {
		return Directory{}, err
	}
	var d Directory
	err := t.tx.GetContext(ctx, &d, `
		select hash, body, host, at, (select count(*) from directory) as number
		from directory order by version desc limit 1`)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Directory{}, fmt.Errorf("reading the directory: %w", err)
	}
	inUTC(&d.At)
	return d, nil
}

// SaveDirectory puts a directory in force, from the commit on; earlier ones are
// kept. The event that tells of it must follow in the same transaction.
func (t *Tx) SaveDirectory(ctx context.Context, d Directory) error {
	_, err := t.tx.ExecContext(ctx, `
		insert into directory (hash, body, host, at) values ($1, $2, $3, $4)`, d.Hash, string(d.Body), d.Host, micro(d.At))
	if err != nil {
		return fmt.Errorf("saving the directory: %w", err)
	}
	t.inForce = &d.Hash // at the head of the chain, with the event that must follow
	return nil
}

// Outdated says whether a directory with the hash has had its time: it was in
// force before, and instances run the one that replaced it. If none does,
// somebody goes back to an earlier directory on purpose.
func (t *Tx) Outdated(ctx context.Context, hash string) (outdated bool, err error) {
	err = t.tx.GetContext(ctx, &outdated, `
		select h.directory <> $1
			and exists (select from directory as d where d.hash = $1)
			and exists (select from instances as i where i.directory = h.directory and `+living+`)
		from chain_head as h`, hash)
	if err != nil {
		return false, fmt.Errorf("asking whether the directory is outdated: %w", err)
	}
	return outdated, nil
}
