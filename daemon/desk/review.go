package desk

import (
	"context"
	"errors"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// FireReview reminds the policy's owners that it is to be reviewed; of several
// reminders that are due only the last.
func (d *Desk) FireReview(ctx context.Context, asOf time.Time) (fired int, err error) {
	review, ok := d.Directory().ReviewDue(asOf)
	if !ok {
		return 0, nil
	}
	done, err := d.Store.Fired(ctx, []string{review.Name})
	if err != nil || done[review.Name] {
		return 0, err
	}
	f := storage.Firing{Name: review.Name, Due: review.Due, At: d.now()}
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		tx.Under(d.inForce())
		if err := d.fire(ctx, tx, f); err != nil {
			return err
		}
		return d.publish(ctx, tx, result{seed: f.Name, at: f.At, notices: d.reviewNotices()})
	})
	if errors.Is(err, errFired) {
		return 0, nil
	}
	return 1, err
}

// reviewNotices go to those who own the policy; where nobody does, to the
// operators.
func (d *Desk) reviewNotices() []policy.Notice {
	var notices []policy.Notice
	for _, owner := range d.Directory().Holders(policy.PolicyOwner) {
		notices = append(notices, policy.Notice{Kind: policy.NoticeReview, To: owner, Why: "You own the policy."})
	}
	if len(notices) > 0 {
		return notices
	}
	for _, address := range d.Operators {
		notices = append(notices, policy.Notice{Kind: policy.NoticeReview, Address: address, Why: "You are an operator of Countersign, and nobody holds the role of the policy owner."})
	}
	return notices
}
