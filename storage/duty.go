package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Duty is an open ballot that heads every other mail to the person until it is
// answered (5), (8).
type Duty struct {
	Ballot policy.BallotID   `db:"ballot"`
	Kind   policy.BallotKind `db:"kind"`
	Person policy.PersonID   `db:"person"`
	Due    time.Time         `db:"due"`
	Change policy.ChangeID   `db:"change"`
	Number string            `db:"number"`
	Title  string            `db:"title"`
}

// Duties lists the open duties of the people, the longest due first, but for
// those this transaction closes.
func (t *Tx) Duties(ctx context.Context, people []policy.PersonID) ([]Duty, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var duties []Duty
	err := t.tx.SelectContext(ctx, &duties, `
		select b.id as ballot, b.kind, b.person, b.due_at as due, b.change, c.number, c.title
		from ballots as b join changes as c on c.id = b.change
		where b.status = 'open' and b.person = any($1) and b.kind = any($2)
		order by b.due_at, c.number, b.id`, people, policy.Duties)
	if err != nil {
		return nil, fmt.Errorf("reading the duties of %d people: %w", len(people), err)
	}
	for i := range duties {
		inUTC(&duties[i].Due)
	}
	return slices.DeleteFunc(duties, t.queue.closes), nil
}

// closes says whether the duty's ballot will not be open once the queue is
// written.
func (q *queue) closes(d Duty) bool {
	p, queued := q.queued(d.Change)
	return queued && !slices.ContainsFunc(p.ballots, func(b ballotRow) bool {
		return b.ID == d.Ballot && b.Status == policy.BallotOpen
	})
}
