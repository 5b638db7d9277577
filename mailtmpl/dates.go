package mailtmpl

import (
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// Time is a moment as people write it: "Sat 5 December, 17:00 (Toronto)". The
// year is written when it is not the present one.
func (d Data) Time(t time.Time) string {
	t = t.In(d.location())
	return d.Day(t) + t.Format(", 15:04") + " (" + d.zone(t) + ")"
}

// Day is the date alone: "Sat 5 December".
func (d Data) Day(t time.Time) string {
	t = t.In(d.location())
	if t.Year() != d.Now.In(d.location()).Year() {
		return t.Format("Mon 2 January 2006")
	}
	return t.Format("Mon 2 January")
}

// By is the day an answer is due, with the hour when that is today; empty when
// the ballot has no due date.
func (d Data) By() string {
	due := d.Ballot().Due
	switch {
	case due.IsZero():
		return ""
	case d.Day(due) == d.Day(d.Now):
		return d.Day(due) + due.In(d.location()).Format(", 15:04")
	default:
		return d.Day(due)
	}
}

// AnswerBy asks for an answer by the due date, a sentence.
func (d Data) AnswerBy() string {
	switch b := d.Ballot(); {
	case b.Due.IsZero():
		return "Please answer when you can."
	case d.late(b):
		return "Please answer now."
	default:
		return "Please answer by " + d.Time(b.Due) + "."
	}
}

// late says whether the ballot should have been answered by now.
func (d Data) late(b policy.Ballot) bool { return !b.Due.IsZero() && b.Due.Before(d.Now) }

func (d Data) location() *time.Location {
	if d.Location == nil {
		return time.UTC
	}
	return d.Location
}

// zone names the time zone by its city, or by its abbreviation where the zone
// has no city.
func (d Data) zone(t time.Time) string {
	name := d.location().String()
	if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
		return strings.ReplaceAll(name[slash+1:], "_", " ")
	}
	return t.Format("MST")
}

// lasting writes a span of time as people say it, to the minute: "40 minutes",
// "1 hour 5 minutes", "3 days".
func lasting(span time.Duration) string {
	minutes := int(span.Round(time.Minute).Minutes())
	var parts []string
	for _, unit := range []struct {
		name    string
		minutes int
	}{{"day", 24 * 60}, {"hour", 60}, {"minute", 1}} {
		switch n := minutes / unit.minutes; {
		case n == 1:
			parts = append(parts, "1 "+unit.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit.name))
		}
		minutes %= unit.minutes
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return strings.Join(parts, " ")
}

// AwayUntil says until which day an automatic reply has the person away; empty
// where none does.
func (d Data) AwayUntil(person policy.PersonID) string {
	until, ok := d.Away[person]
	if !ok {
		return ""
	}
	return "away until " + d.Day(time.Date(until.Year(), until.Month(), until.Day(), 12, 0, 0, 0, d.location()))
}
