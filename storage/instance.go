package storage

import (
	"context"
	"fmt"
	"time"
)

// An Instance is one program that runs on this database.
type Instance struct {
	ID        string `db:"id"` // drawn at its start
	Host      string `db:"host"`
	Version   string `db:"version"`   // of the program
	Directory string `db:"directory"` // hash of the one it was started with

	// When it was first and last heard of, by the clock of the database.
	Since time.Time `db:"since"`
	Seen  time.Time `db:"seen"`
}

// InForce is what an instance learns of the directory in force; it is zero while
// none ever was.
type InForce struct {
	Hash string    `db:"hash"`
	Host string    `db:"host"` // where it was brought into force
	At   time.Time `db:"at"`
}

// living says of a row of instances that the program runs: it was heard of
// lately.
const living = `seen > clock_timestamp() - interval '30 seconds'`

// Beat tells the others that the instance runs, which it does every few seconds,
// and tells it which directory is in force. Those long gone are forgotten. It
// fails with [ErrSchemaTooNew] where the program must not go on.
func (s *Store) Beat(ctx context.Context, i Instance) (InForce, error) {
	var now struct {
		InForce
		Oldest int `db:"oldest"`
	}
	err := s.db.GetContext(ctx, &now, `
		with me as (
			insert into instances (id, host, version, directory, since, seen)
			values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp())
			on conflict (id) do update set directory = excluded.directory, seen = excluded.seen),
		gone as (
			delete from instances where seen < clock_timestamp() - interval '1 hour' and id <> $1)
		select h.directory as hash, coalesce(d.host, '') as host, coalesce(d.at, 'epoch') as at, i.oldest
		from chain_head as h cross join schema_info as i
		left join lateral (select host, at from directory order by version desc limit 1) as d on true`,
		i.ID, i.Host, i.Version, i.Directory)
	if err != nil {
		return InForce{}, fmt.Errorf("telling the other instances that this one runs: %w", s.leftBehind(ctx, err))
	}
	if now.Oldest > SchemaVersion {
		return InForce{}, tooNew(now.Oldest)
	}
	inUTC(&now.At)
	return now.InForce, nil
}

// Leave tells the others that the instance runs no more.
func (s *Store) Leave(ctx context.Context, id string) error {
	if _, err := s.db.ExecContext(ctx, `delete from instances where id = $1`, id); err != nil {
		return fmt.Errorf("telling the other instances that this one stops: %w", err)
	}
	return nil
}

// Instances lists the programs that run, in the order in which they started.
func (s *Store) Instances(ctx context.Context) ([]Instance, error) {
	var list []Instance
	err := s.db.SelectContext(ctx, &list, `
		select id, host, version, directory, since, seen from instances where `+living+` order by since, id`)
	if err != nil {
		return nil, fmt.Errorf("listing the instances: %w", err)
	}
	for i := range list {
		inUTC(&list[i].Since, &list[i].Seen)
	}
	return list, nil
}
