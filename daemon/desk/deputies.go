package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// appointments tell who stands in for whom by the principals' own mail.
type appointments interface {
	Appointments(ctx context.Context) ([]policy.Appointment, error)
}

// deputized is the directory in force with the deputies whom their principals have
// appointed by mail.
func (d *Desk) deputized(ctx context.Context, from appointments) (policy.Directory, error) {
	appointed, err := from.Appointments(ctx)
	return d.Directory().With(appointed), err
}

// remembered is for how long after its day the beginning or end of a deputy's
// term is still acted on.
const remembered = 31 * 24 * time.Hour

// FireDeputies considers every open change again when a deputy's term has begun or
// ended: a ballot is issued to whoever stands in now, or taken from whoever no
// longer does. Considering a change twice does nothing the second time, so the
// firing is recorded when all are done.
func (d *Desk) FireDeputies(ctx context.Context, asOf time.Time) (fired int, err error) {
	dir, err := d.deputized(ctx, d.Store)
	if err != nil {
		return 0, err
	}
	due, err := d.unfired(ctx, d.turns(dir.Deputies, asOf))
	if err != nil || len(due) == 0 {
		return 0, err
	}
	if err := d.reconsider(ctx, due[len(due)-1].Name, "The term of a deputy has begun or ended."); err != nil {
		return 0, err
	}
	for _, f := range due {
		err := d.Store.Tx(ctx, func(tx *storage.Tx) error { return d.fire(ctx, tx, f) })
		if err != nil && !errors.Is(err, errFired) {
			return fired, err
		}
		fired++
	}
	return fired, nil
}

// turns are the beginnings and ends of the terms up to asOf.
func (d *Desk) turns(terms []policy.Deputy, asOf time.Time) []storage.Firing {
	var turns []storage.Firing
	for _, term := range terms {
		for _, turn := range []struct {
			what string
			at   time.Time
		}{{"from", term.From}, {"until", term.Until}} {
			if turn.at.After(asOf) || turn.at.Before(asOf.Add(-remembered)) {
				continue
			}
			name := fmt.Sprintf("deputy %s %s %s %s", term.Principal, term.Deputy, turn.what, turn.at.In(d.location()).Format(time.DateOnly))
			if term.Mail != "" { // of those there can be several in a day
				name = fmt.Sprintf("deputy %s %s %s %s by mail %.12s", term.Principal, term.Deputy, turn.what, turn.at.UTC().Format(time.RFC3339), term.Mail)
			}
			turns = append(turns, storage.Firing{Name: name, Due: turn.at, At: d.now()})
		}
	}
	return turns
}

// unfired are those of the firings that were not done yet.
func (d *Desk) unfired(ctx context.Context, firings []storage.Firing) ([]storage.Firing, error) {
	if len(firings) == 0 {
		return nil, nil
	}
	names := make([]string, len(firings))
	for i, f := range firings {
		names[i] = f.Name
	}
	done, err := d.Store.Fired(ctx, names)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(firings, func(f storage.Firing) bool { return done[f.Name] }), nil
}
