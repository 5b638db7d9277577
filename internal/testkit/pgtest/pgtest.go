// Package pgtest gives each test a fresh Postgres database, from one throw-away
// server for each test binary.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/testkit/pg"
)

var (
	inMain bool
	mu     sync.Mutex
	one    *pg.Cluster
)

// Main runs the tests and then stops the server, if any test wanted one. A
// package calls it from its TestMain.
func Main(m *testing.M) {
	inMain = true
	code := m.Run()
	if one != nil {
		if err := one.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping Postgres:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Test gives the test a migrated database of its own: the URL of its owner and
// that of the role the daemon runs as.
func Test(t testing.TB) (ownerURL, appURL string) {
	t.Helper()
	return made(t, cluster(t).Database)
}

// Empty gives the test a database of its own without a schema.
func Empty(t testing.TB) (ownerURL, appURL string) {
	t.Helper()
	return made(t, cluster(t).Empty)
}

func made(t testing.TB, database func(context.Context) (string, string, func(), error)) (ownerURL, appURL string) {
	t.Helper()
	ownerURL, appURL, drop, err := database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return ownerURL, appURL
}

// cluster starts the server when the first test asks for it.
func cluster(t testing.TB) *pg.Cluster {
	t.Helper()
	if !inMain {
		t.Fatal("func TestMain(m *testing.M) { pgtest.Main(m) } is missing: nobody would stop the server")
	}
	mu.Lock()
	defer mu.Unlock()
	if one == nil {
		c, err := pg.Start(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		one = c
	}
	return one
}

// Own gives the test a server of its own, to be stopped, frozen or filled, and
// in it a migrated database. Where the machine has no disk that could be full,
// the test is skipped.
func Own(t testing.TB, opts ...pg.Option) (c *pg.Cluster, ownerURL, appURL string) {
	t.Helper()
	if len(opts) == 0 {
		opts = []pg.Option{pg.MaxConnections(100)} // not a server that others use
	}
	c, err := pg.Start(context.Background(), opts...)
	if errors.Is(err, pg.ErrNoMount) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	ownerURL, appURL, _, err = c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c, ownerURL, appURL
}
