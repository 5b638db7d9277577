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
	// Every is how often the clock looks.
	Every time.Duration
	Pulse *pulse.Pulse
	Log   *slog.Logger
}

// DefaultEvery is how often the clock looks where nobody says it.
const DefaultEvery = 10 * time.Second

// A Clock does what is due.
type Clock struct{ Options }

// New gives a clock that does not run yet.
func New(o Options) *Clock {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
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
	asOf := c.Swept()
	if asOf.IsZero() {
		return nil
	}
	var errs []error
	for _, chore := range c.Chores {
		fired, err := chore.Do(ctx, asOf)
		if fired > 0 {
			c.Log.Info("time did something", "chore", chore.Name, "times", fired)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// patience is how long one look may take before the clock counts as hung: a year
// of reminders after a long outage takes minutes.
const patience = 10 * time.Minute

// Run looks at the clock until ctx ends. What fails is tried again at the next
// look; it ends with an error only where this instance must decide no more.
func (c *Clock) Run(ctx context.Context) error {
	defer c.Pulse.Rest()
	look := time.NewTicker(c.Every)
	defer look.Stop()
	for ctx.Err() == nil {
		c.Pulse.Within(patience)
		err := c.Tick(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, storage.ErrDirectoryChanged) || errors.Is(err, storage.ErrSchemaTooNew):
			return err
		default:
			c.Log.Warn("not everything that is due could be done", "error", err)
		}
		c.Pulse.Within(c.Every + patience)
		select {
		case <-ctx.Done():
		case <-look.C:
		}
	}
	return ctx.Err()
}
