package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/program"
)

// An end is how one life of the program ends, if it is not over before.
type end struct {
	traps string        // failpoints, one of which kills it
	after time.Duration // it is killed after this time; 0: never
	says  string        // it is killed when it has said this
	asked bool          // it is not killed but asked to stop
	storm uint64        // what the network does meanwhile is drawn from this; 0: nothing
	twin  bool          // another program runs beside it, and survives it for a while
}

func (e end) String() string {
	return fmt.Sprintf("--- traps %q, after %v, says %q, asked %v, storm %d, twin %v\n", e.traps, e.after, e.says, e.asked, e.storm, e.twin)
}

// patience is how long a performance may take in all; it decides nothing.
const patience = 2 * time.Minute

// perform performs the story: one life of the program for each end, and a last
// one that nothing disturbs, until all is quiet.
func (o *site) perform(ends ...end) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	stop, lived := make(chan struct{}), make(chan error, 1)
	go func() { lived <- o.robots.live(stop) }()
	var err error
	for _, e := range append(slices.Clip(ends), end{}) {
		if err = o.life(ctx, e); err != nil {
			break
		}
	}
	close(stop)
	if err := errors.Join(err, <-lived); err != nil {
		_, _, waiting := o.robots.done()
		o.t.Fatalf("%v\n%s", err, waiting)
	}
}

// life is one life of the program: until its end, or until all is quiet.
func (o *site) life(ctx context.Context, e end) error {
	o.network.storm(e.storm)
	p := o.start(e.traps)
	defer func() { o.tale = append(o.tale, e.String()+p.Log()) }()
	survive := func() error { return nil }
	if e.twin {
		survive = o.twin(ctx)
	}
	if err := o.until(ctx, p, e); err != nil {
		return errors.Join(err, p.Kill())
	}
	if e.storm != 0 {
		o.network.calm()
	}
	if err := o.finish(ctx, p, e); err != nil {
		return err
	}
	if p.Killed() {
		o.deaths++
	}
	return errors.Join(survive(), o.bury(ctx), o.forgive(ctx))
}

// twin starts another program, and gives what it does when the first has ended:
// it goes on for a while, and is killed.
func (o *site) twin(ctx context.Context) (survive func() error) {
	q := o.start("")
	return func() error {
		defer func() { o.tale = append(o.tale, end{twin: true}.String()+q.Log()) }()
		err := errors.Join(o.until(ctx, q, end{after: 300 * time.Millisecond}), q.Kill())
		o.deaths++
		return err
	}
}

// finish ends a life that is not over yet.
func (o *site) finish(ctx context.Context, p *program.Process, e end) error {
	if e.says != "" || e.after > 0 && !e.asked {
		return p.Kill()
	}
	if e.storm == 0 {
		if err := p.Ready(ctx); err != nil && !p.Killed() {
			return err
		}
	}
	err := p.Terminate(ctx)
	if p.Killed() || e.storm != 0 && ctx.Err() == nil {
		return nil // it ended, by a trap or as it began in the storm
	}
	return err
}

// until waits for the end, or until all is quiet. That the program ends in any
// other way is an error.
func (o *site) until(ctx context.Context, p *program.Process, e end) error {
	var over <-chan time.Time
	if e.after > 0 {
		over = time.After(e.after)
	}
	said, ready := make(chan error, 1), make(chan bool, 1)
	if e.says != "" {
		go func() { said <- p.Says(ctx, e.says) }()
	}
	go func() { ready <- p.Ready(ctx) == nil }()
	var tick <-chan time.Time // of a program that is ready: it looks quiet before
	for {
		select {
		case <-over:
			return nil
		case err := <-said:
			return err
		case <-ready:
			tick = time.Tick(10 * time.Millisecond)
		case <-p.Ended():
			if p.Killed() && strings.Contains(e.traps, "=kill") || e.storm != 0 {
				return nil
			}
			return fmt.Errorf("the program ended by itself: %w", p.Wait(ctx))
		case <-tick:
			if quiet, err := o.quiet(ctx); quiet || err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("it does not become quiet: %w", ctx.Err())
		}
	}
}

// performed sets up a site and performs the story on it.
func performed(t *testing.T, s story, at place, ends ...end) *site {
	t.Helper()
	o := settle(t, s, at)
	o.perform(ends...)
	return o
}
