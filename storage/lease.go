package storage

import (
	"context"
	"fmt"
	"time"
)

// LeaseIntake is the lease of whoever reads the mailbox.
const LeaseIntake = "intake"

// LeaseRecords is the lease of whoever publishes the record.
const LeaseRecords = "records"

// Lease takes the lease for so long from now, or renews it, and says whether it
// is the holder's. Time is that of the database: the holder may be sure of the
// lease until so long after it called.
func (s *Store) Lease(ctx context.Context, name, holder string, lasting time.Duration) (held bool, err error) {
	result, err := s.db.ExecContext(ctx, `
		insert into leases as l (name, holder, until)
		values ($1, $2, clock_timestamp() + make_interval(secs => $3))
		on conflict (name) do update set holder = excluded.holder, until = excluded.until
		where l.holder = excluded.holder or l.until < clock_timestamp()`, name, holder, lasting.Seconds())
	if err != nil {
		return false, fmt.Errorf("taking the lease %q: %w", name, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// Release gives the lease back, so that another can take it at once. A lease
// that is not the holder's stays as it is.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	if _, err := s.db.ExecContext(ctx, `delete from leases where name = $1 and holder = $2`, name, holder); err != nil {
		return fmt.Errorf("releasing the lease %q: %w", name, err)
	}
	return nil
}
