package policy

import (
	"testing"
	"time"
)

// TestSummarizeAMonth holds the counts and times of a month against what was
// recorded, on both sides of its end.
func TestSummarizeAMonth(t *testing.T) {
	cal := Calendar{}
	m, err := ParseMonth("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	from, to := cal.Span(m)
	at := func(hours int) time.Time { return from.Add(time.Duration(hours) * time.Hour) }
	h := History{ID: "a", Events: []Dated{
		{&Opened{ID: "a", Draft: "D-2026-0001", At: at(1)}, at(1)},
		{&Revised{Number: "CHG-2026-0001", Revision: 1, At: at(2)}, at(2)},
		{&Moved{To: StateAuthorized, At: at(12)}, at(12)},
		{&Moved{To: StateCanceled, At: to}, to},
	}}
	d := Summarize(Material{Month: m, AsOf: to, Histories: []History{h}}, cal)
	if d.Counts.Proposed != 1 || d.Counts.Authorized != 1 || len(d.Counts.Ended) != 0 || d.Open != 1 {
		t.Errorf("October: %+v, %d open", d.Counts, d.Open)
	}
	if d.ToDecide != (Median{1, 10 * time.Hour}) {
		t.Errorf("to decide: %+v", d.ToDecide)
	}
	_, end := cal.Span(m.Add(1))
	next := Summarize(Material{Month: m.Add(1), AsOf: end, Histories: []History{h}}, cal)
	if next.Counts.Proposed != 0 || next.Counts.Ended[StateCanceled] != 1 || next.Open != 0 {
		t.Errorf("November: %+v, %d open", next.Counts, next.Open)
	}
	if empty := Summarize(Material{Month: m, AsOf: to}, cal); !empty.Empty() {
		t.Errorf("a month without anything: %+v", empty)
	}
}
