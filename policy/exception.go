package policy

import (
	"fmt"
	"slices"
	"time"
)

// An ExceptionKind names why a change stands on top of a digest.
type ExceptionKind string

// What stands on top of a digest, beside the marks ([MarkKind]).
const (
	ExceptionOverdue   ExceptionKind = "overdue"
	ExceptionDocuments ExceptionKind = "documents outstanding" // (8), late
	ExceptionHeldUp    ExceptionKind = "held up"
	ExceptionUndone    ExceptionKind = "undone"
	ExceptionFailed    ExceptionKind = "failed test"
)

// An Exception is one thing about a change that is out of the ordinary.
type Exception struct {
	ID     ChangeID
	Change string // its number
	Title  string
	Kind   ExceptionKind
	Person PersonID   // whom it waits for, or who said it
	Ballot BallotKind // what is overdue
	Text   string     // in people's words; nothing of a restricted change
	Since  time.Time
	Times  int // failed tests
}

// rankOf orders exceptions: what waits for somebody first, then what went wrong,
// then what was done in another way than the usual.
var rankOf = []ExceptionKind{
	ExceptionOverdue, ExceptionDocuments, ExceptionHeldUp, ExceptionUndone, ExceptionFailed,
	ExceptionKind(MarkObjected), ExceptionKind(MarkEmergency), ExceptionKind(MarkRetrospective),
	ExceptionKind(MarkSelfAuthorized), ExceptionKind(MarkProductionWindow), ExceptionKind(MarkPartial),
}

func (e Exception) rank() int { return slices.Index(rankOf, e.Kind) }

// exceptions lists what is out of the ordinary about the change: what still is
// at the end of the month, and what became so in it.
func exceptions(l Life, from, asOf time.Time) []Exception {
	var list []Exception
	add := func(e Exception) {
		e.ID, e.Change, e.Title = l.ID, l.Name(), l.Title()
		if l.Proposal.Restricted {
			e.Text = ""
		}
		list = append(list, e)
	}
	for _, b := range l.OpenBallots() {
		if b.Due.IsZero() || !b.Due.Before(asOf) {
			continue
		}
		kind := ExceptionOverdue
		if b.Kind == BallotDocuments {
			kind = ExceptionDocuments
		}
		add(Exception{Kind: kind, Person: b.Person, Ballot: b.Kind, Since: b.Due})
	}
	if l.State == StateHeldUp {
		add(Exception{Kind: ExceptionHeldUp, Person: l.Held.By, Text: l.Held.Why})
	}
	if n := len(l.undone); n > 0 && !l.undone[n-1].Before(from) {
		add(Exception{Kind: ExceptionUndone, Person: l.Release.UndoneBy, Since: l.undone[n-1]})
	}
	if fails := l.failsSince(from); len(fails) > 0 {
		last := fails[len(fails)-1]
		add(Exception{Kind: ExceptionFailed, Person: last.Event.(*Flunked).By, Since: last.At, Times: len(fails)})
	}
	for _, m := range l.Marks {
		if !m.At.Before(from) {
			add(Exception{Kind: ExceptionKind(m.Kind), Text: m.Text, Since: m.At})
		}
	}
	return list
}

func (l Life) failsSince(from time.Time) []Dated {
	return slices.DeleteFunc(slices.Clone(l.fails), func(e Dated) bool { return e.At.Before(from) })
}

// Exceptional names what is out of the ordinary about a change, for a table.
func (d Digest) Exceptional(id ChangeID) []string {
	var kinds []string
	for _, e := range d.Exceptions {
		if e.ID == id && !slices.Contains(kinds, string(e.Kind)) {
			kinds = append(kinds, string(e.Kind))
		}
	}
	return kinds
}

// DigestFiring is the name under which the clock tells of the month, once.
func DigestFiring(m Month) string { return fmt.Sprintf("digest %s", m) }
