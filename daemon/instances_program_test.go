package daemon_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// These stories are about the program as it is run, with the lease it has, so
// that it can be killed and frozen.

// run starts the program and waits until it is ready.
func (f *fleet) run(o program.Options) *program.Process {
	f.t.Helper()
	p, err := program.Start(o, "serve")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { p.Kill() }) //nolint:errcheck // it may have ended
	ctx, stop := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer stop()
	if err := p.Ready(ctx); err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *fleet) hears(p *program.Process, words string) {
	f.t.Helper()
	ctx, stop := context.WithTimeout(f.t.Context(), longest)
	defer stop()
	if err := p.Says(ctx, words); err != nil {
		f.t.Fatal(err)
	}
}

// Three run. The one that reads the mailbox is killed with mail in hand; another
// reads on when its lease has ended, and decides every mail once.
func TestReaderIsKilled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	o := program.Options{Config: f.configure()}
	doomed := o
	doomed.Failpoints = "before-commit:4=kill"
	reader := f.run(doomed)
	f.hears(reader, `role=running`)
	others := []*program.Process{f.run(o), f.run(o)}
	for _, p := range others {
		f.hears(p, `role="standing by`)
	}
	for alive := true; alive; {
		f.propose(1)
		select {
		case <-reader.Ended():
			alive = false
		case <-time.After(100 * time.Millisecond):
		}
	}
	killed := time.Now()
	f.propose(5)
	before := f.reader()
	f.await("another to read the mailbox", func() bool { return f.reader() != "" && f.reader() != before })
	t.Logf("another reads the mailbox %v after the kill", time.Since(killed).Round(time.Millisecond))
	f.quiet()
	f.holds()
	read := 0
	for _, p := range others {
		read += strings.Count(p.Log(), "role=running")
	}
	if read != 1 {
		t.Errorf("%d others read the mailbox", read)
	}
}

// The one that reads the mailbox is frozen in the midst of a decision, for so
// long that another takes over, and comes back. Nothing is changed twice,
// wherever it was frozen, and it goes on as one of those that stand by.
func TestReaderIsFrozen(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"counted", "reading~frozen", "before-commit:2", "committed"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			o := program.Options{Config: f.configure()}
			trapped := o
			trapped.Failpoints = point + "=stop"
			reader := f.run(trapped)
			f.hears(reader, `role=running`)
			other := f.run(o)
			f.hears(other, `role="standing by`)
			f.write(stage.Letter{From: "lead@example.com", Subject: "frozen", Body: strings.ReplaceAll(fleetProposal, "%d", "frozen")})
			f.hears(other, `role=running`)
			f.propose(2)
			if strings.HasPrefix(point, "before-commit") {
				// It has what the other needs, and lets go only when it wakes, or when
				// Postgres has waited for it long enough.
				f.await("the other to give up or to decide", func() bool {
					return strings.Contains(other.Log(), "mail left in the inbox") || f.decided() == 3
				})
			} else {
				f.await("the other to decide", func() bool { return f.decided() == 3 })
			}
			if err := reader.Thaw(); err != nil {
				t.Fatal(err)
			}
			f.hears(reader, `role="standing by`)
			f.quiet()
			f.holds()
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			for _, p := range []*program.Process{other, reader} {
				if err := p.Terminate(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
