package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// rest is for how long a ballot must have been open to be named in the weekly
// mail.
const rest = 24 * time.Hour

// FireWaiting sends everybody who is waited for the weekly mail of all that waits
// for them, on the first working day of the week: that of asOf and no earlier
// one, so that a long stop leads to one mail. It gives how many were sent.
func (d *Desk) FireWaiting(ctx context.Context, asOf time.Time) (fired int, err error) {
	due := d.Directory().Calendar.FirstOfWeek(asOf)
	if due.After(asOf) {
		return 0, nil
	}
	people, err := d.Store.WaitedFor(ctx, due.Add(-rest))
	if err != nil {
		return 0, err
	}
	readers := map[string]policy.PersonID{}
	var firings []storage.Firing
	year, week := due.In(d.location()).ISOWeek()
	for _, person := range people {
		name := fmt.Sprintf("waiting %d-W%02d %s", year, week, person)
		readers[name], firings = person, append(firings, storage.Firing{Name: name, Due: due, At: d.now()})
	}
	if firings, err = d.unfired(ctx, firings); err != nil {
		return 0, err
	}
	var errs []error
	for _, f := range firings {
		switch err := d.fireWaiting(ctx, readers[f.Name], f); {
		case err == nil:
			fired++
		case !errors.Is(err, errFired):
			errs = append(errs, fmt.Errorf("telling %s what waits for them: %w", readers[f.Name], err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fired, errors.Join(errs...)
}

func (d *Desk) fireWaiting(ctx context.Context, person policy.PersonID, f storage.Firing) error {
	return d.Store.Tx(ctx, func(tx *storage.Tx) error {
		tx.Under(d.inForce())
		if err := d.fire(ctx, tx, f); err != nil {
			return err
		}
		list, err := tx.Waiting(ctx, person)
		if err != nil || len(list) == 0 {
			return err // answered meanwhile
		}
		return d.publish(ctx, tx, result{
			seed: f.Name, at: f.At, waiting: list,
			notices: []policy.Notice{{Kind: policy.NoticeWaiting, To: person, Why: "You were asked and have not answered; this mail comes once a week."}},
		})
	})
}

// giveOthersPapers issues the tokens of all ballots the mail lists.
func (d *Desk) giveOthersPapers(tx *storage.Tx, out *storage.OutMail, list []storage.Waiting) error {
	out.KeyID, out.TokenPerson, out.Generation = d.Keys.Current, string(out.Person), generation
	for _, w := range list {
		p := paper.Paper{Change: string(w.Change.ID), Ballot: string(w.Ballot), Person: string(out.Person), Generation: generation}
		if err := d.issue(tx, paper.Mail, p); err != nil {
			return err
		}
	}
	return nil
}

func waiting(list []storage.Waiting) []mailtmpl.Waiting {
	var all []mailtmpl.Waiting
	for _, w := range list {
		all = append(all, mailtmpl.Waiting{Change: w.Change, Ballot: w.Ballot})
	}
	return all
}
