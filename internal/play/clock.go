package play

import (
	"context"
	"time"

	"github.com/countersign/countersign/policy"
)

// A leap is a way to move the clock on.
type leap struct {
	Name string
	To   func(p *Play, open []policy.Ballot) time.Time // zero: nowhere
}

// leaps are those on the page.
var leaps = []leap{
	{"an hour on", func(p *Play, _ []policy.Ballot) time.Time { return p.now().Add(time.Hour) }},
	{"a day on", func(p *Play, _ []policy.Ballot) time.Time { return p.now().AddDate(0, 0, 1) }},
	{"to the next working morning", func(p *Play, _ []policy.Ballot) time.Time { return p.morning() }},
	{"until somebody is reminded", func(_ *Play, open []policy.Ballot) time.Time { return next(open) }},
	{"until the month is told to G7", func(p *Play, _ []policy.Ballot) time.Time {
		c := p.stage.Configured().Calendar
		return c.DigestDue(c.Month(p.now()))
	}},
}

// now is the time in the company.
func (p *Play) now() time.Time {
	return p.stage.Clock.Now().In(p.stage.Configured().Calendar.Location)
}

// morning is nine o'clock on the next working day.
func (p *Play) morning() time.Time {
	c, day := p.stage.Configured().Calendar, p.now()
	for range 30 {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 9, 0, 0, 0, day.Location())
		if c.Workday(day) {
			break
		}
	}
	return day
}

// next is when time does something to one of the ballots.
func next(open []policy.Ballot) (at time.Time) {
	for _, b := range open {
		if !b.Next.IsZero() && (at.IsZero() || b.Next.Before(at)) {
			at = b.Next
		}
	}
	return at
}

// leap moves the clock on; it never goes back.
func (p *Play) leap(ctx context.Context, name string) error {
	open, err := p.open(ctx)
	if err != nil {
		return err
	}
	for _, l := range leaps {
		if to := l.To(p, ballots(open)); l.Name == name && to.After(p.now()) {
			p.stage.Clock.Set(to.UTC())
			return p.step(ctx)
		}
	}
	return nil
}
