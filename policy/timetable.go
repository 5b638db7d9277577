package policy

import (
	"iter"
	"slices"
	"time"
)

// A deed is what time does to a ballot nobody has answered.
type deed int

const (
	remind   deed = iota // the person gets the same paper again
	escalate             // and others are told that it is overdue
	lapse                // the change expires
)

// A moment is when time does something to a ballot.
type moment struct {
	at   time.Time
	deed deed
}

const (
	longTerm    = 5 // working days: a ballot with so many is reminded of halfway as well
	repeatDays  = 2 // working days from one reminder of what is overdue to the next
	dutyDays    = 5 // the same for duties, which head every other mail too (5), (8)
	lapseDays   = 10
	urgentLapse = 5
)

var (
	// Duties stay until they are done and head every other mail to who owes them.
	Duties = []BallotKind{BallotCheck, BallotDocuments}
	// lapsing lists the ballots whose silence ends a change, before TAKE.
	lapsing = []BallotKind{BallotCorrection, BallotAuthorization, BallotOffer}
)

// Duty says whether the ballot asks for what (5) and (8) make the authorizer's
// own: it never expires.
func (b Ballot) Duty() bool { return slices.Contains(Duties, b.Kind) }

// A timetable says what time does to one ballot.
type timetable struct {
	Calendar
	Ballot
	term   term
	urgent bool
	lapses bool
}

// timetable gives the ballot's. Silence ends a change only before TAKE, and only
// while nothing of it is in production.
func (c Change) timetable(cal Calendar, b Ballot) timetable {
	urgent := c.Emergency()
	return timetable{cal, b, termOf(b.Kind, urgent), urgent, c.mayLapse() && slices.Contains(lapsing, b.Kind)}
}

// moments are all there will be while the ballot is open, in order: reminders
// before it is due, the escalation when it is, reminders after that and, before
// TAKE, the end.
func (t timetable) moments() iter.Seq[moment] {
	return func(yield func(moment) bool) {
		for _, at := range t.ahead() {
			if at.After(t.Issued) && at.Before(t.Due) && !yield(moment{at, remind}) {
				return
			}
		}
		if !yield(moment{t.Due, escalate}) {
			return
		}
		for n := 1; ; n++ {
			at := t.repeat(n)
			if end := t.end(); t.lapses && !at.Before(end) {
				yield(moment{end, lapse})
				return
			}
			if !yield(moment{at, remind}) {
				return
			}
		}
	}
}

// ahead lists the reminders before the ballot is due: halfway where there are
// hours or many days, and in the morning of the last day.
func (t timetable) ahead() []time.Time {
	if t.term.hours > 0 {
		return []time.Time{t.Issued.Add(t.Due.Sub(t.Issued) / 2)}
	}
	last := t.Morning(t.Due)
	if t.term.days < longTerm {
		return []time.Time{last}
	}
	return []time.Time{t.Morning(t.After(t.Issued, t.term.days/2)), last}
}

// repeat is the nth reminder after the ballot is due: every few working days in
// the morning; in an emergency after as many hours as it had, then after twice
// as many, and so on up to a day.
func (t timetable) repeat(n int) time.Time {
	if t.term.hours == 0 {
		days := repeatDays
		if t.Duty() {
			days = dutyDays
		}
		return t.Morning(t.After(t.Due, n*days))
	}
	const day = 24 * time.Hour
	at, wait := t.Due, time.Duration(t.term.hours)*time.Hour
	for range n {
		at, wait = at.Add(wait), min(2*wait, day)
	}
	return at
}

// end is when silence ends the change, if it does: some time after others were
// told, which may have been late where the daemon was down.
func (t timetable) end() time.Time {
	from := t.Due
	if t.Escalated.After(from) {
		from = t.Escalated
	}
	if t.urgent {
		return t.After(from, urgentLapse)
	}
	return t.After(from, lapseDays)
}

// next is the first moment after the last that was.
func (t timetable) next() time.Time {
	for m := range t.moments() {
		if m.at.After(t.Issued) && m.at.After(t.Reminded) {
			return m.at
		}
	}
	return time.Time{}
}

// Lapses is when silence on the ballot will end the change; zero where it never
// does.
func (c Change) Lapses(b Ballot, cal Calendar) time.Time {
	if t := c.timetable(cal, b); t.lapses {
		return t.end()
	}
	return time.Time{}
}
