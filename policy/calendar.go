package policy

import (
	"slices"
	"time"
)

// A Calendar says when people work. Deadlines fall at the end of a working day.
type Calendar struct {
	Zone     string         `json:"zone"`               // IANA name, for the record
	Holidays []string       `json:"holidays,omitempty"` // 2006-01-02
	Location *time.Location `json:"-"`
}

// The local hours at which a working day begins, with the mails of the clock,
// and ends, with the deadlines.
const (
	startOfDay = 9
	endOfDay   = 17
)

// A term is how long a person has to answer a ballot: working days or, in an
// emergency, hours of the clock.
type term struct{ days, hours int }

// terms gives the term of each ballot, and what it is in an emergency.
var terms = map[BallotKind][2]term{
	BallotCorrection: {{days: 10}, {days: 5}}, BallotAuthorization: {{days: 3}, {hours: 2}},
	BallotQuestion: {{days: 3}, {hours: 2}}, BallotRatification: {{days: 1}, {days: 1}},
	BallotOffer: {{days: 3}, {hours: 2}}, BallotImplementation: {{days: 10}, {hours: 8}},
	BallotTest: {{days: 3}, {hours: 4}}, BallotRelease: {{days: 5}, {hours: 2}},
	BallotCheck: {{days: 3}, {days: 1}}, BallotDocuments: {{days: 10}, {days: 5}},
	BallotDecision: {{days: 1}, {hours: 2}}, BallotUndo: {{days: 1}, {hours: 2}},
}

func termOf(kind BallotKind, urgent bool) term {
	if urgent {
		return terms[kind][1]
	}
	return terms[kind][0]
}

func (c Calendar) location() *time.Location {
	if c.Location == nil {
		return time.UTC
	}
	return c.Location
}

// Workday says whether people work on the local day of t.
func (c Calendar) Workday(t time.Time) bool {
	t = t.In(c.location())
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return !weekend && !slices.Contains(c.Holidays, t.Format(time.DateOnly))
}

// After is the end of the nth working day after t. With n zero it is the end
// of t's own day, or of the next working day when that is past or free.
func (c Calendar) After(t time.Time, n int) time.Time {
	local := t.In(c.location())
	day := time.Date(local.Year(), local.Month(), local.Day(), endOfDay, 0, 0, 0, c.location())
	if n == 0 && c.Workday(day) && day.After(t) {
		return day.UTC()
	}
	for n = max(n, 1); n > 0; {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, endOfDay, 0, 0, 0, c.location())
		if c.Workday(day) {
			n--
		}
	}
	return day.UTC()
}

// due is when a ballot issued at the time must be answered.
func (c Calendar) due(kind BallotKind, urgent bool, issued time.Time) time.Time {
	t := termOf(kind, urgent)
	if t.hours > 0 {
		return issued.Add(time.Duration(t.hours) * time.Hour)
	}
	return c.After(issued, t.days)
}

// Morning is when mails of the day go out: at nine on the local day of t or,
// where nobody works on it, on the working day before.
func (c Calendar) Morning(t time.Time) time.Time {
	local := t.In(c.location())
	day := time.Date(local.Year(), local.Month(), local.Day(), startOfDay, 0, 0, 0, c.location())
	for !c.Workday(day) {
		day = time.Date(day.Year(), day.Month(), day.Day()-1, startOfDay, 0, 0, 0, c.location())
	}
	return day.UTC()
}

// FirstOfWeek is the morning of the first working day of the week of t, which
// begins on Monday; of the next week that has one, where this has none.
func (c Calendar) FirstOfWeek(t time.Time) time.Time {
	local := t.In(c.location())
	sinceMonday := (int(local.Weekday()) + 6) % 7
	day := time.Date(local.Year(), local.Month(), local.Day()-sinceMonday, startOfDay, 0, 0, 0, c.location())
	for !c.Workday(day) {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, startOfDay, 0, 0, 0, c.location())
	}
	return day.UTC()
}

// FirstWorkday is the morning of the first working day of the local month of t.
func (c Calendar) FirstWorkday(t time.Time) time.Time {
	local := t.In(c.location())
	day := time.Date(local.Year(), local.Month(), 1, startOfDay, 0, 0, 0, c.location())
	for !c.Workday(day) {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, startOfDay, 0, 0, 0, c.location())
	}
	return day.UTC()
}
