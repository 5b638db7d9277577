package storage_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/storage"
)

// Many take numbers at once and some of them give up half-way: still no number
// is given twice and none is left out.
func TestNumbersHaveNoGaps(t *testing.T) {
	s := open(t)
	var all errgroup.Group
	var mu sync.Mutex
	var given []int
	for i := range 30 {
		all.Go(func() error {
			var n int
			err := s.Tx(t.Context(), func(tx *storage.Tx) (err error) {
				if n, err = tx.NextNumber(t.Context(), "CHG", 2026); err != nil {
					return err
				}
				if err := tx.UseNumber("CHG", 2026, n); err != nil {
					return err
				}
				if i%3 == 0 {
					return errGivenUp
				}
				return nil
			})
			if errors.Is(err, errGivenUp) {
				return nil
			}
			mu.Lock()
			given = append(given, n)
			mu.Unlock()
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(given)
	for i, n := range given {
		if n != i+1 {
			t.Fatalf("given were %v", given)
		}
	}
	if len(given) != 20 {
		t.Errorf("%d numbers were given, want 20", len(given))
	}
}

// A number that is looked up but not used stays free; series and years count
// for themselves.
func TestNumbers(t *testing.T) {
	s := open(t)
	next := func(series string, year int) (n int) {
		in(t, s, func(tx *storage.Tx) (err error) { n, err = tx.NextNumber(t.Context(), series, year); return err })
		return n
	}
	in(t, s, func(tx *storage.Tx) error {
		n, err := tx.NextNumber(t.Context(), "CHG", 2026)
		return errors.Join(err, tx.UseNumber("CHG", 2026, n))
	})
	for range 2 {
		if n := next("CHG", 2026); n != 2 {
			t.Errorf("after CHG-2026-0001 comes %d", n)
		}
	}
	if a, b := next("CHG", 2027), next("D", 2026); a != 1 || b != 1 {
		t.Errorf("other series begin with %d and %d", a, b)
	}
	for _, wrong := range []int{1, 3} {
		err := s.Tx(t.Context(), func(tx *storage.Tx) error {
			if _, err := tx.NextNumber(t.Context(), "CHG", 2026); err != nil {
				return err
			}
			return tx.UseNumber("CHG", 2026, wrong)
		})
		wantError(t, err, "not the next one")
	}
}
