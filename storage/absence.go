package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// Away says of the people who are away on that day, or later, until when: each
// by their last out-of-office that said so. Anybody can write one in their name,
// so it is good for nothing but to be shown.
func (s *Store) Away(ctx context.Context, on time.Time, people ...policy.PersonID) (until map[policy.PersonID]time.Time, err error) {
	err = s.again(ctx, func() error {
		until, err = away(ctx, s.db, on, people)
		return err
	})
	return until, inTime(ctx, err)
}

// Away is [Store.Away] as the transaction sees it.
func (t *Tx) Away(ctx context.Context, on time.Time, people ...policy.PersonID) (map[policy.PersonID]time.Time, error) {
	return away(ctx, t.tx, on, people)
}

func away(ctx context.Context, from sqlx.QueryerContext, on time.Time, people []policy.PersonID) (map[policy.PersonID]time.Time, error) {
	var rows []struct {
		Person policy.PersonID `db:"person"`
		Until  time.Time       `db:"away_until"`
	}
	err := sqlx.SelectContext(ctx, from, &rows, `
		select person, away_until from (
			select distinct on (person) person, away_until
			from messages where person = any($1) and away_until is not null
			order by person, received_at desc, id desc) as latest
		where away_until >= $2`, pq.Array(people), on.Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("looking for who is away: %w", err)
	}
	until := map[policy.PersonID]time.Time{}
	for _, r := range rows {
		until[r.Person] = r.Until.UTC()
	}
	return until, nil
}

// dateOrNil is a day without its hours.
func dateOrNil(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	day := t.Format(time.DateOnly)
	return &day
}
