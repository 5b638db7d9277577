package storage_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// noon is when the stories of these tests begin.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// open gives the test a store on a fresh database, as the daemon has it.
func open(t *testing.T) *storage.Store {
	t.Helper()
	s, _ := openBoth(t)
	return s
}

// openBoth also gives the owner's connection, who may do everything to the
// tables: to look behind the store and to tamper.
func openBoth(t *testing.T) (*storage.Store, *sql.DB) {
	t.Helper()
	ownerURL, appURL := pgtest.Test(t)
	return openURL(t, appURL), openSQL(t, ownerURL)
}

func openURL(t *testing.T, url string) *storage.Store {
	t.Helper()
	s, err := storage.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openSQL(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// in runs the function in a transaction that must succeed.
func in(t *testing.T, s *storage.Store, do func(*storage.Tx) error) {
	t.Helper()
	if err := s.Tx(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t *testing.T, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// killBackends ends every connection of the stores of this database, as a
// restart of Postgres does.
func killBackends(t *testing.T, appURL string) {
	t.Helper()
	exec(t, openSQL(t, appURL), `
		select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'countersign' and datname = current_database()`)
}

// wantError fails unless the error says what is expected of it.
func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want one that says %q", err, says)
	}
}
