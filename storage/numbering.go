package storage

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// A series is one run of numbers: CHG-2026.
type series struct {
	name string
	year int
}

func (s series) String() string { return fmt.Sprintf("%s-%d", s.name, s.year) }

var numbered = regexp.MustCompile(`^([A-Z]+)-([0-9]{4})-([0-9]{1,9})$`)

// numbers lists the numbers the record gave in each series, sorted.
func (r *replay) numbers() map[series][]int {
	given := map[series][]int{}
	for _, c := range r.changes {
		for _, name := range []string{c.change.Draft, c.change.Number} {
			if m := numbered.FindStringSubmatch(name); m != nil {
				year, _ := strconv.Atoi(m[2])
				n, _ := strconv.Atoi(m[3])
				s := series{m[1], year}
				given[s] = append(given[s], n)
			}
		}
	}
	for _, ns := range given {
		slices.Sort(ns)
	}
	return given
}

func (r *replay) lastNumbers() map[series]int {
	last := map[series]int{}
	for s, ns := range r.numbers() {
		last[s] = ns[len(ns)-1]
	}
	return last
}

// compareNumbers says where a series has gaps, a number was given twice, or
// the last number is not the last one given.
func (t *Tx) compareNumbers(ctx context.Context, record *replay) ([]string, error) {
	var stored []struct {
		Series string `db:"series"`
		Year   int    `db:"year"`
		Last   int    `db:"last"`
	}
	if err := t.tx.SelectContext(ctx, &stored, `select series, year, last from numbers where last > 0`); err != nil {
		return nil, fmt.Errorf("reading the numbers: %w", err)
	}
	var found []string
	last := record.lastNumbers()
	for _, row := range stored {
		s := series{row.Series, row.Year}
		if row.Last != last[s] {
			found = append(found, fmt.Sprintf("numbers %s: the last is %d, the events tell %d", s, row.Last, last[s]))
		}
		delete(last, s)
	}
	for s, n := range last {
		found = append(found, fmt.Sprintf("numbers %s: the row is missing, the events tell %d", s, n))
	}
	for s, ns := range record.numbers() {
		found = append(found, gaps(s, ns)...)
	}
	slices.Sort(found)
	return found, nil
}

func gaps(s series, given []int) []string {
	var found []string
	for i, n := range given {
		before := 0
		if i > 0 {
			before = given[i-1]
		}
		switch {
		case n == before:
			found = append(found, fmt.Sprintf("numbers %s: %04d was given twice", s, n))
		case n > before+1:
			found = append(found, fmt.Sprintf("numbers %s: nothing has a number between %04d and %04d", s, before, n))
		}
	}
	return found
}
