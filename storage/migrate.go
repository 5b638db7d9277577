package storage

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/countersign/countersign/internal/failpoint"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// SchemaVersion is the number of the schema this program was written for: that
// of its newest migration.
var SchemaVersion = func() int {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		panic("storage: no migrations embedded")
	}
	last := strings.TrimPrefix(names[len(names)-1], "migrations/")
	number, _, _ := strings.Cut(last, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		panic("storage: migration " + last + " has no number")
	}
	return version
}()

// Migrate brings the schema up to [SchemaVersion], as the owner of the
// database. Several may run at once: one works, the others wait for it.
func Migrate(ctx context.Context, ownerURL string) error {
	url, err := withSettings(ownerURL, ownerSettings)
	if err != nil {
		return fmt.Errorf("reading the database owner's URL: %w", err)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		return fmt.Errorf("connecting to the database as its owner: %w", err)
	}
	migrations, err := newMigrations(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if err = cmp.Or(up(ctx, migrations), migrations.Close()); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// up applies one migration after the other, each in a transaction of its own, so
// that whoever is interrupted goes on from there.
func up(ctx context.Context, migrations *goose.Provider) error {
	for {
		_, err := migrations.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return err
		}
		failpoint.Here(failpoint.Migrating)
	}
}

func newMigrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("preparing the migration lock: %w", err)
	}
	migrations, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return migrations, nil
}

// CheckSchema says whether this program can work with the database's schema,
// and what to do if not.
func (s *Store) CheckSchema(ctx context.Context) error {
	var version, oldest int
	err := s.db.QueryRowContext(ctx, `select version, oldest from schema_info`).Scan(&version, &oldest)
	switch {
	case pq.As(err, pqerror.UndefinedTable) != nil || errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("the database has no schema yet: run countersign migrate")
	case err != nil:
		return fmt.Errorf("reading the schema's version: %w", err)
	case version < SchemaVersion:
		return fmt.Errorf("the database has schema %d, this program needs %d: run countersign migrate", version, SchemaVersion)
	case SchemaVersion < oldest:
		return fmt.Errorf("the database has schema %d, which needs a program that knows schema %d; this one knows %d: install a newer countersign", version, oldest, SchemaVersion)
	}
	return nil
}

// leftBehind adds the reason to an error that comes of a schema this program
// does not know: what it asks for is there no more.
func (s *Store) leftBehind(ctx context.Context, err error) error {
	const undefined = "42" // the class of: no such table, no such column
	if known, ok := errors.AsType[*pq.Error](err); !ok || known.Code.Class() != undefined {
		return err
	}
	var oldest int
	if s.db.GetContext(ctx, &oldest, `select oldest from schema_info`) != nil || oldest <= SchemaVersion {
		return err
	}
	return fmt.Errorf("%w: %w", tooNew(oldest), err)
}

// CheckRole refuses a role that could rewrite the record: the daemon must not
// be able to, whatever it is made to do.
func (s *Store) CheckRole(ctx context.Context) error {
	var could bool
	err := s.db.GetContext(ctx, &could, `
		select has_any_column_privilege('messages', 'update') or has_table_privilege('events', 'update') or has_table_privilege('events', 'delete')
			or has_table_privilege('events', 'truncate') or has_table_privilege('event_payloads', 'update')`)
	if err != nil {
		return fmt.Errorf("asking what the database role may do: %w", err)
	}
	if could {
		return errors.New("the database role could rewrite the record; connect as countersign_app")
	}
	return nil
}
