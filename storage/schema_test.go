package storage_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

func TestMigrateFromEmptyAndAgain(t *testing.T) {
	ownerURL, appURL := pgtest.Empty(t)
	s := openURL(t, appURL)
	wantError(t, s.CheckSchema(t.Context()), "run countersign migrate")
	for range 2 {
		if err := storage.Migrate(t.Context(), ownerURL); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoMigrateAtOnce(t *testing.T) {
	ownerURL, _ := pgtest.Empty(t)
	var both errgroup.Group
	for range 2 {
		both.Go(func() error { return storage.Migrate(t.Context(), ownerURL) })
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	db := openSQL(t, ownerURL)
	if n := count(t, db, `select count(*) from goose_db_version where version_id > 0`); n != storage.SchemaVersion {
		t.Errorf("%d migrations were applied, want each of the %d once", n, storage.SchemaVersion)
	}
}

// An older or newer program and the schema find out about one another.
func TestCheckSchema(t *testing.T) {
	s, owner := openBoth(t)
	for _, test := range []struct {
		version, oldest int
		says            string
	}{
		{storage.SchemaVersion, storage.SchemaVersion, ""},
		{storage.SchemaVersion + 3, storage.SchemaVersion, ""},
		{storage.SchemaVersion + 3, 1, ""},
		{storage.SchemaVersion - 1, 1, "run countersign migrate"},
		{storage.SchemaVersion + 3, storage.SchemaVersion + 1, "install a newer countersign"},
	} {
		exec(t, owner, `update schema_info set version = $1, oldest = $2`, test.version, test.oldest)
		err := s.CheckSchema(t.Context())
		if test.says == "" && err != nil {
			t.Errorf("schema %d, oldest %d: %v", test.version, test.oldest, err)
		}
		if test.says != "" {
			wantError(t, err, test.says)
		}
	}
}

// The number a migration writes is its own.
func TestSchemaVersion(t *testing.T) {
	_, owner := openBoth(t)
	if n := count(t, owner, `select version from schema_info`); n != storage.SchemaVersion {
		t.Errorf("the newest migration writes %d, its number is %d", n, storage.SchemaVersion)
	}
}

// The daemon's role cannot rewrite what has happened.
func TestPrivileges(t *testing.T) {
	_, appURL := pgtest.Test(t)
	begin(t, openURL(t, appURL), 1, policy.StateClosed)
	app := openSQL(t, appURL)
	for _, table := range []string{"events", "event_payloads", "directory", "messages", "attachments", "tokens"} {
		for _, statement := range []string{
			"delete from " + table, "truncate " + table + " cascade", "update " + table + " set " + firstColumn(t, app, table) + " = default",
		} {
			if err := run(app, statement); pq.As(err, pqerror.InsufficientPrivilege) == nil {
				t.Errorf("%s: %v, want it refused", statement, err)
			}
		}
	}
	for _, statement := range []string{
		`delete from chain_head`, `insert into chain_head (one, seq, hash) values (false, 0, '')`,
		`delete from outbox`, `delete from numbers`, `delete from attempts`, `truncate changes cascade`,
		`alter table events disable trigger all`, `drop table events`, `create table mine (a int)`,
		`update schema_info set version = 99`, `update goose_db_version set version_id = 99`, `set role countersign`,
	} {
		if err := run(app, statement); pq.As(err, pqerror.InsufficientPrivilege) == nil {
			t.Errorf("%s: %v, want it refused", statement, err)
		}
	}
}

func run(db *sql.DB, statement string) error {
	_, err := db.Exec(statement)
	return err
}

func firstColumn(t *testing.T, db *sql.DB, table string) (column string) {
	t.Helper()
	err := db.QueryRowContext(t.Context(), `
		select column_name from information_schema.columns
		where table_name = $1 and is_identity = 'NO' order by ordinal_position limit 1`, table).Scan(&column)
	if err != nil {
		t.Fatal(err)
	}
	return column
}

// The schema and the policy list the same words.
func TestSchemaKnowsThePolicysWords(t *testing.T) {
	_, owner := openBoth(t)
	var kinds []policy.BallotKind
	for _, row := range policy.Table {
		if !slices.Contains(kinds, row.Ballot) {
			kinds = append(kinds, row.Ballot)
		}
	}
	statuses := []policy.BallotStatus{policy.BallotOpen, policy.BallotCast, policy.BallotVoided, policy.BallotExpired}
	for _, test := range []struct {
		table, constraint string
		want              []string
	}{
		{"changes", "state_known", texts(policy.States)},
		{"changes", "end_has_its_time", texts(policy.Ends)},
		{"ballots", "kind_known", texts(kinds)},
		{"ballots", "status_known", texts(statuses)},
	} {
		if got := words(t, owner, test.table, test.constraint); !slices.Equal(got, test.want) {
			t.Errorf("%s of %s lists %q, policy %q", test.constraint, test.table, got, test.want)
		}
	}
}

func texts[T ~string](words []T) []string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	slices.Sort(all)
	return all
}

var quotedWord = regexp.MustCompile(`'([^']*)'`)

// words lists the words in a check constraint, sorted.
func words(t *testing.T, db *sql.DB, table, constraint string) []string {
	t.Helper()
	var definition string
	err := db.QueryRowContext(t.Context(), `
		select pg_get_constraintdef(oid) from pg_constraint
		where conrelid = to_regclass($1) and conname = $2`, table, constraint).Scan(&definition)
	if err != nil {
		t.Fatal(fmt.Errorf("%s of %s: %w", constraint, table, err))
	}
	var found []string
	for _, m := range quotedWord.FindAllStringSubmatch(definition, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return found
}
