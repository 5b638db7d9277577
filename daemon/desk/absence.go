package desk

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// withAbsences are the mails that name who is waited for: there it matters that
// they are away.
var withAbsences = []policy.NoticeKind{policy.NoticeOverdue, policy.AnswerStatus}

// tellAbsences tells such drafts until when those people are away.
func (d *Desk) tellAbsences(ctx context.Context, tx *storage.Tx, drafts []draft) error {
	for i := range drafts {
		data := &drafts[i].data
		if !slices.Contains(withAbsences, data.Notice.Kind) {
			continue
		}
		var err error
		if data.Away, err = tx.Away(ctx, d.Today(), WaitedFor(data.Change)...); err != nil {
			return err
		}
	}
	return nil
}

// WaitedFor are the people with an open ballot on the change.
func WaitedFor(c policy.Change) (people []policy.PersonID) {
	for _, b := range c.OpenBallots() {
		people = append(people, b.Person)
	}
	return people
}

// Today is the day it is where the company is.
func (d *Desk) Today() time.Time { return d.now().In(d.location()) }
