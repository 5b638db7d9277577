package program_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, o program.Options, args ...string) *program.Process {
	t.Helper()
	p, err := program.Start(o, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// settle sets up a company that the program can serve.
func settle(t *testing.T) *stage.Stage {
	t.Helper()
	owner, app := pgtest.Test(t)
	s, err := stage.New(t.Context(), stage.Options{OwnerURL: owner, AppURL: app, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A verb that does its work ends cleanly, and one that cannot tells why.
func TestVerb(t *testing.T) {
	ctx := bounded(t)
	version := start(t, program.Options{}, "version")
	if err := version.Wait(ctx); err != nil || !strings.HasPrefix(version.Log(), "countersign ") {
		t.Errorf("version: %v\n%s", err, version.Log())
	}
	serve := start(t, program.Options{Config: filepath.Join(t.TempDir(), "none.toml")}, "serve")
	if err := serve.Ready(ctx); err == nil || !strings.Contains(err.Error(), "none.toml") {
		t.Errorf("without a configuration: %v", err)
	}
	if err := serve.Wait(ctx); err == nil || !strings.Contains(err.Error(), "exit status") || serve.Killed() {
		t.Errorf("it ended with %v", err)
	}
}

// The daemon says when it is ready, and stops when it is told to; frozen, it
// does nothing until it is thawed.
func TestServe(t *testing.T) {
	ctx, s := bounded(t), settle(t)
	p := start(t, program.Options{Config: s.ConfigPath()}, "serve")
	if err := p.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Says(ctx, "mailbox connected"); err != nil {
		t.Fatal(err)
	}
	if err := p.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Ended():
		t.Error("a frozen process ended")
	case <-time.After(100 * time.Millisecond):
	}
	if err := p.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := p.Terminate(ctx); err != nil {
		t.Error(err)
	}
	if p.Killed() || !strings.Contains(p.Log(), "stopped") {
		t.Errorf("it did not stop by itself:\n%s", p.Log())
	}
}

// The program has its failpoints: it is killed where it was told to be, and the
// log tells that it came there.
func TestFailpoint(t *testing.T) {
	ctx, s := bounded(t), settle(t)
	log := filepath.Join(t.TempDir(), "points")
	if err := s.Write(stage.Letter{From: "lead@example.com", Subject: "hello", Body: "HELP\n"}); err != nil {
		t.Fatal(err)
	}
	p := start(t, program.Options{Config: s.ConfigPath(), Failpoints: "reading~hello=kill", FailpointLog: log}, "serve")
	if err := p.Wait(ctx); err == nil || !p.Killed() {
		t.Fatalf("it was not killed: %v", err)
	}
	points, err := os.ReadFile(log)
	if err != nil || !strings.HasSuffix(string(points), string(failpoint.Reading)+"\n") {
		t.Errorf("it came to %q, %v", points, err)
	}
}
