package policy

import (
	"cmp"
	"slices"
	"time"
)

// A Dated is an event with the time at which it was recorded.
type Dated struct {
	Event
	At time.Time
}

// A History is all that was recorded of one change.
type History struct {
	ID     ChangeID
	Events []Dated
}

// Counts are what happened to changes in a month, each change counted once in
// each line.
type Counts struct {
	Proposed   int           `json:"proposed"`
	Authorized int           `json:"authorized"`
	Released   int           `json:"released"` // in production, and everyone told
	Ended      map[State]int `json:"ended"`    // by the end they reached
	Open       int           `json:"open"`     // not at an end when the month ended
}

// None says whether nothing happened and nothing is open.
func (c Counts) None() bool {
	return c.Proposed+c.Authorized+c.Released+c.Open == 0 && len(c.Ended) == 0
}

// Figures are what a month came to.
type Figures struct {
	Month
	Counts
	Categories map[Category]Counts // a change in two counts in both
	ToDecide   Median              // from an accepted proposal to its authorization or refusal
	ToRelease  Median              // from the authorization to production
}

// A Waiting says how long changes waited for one authorizer.
type Waiting struct {
	Person   PersonID
	Answered int // ballots answered in the month
	Median   time.Duration
	Open     int // ballots not answered at its end
}

// A Median is the middle of so many durations, by the clock, nights and weekends
// included.
type Median struct {
	Of    int
	Value time.Duration
}

// A Refused is an attempt somebody made that the policy does not allow.
type Refused struct {
	Person PersonID
	Number string // of the change, where it was about one
	Code   RefusalCode
	At     time.Time
}

// A Reload is one loading of a directory in the month, in sentences.
type Reload struct {
	At    time.Time
	Texts []string
}

// A Head is the last event of the chain at a time.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"` // hex
}

// An Unpublished change is one whose page in Confluence does not tell what the
// record tells.
type Unpublished struct {
	ID    ChangeID  `db:"id"`
	Since time.Time `db:"since"` // of the first event it does not tell
	Why   string    `db:"why"`   // what is in the way, as far as it is known
}

// Material is all that a digest is made of.
type Material struct {
	Month     Month
	AsOf      time.Time // the end of the month, or now while it still goes on
	Begun     time.Time // when the record begins
	Histories []History // of every change that lived since [MonthsBefore]
	Refused   []Refused
	Reloads   []Reload
	Head      Head

	Unpublished []Unpublished // when the digest is written, which the record says nothing of
}

// MonthsBefore is how many months before stand beside the figures of a month.
const MonthsBefore = 5

// A Digest is what higher management is told of one month.
type Digest struct {
	Figures    Figures
	Earlier    []Figures // of the months before, oldest first
	Running    bool      // the month is not over
	AsOf       time.Time
	Exceptions []Exception
	Majors     []Life
	Waiting    []Waiting
	Refused    []Refused
	Reloads    []Reload
	Head       Head
	Changes    []Life // that lived in the month, by number
}

// Empty says whether there is nothing to tell of the month.
func (d Digest) Empty() bool {
	return d.Figures.None() && len(d.Exceptions) == 0 && len(d.Refused) == 0 && len(d.Reloads) == 0
}

// NeedAttention are the changes with an exception that still stood when the
// month ended, in the order of their exceptions.
func (d Digest) NeedAttention() []ChangeID { return d.with(true) }

// WereUnusual are the other changes with an exception.
func (d Digest) WereUnusual() []ChangeID {
	attention := d.NeedAttention()
	return slices.DeleteFunc(d.with(false), func(id ChangeID) bool { return slices.Contains(attention, id) })
}

func (d Digest) with(standing bool) (ids []ChangeID) {
	for _, e := range d.Exceptions {
		if e.Standing == standing && !slices.Contains(ids, e.ID) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// Of are the exceptions of a change.
func (d Digest) Of(id ChangeID) []Exception {
	return slices.DeleteFunc(slices.Clone(d.Exceptions), func(e Exception) bool { return e.ID != id })
}

// Life is the change with the id, as it stood at the end of the month.
func (d Digest) Life(id ChangeID) Life {
	i := slices.IndexFunc(d.Changes, func(l Life) bool { return l.ID == id })
	if i < 0 {
		return Life{}
	}
	return d.Changes[i]
}

// A Life is one change as it stood at the end of the month, with the moments
// that count, by when they were recorded.
type Life struct {
	Change
	Opened, Accepted, Authorized, Decided, Released, Ended time.Time
	Active                                                 bool // something happened to it in the month

	fails  []Dated
	casts  []Dated
	marks  []Dated
	heldUp time.Time // the last time
	undone time.Time // the last time
}

// Summarize says what happened in the month. It depends on the record up to the
// end of the month and on nothing else, so it says the same for ever; but for
// what is not published, which is as it is.
func Summarize(m Material, cal Calendar) Digest {
	from, to := cal.Span(m.Month)
	d := Digest{
		AsOf: m.AsOf, Running: m.AsOf.Before(to), Refused: m.Refused, Reloads: m.Reloads, Head: m.Head,
		Changes: lives(m.Histories, from, m.AsOf),
	}
	d.Figures = figures(m.Month, d.Changes, from)
	for n := -MonthsBefore; n < 0; n++ {
		if before := m.Month.Add(n); !before.Before(cal.Month(m.Begun)) {
			from, to := cal.Span(before)
			d.Earlier = append(d.Earlier, figures(before, lives(m.Histories, from, to), from))
		}
	}
	d.waiting(from)
	for _, l := range d.Changes {
		d.Exceptions = append(d.Exceptions, exceptions(l, from, m.AsOf)...)
		if l.IsMajor() && l.Active {
			d.Majors = append(d.Majors, l)
		}
	}
	for _, u := range m.Unpublished {
		if d.Life(u.ID).ID != "" {
			d.Exceptions = append(d.Exceptions, Exception{ID: u.ID, Kind: ExceptionUnpublished, Text: u.Why, Since: u.Since, Standing: true})
		}
	}
	slices.SortStableFunc(d.Exceptions, func(a, b Exception) int { return cmp.Compare(a.rank(), b.rank()) })
	return d
}

// lives are the changes that lived between the times, as they stood at the
// later one, by number.
func lives(histories []History, from, asOf time.Time) (all []Life) {
	for _, h := range histories {
		if l := live(h, from, asOf); l.ID != "" && (!l.State.End() || !l.Ended.Before(from)) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b Life) int { return cmp.Compare(a.Name(), b.Name()) })
	return all
}

// live replays a change up to the time.
func live(h History, from, asOf time.Time) Life {
	var l Life
	for _, e := range h.Events {
		if !e.At.Before(asOf) {
			break
		}
		l.Change = Apply(l.Change, e.Event)
		l.Active = l.Active || !e.At.Before(from)
		l.note(e)
	}
	return l
}

// note keeps the moments that count.
func (l *Life) note(e Dated) {
	switch event := e.Event.(type) {
	case *Opened:
		l.Opened = e.At
	case *Revised:
		l.Accepted = first(l.Accepted, e.At)
	case *Moved:
		l.moved(event.To, e.At)
	case *Told:
		l.Released = first(l.Released, e.At)
	case *Flunked:
		l.fails = append(l.fails, e)
	case *TakenOut:
		l.undone = e.At
	case *HeldUp:
		l.heldUp = e.At
	case *Cast:
		l.casts = append(l.casts, e)
	case *Marked:
		l.marks = append(l.marks, e)
	}
}

func (l *Life) moved(to State, at time.Time) {
	if to == StateAuthorized {
		l.Authorized = first(l.Authorized, at)
	}
	if to == StateAuthorized || to == StateRejected {
		l.Decided = first(l.Decided, at)
	}
	if to.End() {
		l.Ended = at
	}
}

// figures are what became of the changes from the beginning of the month on.
func figures(month Month, all []Life, from time.Time) Figures {
	f := Figures{Month: month, Counts: countAll(all, from), Categories: map[Category]Counts{}}
	for _, category := range Categories {
		in := slices.DeleteFunc(slices.Clone(all), func(l Life) bool {
			return !slices.Contains(l.Proposal.Categories, category)
		})
		if counts := countAll(in, from); !counts.None() {
			f.Categories[category] = counts
		}
	}
	var decide, release []time.Duration
	for _, l := range all {
		if !l.Decided.Before(from) && !l.Accepted.IsZero() {
			decide = append(decide, l.Decided.Sub(l.Accepted))
		}
		if !l.Released.Before(from) && !l.Authorized.IsZero() {
			release = append(release, l.Released.Sub(l.Authorized))
		}
	}
	f.ToDecide, f.ToRelease = median(decide), median(release)
	return f
}

func countAll(lives []Life, from time.Time) Counts {
	c := Counts{Ended: map[State]int{}}
	since := func(t time.Time) int {
		if t.IsZero() || t.Before(from) {
			return 0
		}
		return 1
	}
	for _, l := range lives {
		c.Proposed += since(l.Opened)
		c.Authorized += since(l.Authorized)
		c.Released += since(l.Released)
		switch {
		case !l.State.End():
			c.Open++
		case since(l.Ended) == 1:
			c.Ended[l.State]++
		}
	}
	return c
}

// waiting says how long changes waited for each authorizer.
func (d *Digest) waiting(from time.Time) {
	waits, open := map[PersonID][]time.Duration{}, map[PersonID]int{}
	for _, l := range d.Changes {
		l.waits(from, waits, open)
	}
	for person := range waits {
		open[person] += 0
	}
	for person, n := range open {
		m := median(waits[person])
		d.Waiting = append(d.Waiting, Waiting{Person: person, Answered: m.Of, Median: m.Value, Open: n})
	}
	slices.SortFunc(d.Waiting, func(a, b Waiting) int { return cmp.Compare(a.Person, b.Person) })
}

// waits adds how long the change waited for its authorizers.
func (l Life) waits(from time.Time, waits map[PersonID][]time.Duration, open map[PersonID]int) {
	for _, e := range l.casts {
		b, ok := l.Ballot(e.Event.(*Cast).Ballot)
		if ok && !e.At.Before(from) && slices.Contains(ofAuthorizers, b.Kind) {
			waits[b.Person] = append(waits[b.Person], max(e.At.Sub(b.Issued), 0))
		}
	}
	for _, b := range l.OpenBallots() {
		if slices.Contains(ofAuthorizers, b.Kind) {
			open[b.Person]++
		}
	}
}

func median(list []time.Duration) Median {
	if len(list) == 0 {
		return Median{}
	}
	slices.Sort(list)
	middle := len(list) / 2
	value := list[middle]
	if len(list)%2 == 0 {
		value = (list[middle-1] + value) / 2
	}
	return Median{len(list), value}
}

// Months are the figures of the months before and of this one.
func (d Digest) Months() []Figures { return append(slices.Clone(d.Earlier), d.Figures) }
