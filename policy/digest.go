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
}

// None says whether nothing happened.
func (c Counts) None() bool {
	return c.Proposed+c.Authorized+c.Released == 0 && len(c.Ended) == 0
}

// A MonthCounts is a month with its counts.
type MonthCounts struct {
	Month
	Counts
}

// A CategoryCounts is what happened in one category; a change in two counts in
// both.
type CategoryCounts struct {
	Category Category
	Counts
	Open int // at the end of the month
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

// A Major is what a digest says of a major change.
type Major struct {
	Change
	Released time.Time // when everyone was told; zero while nobody was
}

// A Refused is an attempt somebody made that the policy does not allow.
type Refused struct {
	Person PersonID
	Change string // its number, where it was about one
	Reason string
	At     time.Time
}

// A Reload is one loading of a directory in the month, in sentences.
type Reload struct {
	At    time.Time
	Texts []string
}

// A Head is the last event of the chain at a time.
type Head struct {
	Seq  int64
	Hash string // hex
}

// Material is all that a digest is made of.
type Material struct {
	Month     Month
	AsOf      time.Time // the end of the month, or now while it still goes on
	Histories []History
	Earlier   []MonthCounts // the months before, oldest first
	Refused   []Refused
	Reloads   []Reload
	Head      Head
}

// A Digest is what higher management is told of one month.
type Digest struct {
	Month      Month
	Running    bool // the month is not over
	AsOf       time.Time
	Exceptions []Exception
	Majors     []Major
	Counts     Counts
	Open       int // changes not at an end, when the month ended
	Categories []CategoryCounts
	Earlier    []MonthCounts
	ToDecide   Median // from an accepted proposal to its authorization or refusal
	ToRelease  Median // from the authorization to production
	Waiting    []Waiting
	Refused    []Refused
	Reloads    []Reload
	Head       Head
	Changes    []Life // that had any part in the month, by number
}

// Empty says whether there is nothing to tell of the month.
func (d Digest) Empty() bool {
	return d.Counts.None() && d.Open == 0 && len(d.Exceptions) == 0 && len(d.Refused) == 0 && len(d.Reloads) == 0
}

// Attention is how many changes have an exception.
func (d Digest) Attention() int {
	changes := map[ChangeID]bool{}
	for _, e := range d.Exceptions {
		changes[e.ID] = true
	}
	return len(changes)
}

// A Life is one change as it stood at the end of the month, with the moments
// that count, by when they were recorded.
type Life struct {
	Change
	Opened, Accepted, Authorized, Decided, Released, Ended time.Time
	Active                                                 bool // something happened to it in the month

	fails  []Dated
	undone []time.Time
	casts  []Dated
}

// Summarize says what happened in the month. It depends on the record up to the
// end of the month and on nothing else, so it says the same for ever.
func Summarize(m Material, cal Calendar) Digest {
	from, to := cal.Span(m.Month)
	d := Digest{
		Month: m.Month, AsOf: m.AsOf, Running: m.AsOf.Before(to), Earlier: m.Earlier,
		Refused: m.Refused, Reloads: m.Reloads, Head: m.Head,
	}
	for _, h := range m.Histories {
		if l := live(h, from, m.AsOf); l.ID != "" && (l.Active || !l.State.End()) {
			d.Changes = append(d.Changes, l)
		}
	}
	slices.SortFunc(d.Changes, func(a, b Life) int { return cmp.Compare(a.Name(), b.Name()) })
	d.count(from)
	d.measure(from)
	for _, l := range d.Changes {
		d.Exceptions = append(d.Exceptions, exceptions(l, from, m.AsOf)...)
		if l.IsMajor() && l.Active {
			d.Majors = append(d.Majors, Major{l.Change, l.Released})
		}
	}
	slices.SortStableFunc(d.Exceptions, func(a, b Exception) int { return cmp.Compare(a.rank(), b.rank()) })
	return d
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
		l.undone = append(l.undone, e.At)
	case *Cast:
		l.casts = append(l.casts, e)
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

// count counts what happened from the beginning of the month on.
func (d *Digest) count(from time.Time) {
	d.Counts = countAll(d.Changes, from)
	for _, l := range d.Changes {
		if !l.State.End() {
			d.Open++
		}
	}
	for _, category := range Categories {
		var in []Life
		one := CategoryCounts{Category: category}
		for _, l := range d.Changes {
			if !slices.Contains(l.Proposal.Categories, category) {
				continue
			}
			in = append(in, l)
			if !l.State.End() {
				one.Open++
			}
		}
		if one.Counts = countAll(in, from); !one.None() || one.Open > 0 {
			d.Categories = append(d.Categories, one)
		}
	}
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
		if since(l.Ended) == 1 {
			c.Ended[l.State]++
		}
	}
	return c
}

// measure takes the medians of the month, and of each authorizer.
func (d *Digest) measure(from time.Time) {
	var decide, release []time.Duration
	waits, open := map[PersonID][]time.Duration{}, map[PersonID]int{}
	for _, l := range d.Changes {
		if !l.Decided.Before(from) && !l.Accepted.IsZero() {
			decide = append(decide, l.Decided.Sub(l.Accepted))
		}
		if !l.Released.Before(from) && !l.Authorized.IsZero() {
			release = append(release, l.Released.Sub(l.Authorized))
		}
		l.waits(from, waits, open)
	}
	d.ToDecide, d.ToRelease = median(decide), median(release)
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
