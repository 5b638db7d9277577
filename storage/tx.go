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

	"github.com/countersign/countersign/internal/failpoint"
)

// A Tx is one transaction. It is good only inside the function given to
// [Store.Tx].
//
// What it is told to write it keeps until the function has returned, and then
// writes all of it in a few statements ([Tx.flush]); what it reads meanwhile
// takes account of that. So many mails can be decided in one transaction at
// little more than the price of one.
type Tx struct {
	tx      *sqlx.Tx
	under   string  // hash of the directory decisions are made under; empty for any
	inForce *string // hash of the directory that comes into force
	queue   queue
	seen    seen
}

// tries is how often a transaction is begun before its error is final.
const tries = 5

// Tx runs the function in a transaction and commits it; an error or a panic
// rolls it back. When Postgres asks for it (a deadlock, a serialization
// failure, a lost connection), or a deputy was appointed meanwhile, the whole
// function runs again, so it must not have effects outside the transaction.
//
// A connection lost while committing is not tried again: whether the commit
// took place is then unknown, and the caller must look.
func (s *Store) Tx(ctx context.Context, do func(*Tx) error) error {
	return s.leftBehind(ctx, s.again(ctx, func() error { return s.once(ctx, do) }))
}

// again does it, and again where it may well succeed then.
func (s *Store) again(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
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
	t := &Tx{tx: tx}
	if err := do(t); err != nil {
		return inTime(ctx, err)
	}
	if err := t.flush(ctx); err != nil {
		return inTime(ctx, err)
	}
	if t.wrote() {
		failpoint.Here(failpoint.BeforeCommit)
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
	return broken(err) || errors.Is(err, errAppointed) || pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}

// Blameless says whether an error comes from the circumstances, not from what
// was to be written: the server is away, full, out of connections, we are told
// to stop, or must not decide any more.
func Blameless(err error) bool {
	for _, circumstance := range []error{context.Canceled, context.DeadlineExceeded, errUnknown, ErrDirectoryChanged, ErrSchemaTooNew} {
		if errors.Is(err, circumstance) {
			return true
		}
	}
	known, ok := errors.AsType[*pq.Error](err)
	return passing(err) || ok && slices.Contains([]string{"08", "53", "55", "57", "58"}, string(known.Code.Class()))
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
