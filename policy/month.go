package policy

import (
	"fmt"
	"time"
)

// A Month is one month of the organization's calendar.
type Month struct {
	Year  int        `json:"year"`
	Month time.Month `json:"month"`
}

const yearMonth = "2006-01"

// ParseMonth reads a month written as "2026-10".
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse(yearMonth, text)
	if err != nil {
		return Month{}, fmt.Errorf("%q is no month", text)
	}
	return Month{t.Year(), t.Month()}, nil
}

// Month is the local month of t.
func (c Calendar) Month(t time.Time) Month {
	local := t.In(c.location())
	return Month{local.Year(), local.Month()}
}

// Span is when the month begins and when the next one does.
func (c Calendar) Span(m Month) (from, to time.Time) {
	from = time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, c.location())
	return from.UTC(), from.AddDate(0, 1, 0).UTC()
}

// DigestDue is when higher management is told of the month: in the morning of
// the first working day of the next one.
func (c Calendar) DigestDue(m Month) time.Time {
	_, to := c.Span(m)
	return c.FirstWorkday(to)
}

// Add is the month so many months later.
func (m Month) Add(n int) Month {
	t := m.first().AddDate(0, n, 0)
	return Month{t.Year(), t.Month()}
}

// Before says whether the month is earlier than the other.
func (m Month) Before(other Month) bool { return m.first().Before(other.first()) }

func (m Month) first() time.Time { return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, time.UTC) }

// String is the month as "2026-10".
func (m Month) String() string { return m.first().Format(yearMonth) }

// Name is the month as people write it: "October 2026".
func (m Month) Name() string { return m.first().Format("January 2006") }

// Short is the month's name on a chart: "Oct".
func (m Month) Short() string { return m.first().Format("Jan") }
