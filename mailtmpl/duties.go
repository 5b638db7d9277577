package mailtmpl

import (
	"time"

	"github.com/countersign/countersign/policy"
)

// A Duty is what the reader of a mail still owes another change (5), (8).
type Duty struct {
	Number string // of that change
	Title  string
	Kind   policy.BallotKind
	Due    time.Time
}

// mostDuties is how many duties a mail names.
const mostDuties = 3

// duties heads a mail with what its reader still owes other changes, a paragraph
// each.
func duties(d Data) []string {
	var lines []string
	for _, duty := range d.Duties[:min(len(d.Duties), mostDuties)] {
		lines = append(lines, paragraphs(d.owes(duty))...)
	}
	switch more := len(d.Duties) - mostDuties; {
	case more == 1:
		lines = append(lines, "And one more, on another change.")
	case more > 1:
		lines = append(lines, "And "+number(more)+" more, on other changes.")
	}
	return lines
}

// owes says what is to be done, and by when.
func (d Data) owes(duty Duty) string {
	what := map[policy.BallotKind]string{policy.BallotCheck: "check", policy.BallotDocuments: "documents of"}[duty.Kind]
	when := "due " + d.Day(duty.Due)
	if duty.Due.Before(d.Now) {
		when = "overdue since " + d.Day(duty.Due)
	}
	return "Still yours: " + what + " " + duty.Number + " " + cut(said(duty.Title), 80) + " (" + when + ")"
}
