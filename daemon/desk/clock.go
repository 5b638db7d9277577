package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// fireAtMost is to how many changes time does something in one go; the next go
// does the rest.
const fireAtMost = 1000

// FireBallots does to open ballots what time does up to asOf: a mailbox must
// have been swept after it, so that no vote that came in time is overlooked
// (design, 5.10). Each change is one transaction, and done once, whoever else
// does the same. It gives to how many something was done.
func (d *Desk) FireBallots(ctx context.Context, asOf time.Time) (fired int, err error) {
	due, err := d.Store.DueChanges(ctx, asOf, fireAtMost)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, one := range due {
		did, err := d.fireBallots(ctx, one, asOf)
		if err != nil {
			errs = append(errs, fmt.Errorf("doing to change %s what time does: %w", one.Change, err))
		}
		if did {
			fired++
			failpoint.Here(failpoint.Fired)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fired, errors.Join(errs...)
}

func (d *Desk) fireBallots(ctx context.Context, one storage.Due, asOf time.Time) (did bool, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		did = false // a second try begins anew
		before, err := tx.LockChange(ctx, one.Change)
		if err != nil {
			return err
		}
		// By how much has happened so far: the same after a restore.
		f := storage.Firing{Name: fmt.Sprintf("change %s after %d events", one.Change.Mail(), before.Events), Due: one.Next, At: d.now()}
		decision, err := d.command(ctx, tx, one.Change, policy.Command{Kind: policy.CommandFire, Seed: f.Name}, asOf)
		if err != nil || decision.Refusal != nil {
			return err // refused: another instance was first, or somebody has answered
		}
		did = true
		return d.fire(ctx, tx, f)
	})
	if errors.Is(err, errFired) {
		return false, nil
	}
	return did, err
}

// errFired ends a transaction whose firing another one has done.
var errFired = errors.New("done before")

// fire takes the firing and records it. It fails with errFired where it was done
// before; whatever else the transaction was told must then not be written.
func (d *Desk) fire(ctx context.Context, tx *storage.Tx, f storage.Firing) error {
	switch fresh, err := tx.Fire(ctx, f); {
	case err != nil:
		return err
	case !fresh:
		return errFired
	}
	payload, err := json.Marshal(fired{Name: f.Name, Due: f.Due.UTC()})
	if err != nil {
		return fmt.Errorf("recording firing %q: %w", f.Name, err)
	}
	tx.Append(storage.SubjectClock, f.Name, storage.Entry{Kind: "clock.fired", Payload: payload, At: f.At})
	return nil
}

// fired is what the record says of a firing.
type fired struct {
	Name string    `json:"name"`
	Due  time.Time `json:"due"`
}

// overdue tells the operators when somebody is late for the first time.
func (d *Desk) overdue(decision policy.Decision) []policy.Notice {
	for _, e := range decision.Events {
		timed, ok := e.(*policy.Timed)
		if !ok || !timed.Escalated {
			continue
		}
		var notices []policy.Notice
		for _, address := range d.Operators {
			notices = append(notices, policy.Notice{Kind: policy.NoticeOverdue, Address: address, Why: "You are an operator of Countersign."})
		}
		return notices
	}
	return nil
}
