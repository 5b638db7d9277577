package year_test

import (
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// holidays, said again; the year's own lie in company.
var holidays = []string{
	"2028-01-03", "2028-04-14", "2028-05-22", "2028-07-03", "2028-08-01",
	"2028-09-04", "2028-10-09", "2028-12-25", "2028-12-26", "2029-01-01",
}

func workday(t time.Time) bool {
	return weekday(t.In(toronto)) && !slices.Contains(holidays, t.In(toronto).Format(time.DateOnly))
}

// on is the time of day on the local day that lies so many working days after t.
func on(t time.Time, days, hour int) time.Time {
	at := t.In(toronto)
	noon := time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, toronto)
	for days > 0 {
		if noon = noon.AddDate(0, 0, 1); workday(noon) {
			days--
		}
	}
	return time.Date(noon.Year(), noon.Month(), noon.Day(), hour, 0, 0, 0, toronto)
}

// How long people have: working days, and in an emergency working days or hours.
var terms = map[policy.BallotKind]struct{ days, urgentDays, urgentHours int }{
	"correction": {10, 5, 0}, "authorization": {3, 0, 2}, "question": {3, 0, 2}, "ratification": {1, 1, 0},
	"offer": {3, 0, 2}, "implementation": {10, 0, 8}, "test": {3, 0, 4}, "release": {5, 0, 2},
	"check": {3, 1, 0}, "documents": {10, 5, 0}, "decision": {1, 0, 2}, "undo": {1, 0, 2},
}

// plans gives when the ballot is due and when its person is to be reminded, up
// to the end of the play.
func (b *paper) plans() (due time.Time, reminders []time.Time) {
	term := terms[b.Kind]
	days := term.days
	if b.urgent {
		days = term.urgentDays
	}
	if days == 0 {
		return b.hourly(time.Duration(term.urgentHours) * time.Hour)
	}
	due = on(b.Issued, days, 17)
	if days >= 5 {
		reminders = append(reminders, on(b.Issued, days/2, 9))
	}
	reminders = append(reminders, on(due, 0, 9))
	every := 2
	if b.Kind == "check" || b.Kind == "documents" {
		every = 5
	}
	for at := on(due, every, 9); at.Before(ends); at = on(at, every, 9) {
		reminders = append(reminders, at)
	}
	return due, reminders
}

// hourly is an emergency's: reminders halfway, and then after ever longer times
// up to a day.
func (b *paper) hourly(term time.Duration) (due time.Time, reminders []time.Time) {
	due = b.Issued.Add(term)
	reminders = append(reminders, b.Issued.Add(term/2))
	for at, wait := due.Add(term), term; at.Before(ends); at = at.Add(wait) {
		reminders = append(reminders, at)
		wait = min(2*wait, 24*time.Hour)
	}
	return due, reminders
}

// checkClock: at the first moment an instance looked after something was to be
// done, it was done, and never twice; at no other moment anything was. What was
// to be done while all were frozen was done once, when the first awoke: on a day
// off too, where it awoke on one.
func checkClock(t *testing.T, s *site, _ *people, r *record) {
	for _, l := range r.changes {
		for _, b := range l.ballots {
			due, _ := b.plans()
			if !due.Equal(b.Due) {
				t.Errorf("%s: the %s asked of %s on %s is due on %s, not on %s", l.name(), b.Kind, b.Person, b.Issued, b.Due, due)
			}
			want, got := b.expected(s.steps), b.happened()
			if !slices.Equal(want, got) {
				t.Errorf("%s: the %s asked of %s on %s, closed on %s: time should have done\n%v\nand did\n%v", l.name(), b.Kind, b.Person, b.Issued, b.closed, want, got)
			}
		}
	}
}

// A firing is something time did to a ballot.
type firing struct {
	at        string
	escalated bool
}

func (b *paper) happened() (all []firing) {
	for _, e := range b.timed {
		all = append(all, firing{e.At.UTC().Format(time.DateTime), e.Escalated})
	}
	return all
}

// expected is what time should have done, given when instances looked.
func (b *paper) expected(steps []time.Time) (all []firing) {
	due, reminders := b.plans()
	moments := append(slices.Clone(reminders), due)
	for i, step := range steps {
		if !step.After(b.Issued) || !b.closed.IsZero() && !b.closed.After(step) {
			continue
		}
		since := b.Issued
		if i > 0 && steps[i-1].After(since) {
			since = steps[i-1]
		}
		passed := func(at time.Time) bool { return at.After(since) && !at.After(step) }
		if slices.ContainsFunc(moments, passed) {
			all = append(all, firing{step.UTC().Format(time.DateTime), passed(due)})
		}
	}
	return all
}

// lapse is when silence ends the change of a ballot that time can end: working
// days after others were told that it is overdue. Zero: never.
func (b *paper) lapse() time.Time {
	i := slices.IndexFunc(b.timed, func(e policy.Timed) bool { return e.Escalated })
	if i < 0 || !slices.Contains([]policy.BallotKind{"correction", "authorization", "offer"}, b.Kind) {
		return time.Time{}
	}
	from := b.timed[i].At
	if from.Before(b.Due) {
		from = b.Due
	}
	if b.urgent {
		return on(from, 5, 17)
	}
	return on(from, 10, 17)
}

// checkExpiry: a change that nobody took expires as soon as an instance looks
// after its time, and no other does.
func checkExpiry(t *testing.T, s *site, _ *people, r *record) {
	for _, l := range r.changes {
		var ended time.Time
		for _, m := range all[*policy.Moved](l) {
			if m.To == policy.StateExpired {
				ended = m.At
			}
		}
		ran := false
		for _, b := range l.ballots {
			end := b.lapse()
			if end.IsZero() {
				continue
			}
			ran = ran || !ended.IsZero() && b.closed.Equal(ended) && !end.After(ended)
			after := slices.IndexFunc(s.steps, func(step time.Time) bool { return !step.Before(end) })
			if after >= 0 && !l.live() && (b.closed.IsZero() || b.closed.After(s.steps[after])) {
				t.Errorf("%s: the %s asked of %s was to end on %s and did not; closed: %s", l.name(), b.Kind, b.Person, end, b.closed)
			}
		}
		if !ended.IsZero() && !ran {
			t.Errorf("%s expired on %s, and no ballot's time had run out", l.name(), ended)
		}
	}
}

func (l *life) live() bool { return len(all[*policy.WentLive](l)) > 0 }
