package storage

import (
	"context"
	"fmt"
)

// NextNumber gives the next free number of a series in a year and locks the
// series until the transaction ends. The number is taken by [Tx.UseNumber].
func (t *Tx) NextNumber(ctx context.Context, name string, year int) (int, error) {
	s := series{name, year}
	if n, locked := t.queue.numbers[s]; locked {
		return n.last + 1, nil
	}
	var last int
	// Writing the row as it is locks it, whether or not it was there.
	err := t.tx.GetContext(ctx, &last, `
		insert into numbers (series, year, last) values ($1, $2, 0)
		on conflict (series, year) do update set last = numbers.last
		returning last`, name, year)
	if err != nil {
		return 0, fmt.Errorf("looking up the next number in %s: %w", s, err)
	}
	if t.queue.numbers == nil {
		t.queue.numbers = map[series]numbers{}
	}
	t.queue.numbers[s] = numbers{last, last}
	return last + 1, nil
}

// UseNumber takes the number that [Tx.NextNumber] gave. If the transaction is
// rolled back, the number is free again, so a series has no gaps.
func (t *Tx) UseNumber(name string, year, n int) error {
	s := series{name, year}
	taken, locked := t.queue.numbers[s]
	if !locked || n != taken.last+1 {
		return fmt.Errorf("taking number %s-%04d: it is not the next one", s, n)
	}
	taken.last = n
	t.queue.numbers[s] = taken
	return nil
}
