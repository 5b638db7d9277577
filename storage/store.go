package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver
)

// ErrNotFound is what looking for a thing returns that is not there.
var ErrNotFound = errors.New("not found")

// ErrDuplicate is what archiving a mail returns that was decided before. The
// transaction it happened in can only be rolled back.
var ErrDuplicate = errors.New("decided before")

// A Store is a pool of connections to one Postgres database.
type Store struct {
	db  *sqlx.DB
	url string
}

// Open connects to the database, as the role countersign_app. The URL says
// sslmode outright unless it names a unix socket.
func Open(ctx context.Context, url string) (*Store, error) {
	url, err := withSettings(url, settings)
	if err != nil {
		return nil, fmt.Errorf("reading the database URL: %w", err)
	}
	db, err := sqlx.ConnectContext(ctx, "postgres", url)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &Store{db: db, url: url}, nil
}

// Close closes every connection.
func (s *Store) Close() error { return s.db.Close() }

// Ping asks the database whether it is there.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// micro is the time as Postgres keeps it.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// microOrNil is the time, or nil where there is none.
func microOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = micro(t)
	return &t
}

// timeOrZero is the time in UTC, or zero where there is none.
func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// inUTC turns the times to UTC, in place; nil is passed over.
func inUTC(times ...*time.Time) {
	for _, t := range times {
		if t != nil {
			*t = t.UTC()
		}
	}
}

// clean makes text from a mail fit for Postgres: no NUL, only valid UTF-8.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
