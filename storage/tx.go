package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// A Tx is one transaction. It is good only inside the function given to
// [Store.Tx].
type Tx struct {
	tx       *sqlx.Tx
	appended bool // the head of the chain is locked: nothing else may be locked after it
}

// tries is how often a transaction is begun before its error is final.
const tries = 5

// Tx runs the function in a transaction and commits it; an error or a panic
// rolls it back. When Postgres asks for it (a deadlock, a serialization
// failure, a lost connection), the whole function runs again, so it must not
// have effects outside the transaction.
//
// A connection lost while committing is not tried again: whether the commit
// took place is then unknown, and the caller must look.
func (s *Store) Tx(ctx context.Context, do func(*Tx) error) error {
	for try := 1; ; try++ {
		err := s.once(ctx, do)
		if err == nil || try == tries || !passing(err) {
			return err
		}
		if err := wait(ctx, time.Duration(try*try)*20*time.Millisecond); err != nil {
			return err
		}
	}
}

// errUnknown marks an error after which nobody knows whether the transaction
// committed.
var errUnknown = errors.New("whether it took place is unknown")

func (s *Store) once(ctx context.Context, do func(*Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", inTime(ctx, err))
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back; otherwise the first error counts
	if err := do(&Tx{tx: tx}); err != nil {
		return inTime(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		if broken(err) {
			err = fmt.Errorf("%w: %w", errUnknown, err)
		}
		return fmt.Errorf("committing: %w", inTime(ctx, err))
	}
	return nil
}

// passing says whether the same transaction may well succeed when tried again.
func passing(err error) bool {
	if errors.Is(err, errUnknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return broken(err) || pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}

// Blameless says whether an error comes from the circumstances, not from what
// was to be written: the server is away, full, out of connections, or we are
// told to stop.
func Blameless(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errUnknown) || passing(err) {
		return true
	}
	known, ok := errors.AsType[*pq.Error](err)
	return ok && slices.Contains([]string{"08", "53", "55", "57", "58"}, string(known.Code.Class()))
}

// broken says whether the error means that the connection is gone.
func broken(err error) bool {
	if pq.As(err, pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow) != nil {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// inTime adds the context's own error where that is the reason: lib/pq reports
// a canceled statement in Postgres' words (57014).
func inTime(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
