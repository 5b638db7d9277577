// Package clock is the daemon's sense of time: it knows when to look, and the
// desk what is due then. Nothing is due but up to the beginning of the last
// sweep of the mailbox, so that whoever answered in time is heard first.
//
// It keeps no schedule of its own. When something is due is computed from the
// record and the calendar each time (years of daylight saving, a changed zone and
// weeks without power included), and what was done is a row that there can be
// once.
package clock

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/storage"
)

// A Chore does what is due up to a time, and says how much it was.
type Chore struct {
	Name string
	Do   func(ctx context.Context, asOf time.Time) (fired int, err error)
}

// Options are what a clock needs.
type Options struct {
	Chores []Chore
	// Swept is when the last complete sweep of the mailbox began; zero before the
	// first.
	Swept func() time.Time
	Pulse *pulse.Pulse
	Log   *slog.Logger
}

// A Clock does what is due.
type Clock struct{ Options }

// New gives a clock that does not run yet.
func New(o Options) *Clock {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Pulse == nil {
		o.Pulse = &pulse.Pulse{}
	}
	return &Clock{o}
}

// Tick does everything that is due as far as the mailbox has been swept. A chore
// that fails keeps no other from being done.
func (c *Clock) Tick(ctx context.Context) error {
	if asOf := c.Swept(); !asOf.IsZero() {
		return c.do(ctx, asOf)
	}
	return nil
}

func (c *Clock) do(ctx context.Context, asOf time.Time) error {
	var errs []error
	for _, chore := range c.Chores {
		fired, err := chore.Do(ctx, asOf)
		if fired > 0 {
			c.Log.Info("time did something", "chore", chore.Name, "times", fired)
		}
		errs = append(errs, err)
	}
	err := errors.Join(errs...)
	if err == nil {
		failpoint.Here(failpoint.Looked)
	}
	return err
}

const (
	look     = time.Second      // from one look whether a sweep was completed to the next
	again    = 10 * time.Second // before what failed is tried again
	patience = 10 * time.Minute // how long it may take: after a long outage there is much to do
)

// Run does what is due each time a sweep was completed, until ctx ends. What
// fails is tried again; it ends with an error only where this instance must
// decide no more.
func (c *Clock) Run(ctx context.Context) error {
	defer c.Pulse.Rest()
	for done, wait := (time.Time{}), look; ctx.Err() == nil; pulse.Pause(ctx, wait) {
		c.Pulse.Within(patience)
		asOf := c.Swept()
		if !asOf.After(done) {
			continue
		}
		switch err := c.do(ctx, asOf); {
		case err == nil:
			done, wait = asOf, look
		case errors.Is(err, storage.ErrDirectoryChanged) || errors.Is(err, storage.ErrSchemaTooNew):
			return err
		case ctx.Err() == nil:
			c.Log.Warn("not everything that is due could be done", "error", err)
			wait = again
		}
	}
	return ctx.Err()
}
