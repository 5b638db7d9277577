package desk

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Command carries out a command that came by no mail: a firing of the clock, a
// directory, an operator's verb. It is one transaction.
func (d *Desk) Command(ctx context.Context, id policy.ChangeID, cmd policy.Command) (policy.Decision, error) {
	var decision policy.Decision
	err := d.Store.Tx(ctx, func(tx *storage.Tx) error {
		before, err := tx.LockChange(ctx, id)
		if err != nil {
			return err
		}
		r := result{before: before, seed: cmd.Seed, at: d.now()}
		if before.Number == "" {
			if r.number, err = d.number(ctx, tx, r.at); err != nil {
				return err
			}
			cmd.Draft, cmd.Number = r.number.draftNumber(), r.number.changeNumber()
		}
		decision = policy.Decide(before, d.Directory(), cmd, r.at)
		if decision.Refusal != nil || len(decision.Events) == 0 && len(decision.Notices) == 0 {
			return nil
		}
		r.after, r.events, r.notices = decision.Change, decision.Events, decision.Notices
		return d.publish(ctx, tx, r)
	})
	return decision, err
}

// Cancel ends a change on an operator's word; a refusal says why not.
func (d *Desk) Cancel(ctx context.Context, name, reason string) (policy.Decision, error) {
	id, err := d.find(ctx, name)
	if err != nil {
		return policy.Decision{}, err
	}
	cmd := policy.Command{Kind: policy.CommandCancel, Proof: "operator", Text: reason, Seed: fmt.Sprintf("cancel %s %s %s", id, reason, d.now())}
	return d.Command(ctx, id, cmd)
}

func (d *Desk) find(ctx context.Context, name string) (id policy.ChangeID, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		id, err = tx.FindChange(ctx, name)
		return err
	})
	return id, err
}
