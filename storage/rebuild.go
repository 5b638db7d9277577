package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Report is what holding the record against itself and against the
// projection found.
type Report struct {
	Events      int64
	Changes     int
	Differences []string // one line each
}

// OK says whether everything agrees.
func (r Report) OK() bool { return len(r.Differences) == 0 }

// Progress is told now and then how many of the events have been read. It may
// be nil.
type Progress func(done, total int64)

// ErrDamaged is returned when the record itself does not hold, so that nothing
// can be rebuilt from it.
var ErrDamaged = errors.New("the record itself is damaged")

// Rebuild recomputes every change from its events and reports each difference:
// in the chain, in the payloads, in the rows of the projection, in the numbers
// given and in the mails that have lost their bytes. It writes nothing and can run beside the daemon.
func (s *Store) Rebuild(ctx context.Context, progress Progress) (Report, error) {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Report{}, fmt.Errorf("beginning to check the record: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	t := &Tx{tx: tx}
	record, err := t.replay(ctx, progress)
	if err != nil {
		return Report{}, fmt.Errorf("checking the record: %w", err)
	}
	differences, err := t.compare(ctx, record)
	if err != nil {
		return Report{}, fmt.Errorf("checking the projection: %w", err)
	}
	lost, err := t.lost(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("checking the archive: %w", err)
	}
	return record.report(append(differences, lost...)), nil
}

// RebuildWrite writes the projection anew from the events; the report says
// what was wrong with it. If the record itself is damaged nothing is written,
// and the error is ErrDamaged. Everything else that writes has to wait.
func (s *Store) RebuildWrite(ctx context.Context, progress Progress) (report Report, err error) {
	err = s.Tx(ctx, func(t *Tx) error {
		report, err = t.rebuildWrite(ctx, progress)
		return err
	})
	if err != nil {
		return report, fmt.Errorf("rebuilding the projection: %w", err)
	}
	return report, nil
}

func (t *Tx) rebuildWrite(ctx context.Context, progress Progress) (Report, error) {
	_, err := t.tx.ExecContext(ctx, `
		lock table changes, ballots, hands, register, numbers in exclusive mode;
		select from chain_head for update`)
	if err != nil {
		return Report{}, fmt.Errorf("waiting for everyone else: %w", err)
	}
	record, err := t.replay(ctx, progress)
	if err != nil {
		return Report{}, err
	}
	if len(record.damage) > 0 {
		return record.report(nil), ErrDamaged
	}
	differences, err := t.compare(ctx, record)
	if err != nil {
		return Report{}, err
	}
	return record.report(differences), t.overwrite(ctx, record)
}

func (t *Tx) overwrite(ctx context.Context, record *replay) error {
	if _, err := t.tx.ExecContext(ctx, `delete from register; delete from hands; delete from ballots; delete from changes`); err != nil {
		return fmt.Errorf("clearing the projection: %w", err)
	}
	if err := t.saveProjections(ctx, record.projections); err != nil {
		return fmt.Errorf("writing %d changes: %w", len(record.projections), err)
	}
	for series, last := range record.lastNumbers() {
		_, err := t.tx.ExecContext(ctx, `
			insert into numbers (series, year, last) values ($1, $2, $3)
			on conflict (series, year) do update set last = excluded.last`, series.name, series.year, last)
		if err != nil {
			return fmt.Errorf("writing the last number of %s: %w", series, err)
		}
	}
	return nil
}

func (r *replay) report(differences []string) Report {
	return Report{Events: r.last.Seq, Changes: len(r.changes), Differences: append(r.damage, differences...)}
}
