package storage

import (
	"context"
	"fmt"
)

// NextNumber gives the next free number of a series in a year and locks the
// series until the transaction ends. The number is taken by [Tx.UseNumber].
func (t *Tx) NextNumber(ctx context.Context, series string, year int) (int, error) {
	last, err := t.lockSeries(ctx, series, year)
	if err != nil {
		return 0, fmt.Errorf("looking up the next number in %s-%d: %w", series, year, err)
	}
	return last + 1, nil
}

func (t *Tx) lockSeries(ctx context.Context, series string, year int) (last int, err error) {
	if err := t.mayLock(); err != nil {
		return 0, err
	}
	_, err = t.tx.ExecContext(ctx, `
		insert into numbers (series, year, last) values ($1, $2, 0)
		on conflict (series, year) do nothing`, series, year)
	if err != nil {
		return 0, err
	}
	err = t.tx.GetContext(ctx, &last, `
		select last from numbers where series = $1 and year = $2 for update`, series, year)
	return last, err
}

// UseNumber takes the number that [Tx.NextNumber] gave. If the transaction is
// rolled back, the number is free again, so a series has no gaps.
func (t *Tx) UseNumber(ctx context.Context, series string, year, n int) error {
	result, err := t.tx.ExecContext(ctx, `
		update numbers set last = $3 where series = $1 and year = $2 and last = $3 - 1`, series, year, n)
	if err == nil {
		err = oneRow(result, fmt.Errorf("it is not the next one"))
	}
	if err != nil {
		return fmt.Errorf("taking number %s-%d-%04d: %w", series, year, n, err)
	}
	return nil
}
