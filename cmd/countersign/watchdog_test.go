package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/program"
)

// The watchdog is fed while everything moves, also while the mail provider is
// away; it is not while Postgres is frozen, and is again when it is thawed.
func TestWatchdog(t *testing.T) {
	db, o := ownTown(t)
	m := watched(t, o)
	m.await(1, "READY=1", 0)
	m.await(2, "WATCHDOG=1\nSTATUS=running; mailbox read at ", 0)

	if err := db.Freeze(); err != nil {
		t.Fatal(err)
	}
	m.await(1, "STATUS=hangs: database", 0)
	frozen := m.now()
	m.await(3, "STATUS=hangs: database", frozen)
	if fed := m.count("WATCHDOG=1", frozen); fed > 0 {
		t.Errorf("the watchdog was fed %d times while the database hung", fed)
	}
	if err := db.Thaw(); err != nil {
		t.Fatal(err)
	}
	m.await(1, "WATCHDOG=1", frozen)

	o.Provider.Stop()
	await(t, "the loss of the mailbox", func() bool { return strings.Contains(m.daemon.said(), "mailbox connection lost") })
	away := m.now()
	m.await(3, "WATCHDOG=1", away)
	if code := m.daemon.stop(); code != exitOK {
		t.Errorf("serve left with %d:\n%s", code, m.daemon.said())
	}
	m.await(1, "STOPPING=1", away)
}

// A database that is away is not one that hangs: the daemon waits for it.
func TestDatabaseAway(t *testing.T) {
	db, o := ownTown(t)
	m := watched(t, o)
	m.await(1, "WATCHDOG=1\nSTATUS=running", 0)
	if err := db.Crash(); err != nil {
		t.Fatal(err)
	}
	m.await(3, "; database away: ", 0)
	m.await(3, "WATCHDOG=1", m.now())
	if err := db.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the database to be back", func() bool { return strings.Contains(m.daemon.said(), "database back") })
}

// watched runs serve as systemd does, with a watchdog that waits a second.
func watched(t *testing.T, o *town) *manager {
	t.Helper()
	path, err := program.Path()
	if err != nil {
		t.Fatal(err)
	}
	m := newManager(t)
	serve := exec.CommandContext(context.Background(), path, "serve")
	serve.Env = append(m.environment(time.Second), "COUNTERSIGN_CONFIG="+o.ConfigPath())
	m.daemon = start(t, serve)
	return m
}

// ownTown is a town with a database server that nobody else uses.
func ownTown(t *testing.T) (*pg.Cluster, *town) {
	t.Helper()
	db, err := pg.Start(t.Context(), pg.MaxConnections(50)) // what is asked for is not what others use
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Stop(); err != nil {
			t.Error(err)
		}
	})
	owner, app, _, err := db.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := settleOn(t, owner, app)
	if err := o.Daemon.Close(); err != nil { // the program is to be the only one there
		t.Fatal(err)
	}
	o.Daemon = nil
	return db, o
}
