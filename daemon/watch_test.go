package daemon_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	wiki "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// A part that does not keep its promise is named, and logged, and the watchdog is
// not fed until it is heard again.
func TestWatch(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	var log bytes.Buffer
	o := stage.Options{OwnerURL: ownerURL, AppURL: appURL, Start: start, Log: slog.New(slog.NewTextHandler(&log, nil))}
	s, err := stage.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan string), make(chan struct{})
	go func() {
		s.Watch(ctx, 200*time.Millisecond, func(state string) {
			select {
			case told <- state:
			case <-ctx.Done():
			}
		})
		close(ended)
	}()
	// until hears what is told, until the words come.
	until := func(words string) {
		t.Helper()
		patience := time.After(30 * time.Second)
		for {
			select {
			case state := <-told:
				if strings.Contains(state, words) {
					return
				}
			case <-patience:
				t.Fatalf("it was not told %q", words)
			}
		}
	}

	until("WATCHDOG=1\nSTATUS=running; mailbox not read yet")
	if _, err := s.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	until("WATCHDOG=1\nSTATUS=running; mailbox read at 20")
	s.Intake.Pulse.Within(0)
	until("STATUS=hangs: ")
	const times = 8
	for range times {
		if state := <-told; strings.Contains(state, "WATCHDOG=1") || !strings.Contains(state, "intake") {
			t.Errorf("while the intake hung it was told %q", state)
		}
	}
	s.Intake.Pulse.Rest()
	until("WATCHDOG=1")
	stop()
	<-ended
	// Once, that is; a busy machine may be late with the database, too.
	for _, want := range []string{"the watchdog is not fed", "everything moves again"} {
		if n := strings.Count(log.String(), want); n == 0 || n > times/2 {
			t.Errorf("%d times it was logged that %s:\n%s", n, want, log.String())
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The line for people tells of pages that wait, and why nothing can be published;
// where all is published it says nothing of it.
func TestTheStatusTellsOfPages(t *testing.T) {
	o := stage.Options{Start: start}
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	there := wiki.New(wiki.Options{User: "countersign@example.com", Token: wikiToken})
	if err := there.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	o.Wiki = &stage.Wiki{Flavor: string(wiki.Cloud), URL: there.URL(), User: there.User, Token: wikiToken}
	s, err := stage.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	says := func() string {
		t.Helper()
		if _, err := s.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		defer stop()
		var last string
		looks := 0
		s.Watch(ctx, 200*time.Millisecond, func(state string) {
			if last = state; looks >= 5 {
				stop()
			}
			looks++
		})
		return last
	}
	there.ChangeToken("another")
	if err := s.Write(proposes("One")); err != nil {
		t.Fatal(err)
	}
	if got := says(); !strings.Contains(got, "; nothing can be published since 20") || !strings.Contains(got, ", 1 pages wait: ") || !strings.Contains(got, "credentials") {
		t.Errorf("it says %q", got)
	}
	there.ChangeToken(wikiToken)
	s.Clock.Advance(time.Hour)
	if got := says(); strings.Contains(got, "publish") {
		t.Errorf("it says %q", got)
	}
}
