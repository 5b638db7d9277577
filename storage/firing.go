package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Firing is one thing that time does, by a name nothing else has.
type Firing struct {
	Name string    `db:"name"`
	Due  time.Time `db:"due"` // when it was to be
	At   time.Time `db:"at"`  // when it is
}

// Fire takes the firing; it is the caller's alone once the transaction has
// committed. If it was done before, by whomever, fresh is false. While another
// transaction has it in hand this one waits.
func (t *Tx) Fire(ctx context.Context, f Firing) (fresh bool, err error) {
	done, err := t.tx.ExecContext(ctx, `
		insert into firings (name, due, at) values ($1, $2, $3) on conflict (name) do nothing`, f.Name, micro(f.Due), micro(f.At))
	if err != nil {
		return false, fmt.Errorf("firing %q: %w", f.Name, err)
	}
	rows, err := done.RowsAffected()
	return rows == 1, err
}

// Fired says which of the names have been done.
func (s *Store) Fired(ctx context.Context, names []string) (map[string]bool, error) {
	var done []string
	if err := s.db.SelectContext(ctx, &done, `select name from firings where name = any($1)`, names); err != nil {
		return nil, fmt.Errorf("asking what the clock has done: %w", inTime(ctx, err))
	}
	fired := map[string]bool{}
	for _, name := range done {
		fired[name] = true
	}
	return fired, nil
}

// A Due is a change to whose ballots time does something.
type Due struct {
	Change policy.ChangeID `db:"change"`
	Next   time.Time       `db:"next"` // the first moment
}

// DueChanges lists the changes to whose open ballots time does something up to
// the time given, the longest due first.
func (s *Store) DueChanges(ctx context.Context, asOf time.Time, limit int) ([]Due, error) {
	var due []Due
	err := s.again(ctx, func() error {
		due = nil // a second try begins anew
		return s.db.SelectContext(ctx, &due, `
			select change, min(next_at) as next from ballots where status = 'open' and next_at <= $1
			group by change order by next, change limit $2`, micro(asOf), limit)
	})
	if err != nil {
		return nil, fmt.Errorf("looking for what is due: %w", inTime(ctx, err))
	}
	for i := range due {
		inUTC(&due[i].Next)
	}
	return due, nil
}
