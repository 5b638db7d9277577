package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/policy"
)

// WaitedFor lists the people with an open ballot that was issued by then.
func (s *Store) WaitedFor(ctx context.Context, issued time.Time) ([]policy.PersonID, error) {
	var people []policy.PersonID
	err := s.again(ctx, func() error {
		people = nil // a second try begins anew
		return s.db.SelectContext(ctx, &people, `
			select distinct person from ballots where status = 'open' and issued_at <= $1 order by person`, micro(issued))
	})
	if err != nil {
		return nil, fmt.Errorf("looking for who is waited for: %w", inTime(ctx, err))
	}
	return people, nil
}

// A Waiting is an open ballot and its change.
type Waiting struct {
	Change policy.Change
	Ballot policy.BallotID
}

// Waiting lists the open ballots of the person, the longest due first.
func (t *Tx) Waiting(ctx context.Context, person policy.PersonID) ([]Waiting, error) {
	return waiting(ctx, t.tx, person)
}

// Waiting is [Tx.Waiting] for somebody who only looks.
func (s *Store) Waiting(ctx context.Context, person policy.PersonID) (list []Waiting, err error) {
	err = s.again(ctx, func() error {
		list, err = waiting(ctx, s.db, person)
		return err
	})
	return list, err
}

func waiting(ctx context.Context, from sqlx.QueryerContext, person policy.PersonID) ([]Waiting, error) {
	var rows []struct {
		Ballot policy.BallotID `db:"ballot"`
		Change policy.ChangeID `db:"change"`
		Body   []byte          `db:"body"`
	}
	err := sqlx.SelectContext(ctx, from, &rows, `
		select b.id as ballot, b.change, c.body
		from ballots as b join changes as c on c.id = b.change
		where b.status = 'open' and b.person = $1
		order by b.due_at, c.number, b.id`, person)
	if err != nil {
		return nil, fmt.Errorf("reading what waits for %s: %w", person, err)
	}
	var list []Waiting
	for _, row := range rows {
		c, err := decodeChange(row.Change, row.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, Waiting{c, row.Ballot})
	}
	return list, nil
}
