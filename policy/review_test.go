package policy

import "testing"

// The review is reminded of thirty days before, on the day and every thirty days
// after it, in the morning of a working day; only the last reminder counts.
func TestReviewDue(t *testing.T) {
	c := calendarOf(t, "America/Toronto", "2027-03-01")
	for asOf, want := range map[string]string{
		"2026-12-30 08:59": "",
		"2026-12-30 09:00": "review 2027-01-29 first at 2026-12-30 09:00",
		"2027-01-29 08:59": "review 2027-01-29 first at 2026-12-30 09:00",
		"2027-01-29 09:00": "review 2027-01-29 due at 2027-01-29 09:00",
		"2027-02-26 09:00": "review 2027-01-29 overdue 1 at 2027-02-26 09:00", // a Sunday is the day
		"2027-03-29 12:00": "review 2027-01-29 overdue 1 at 2027-02-26 09:00",
		"2027-03-30 09:00": "review 2027-01-29 overdue 2 at 2027-03-30 09:00", // the clocks went forward meanwhile
		"2028-02-01 09:00": "review 2027-01-29 overdue 12 at 2028-01-24 09:00",
	} {
		d := Directory{Calendar: c, NextReview: "2027-01-29"}
		got := ""
		if r, ok := d.ReviewDue(c.at(t, asOf)); ok {
			got = r.Name + " at " + c.local(r.Due)
		}
		if got != want {
			t.Errorf("as of %s: %q, want %q", asOf, got, want)
		}
	}
	if r, ok := (Directory{Calendar: c}).ReviewDue(c.at(t, "2028-02-01 09:00")); ok {
		t.Errorf("no review is set, and yet %q is due", r.Name)
	}
}

func TestFirstOfWeek(t *testing.T) {
	c := calendarOf(t, "America/Toronto", "2026-11-30", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01")
	for from, want := range map[string]string{
		"2026-11-23 00:00": "2026-11-23 09:00",
		"2026-11-29 23:59": "2026-11-23 09:00", // a Sunday ends its week
		"2026-11-30 10:00": "2026-12-01 09:00", // a holiday on Monday
		"2026-12-30 10:00": "2027-01-04 09:00", // nobody works that week
		"2026-11-01 12:00": "2026-10-26 09:00", // the Sunday on which the clocks go back
		"2026-03-08 12:00": "2026-03-02 09:00", // and forward
	} {
		if got := c.local(c.FirstOfWeek(c.at(t, from))); got != want {
			t.Errorf("the first working day of the week of %s is %s, want %s", from, got, want)
		}
	}
}
