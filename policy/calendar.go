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

// endOfDay is the local hour at which a working day ends.
const endOfDay = 17

// terms gives the working days a person has to answer a ballot; the second
// figure is for an emergency. Zero means the same day.
var terms = map[BallotKind][2]int{
	BallotCorrection: {10, 5}, BallotAuthorization: {3, 0}, BallotQuestion: {3, 0},
	BallotRatification: {1, 1}, BallotOffer: {3, 0}, BallotImplementation: {10, 1},
	BallotTest: {3, 0}, BallotRelease: {5, 0}, BallotCheck: {3, 1},
	BallotDocuments: {10, 5}, BallotDecision: {1, 0}, BallotUndo: {1, 0},
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

func (c Calendar) due(kind BallotKind, urgent bool, now time.Time) time.Time {
	term := terms[kind]
	if urgent {
		return c.After(now, term[1])
	}
	return c.After(now, term[0])
}
