package storage_test

import (
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// open gives the test a store on a fresh database, as the daemon has it.
func open(t *testing.T) *storage.Store {
	t.Helper()
	_, appURL := pgtest.Test(t)
	return openURL(t, appURL)
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

func TestOpen(t *testing.T) {
	s := open(t)
	if err := s.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	report, err := s.Rebuild(t.Context(), nil)
	if err != nil || !report.OK() {
		t.Error(report, err)
	}
}
