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

	ExceptionUnpublished ExceptionKind = "publication outstanding" // for more than a day
)

// An Exception is one thing about a change that is out of the ordinary.
type Exception struct {
	ID       ChangeID
	Kind     ExceptionKind
	People   []PersonID // whom it waits for, or who said it
	Ballot   BallotKind // what is overdue
	Text     string     // in people's words; nothing of a restricted change
	Since    time.Time
	Times    int  // failed tests
	Standing bool // it still was so when the month ended
}

// rankOf orders exceptions: what waits for somebody first, then what went wrong,
// then what was done in another way than the usual.
var rankOf = []ExceptionKind{
	ExceptionOverdue, ExceptionDocuments, ExceptionHeldUp, ExceptionUnpublished, ExceptionUndone, ExceptionFailed,
	ExceptionKind(MarkObjected), ExceptionKind(MarkEmergency), ExceptionKind(MarkRetrospective),
	ExceptionKind(MarkSelfAuthorized), ExceptionKind(MarkProductionWindow), ExceptionKind(MarkPartial),
}

func (e Exception) rank() int { return slices.Index(rankOf, e.Kind) }

// exceptions lists what is out of the ordinary about the change: what still is
// at the end of the month, and what became so in it.
func exceptions(l Life, from, asOf time.Time) []Exception {
	list := overdue(l, asOf)
	if l.State == StateHeldUp {
		list = append(list, Exception{Kind: ExceptionHeldUp, People: some(l.Held.By), Text: l.Held.Why, Since: l.heldUp, Standing: true})
	}
	if !l.undone.Before(from) {
		list = append(list, Exception{Kind: ExceptionUndone, People: some(l.Release.UndoneBy), Since: l.undone})
	}
	if fails := l.failsSince(from); len(fails) > 0 {
		last := fails[len(fails)-1]
		list = append(list, Exception{Kind: ExceptionFailed, People: some(last.Event.(*Flunked).By), Since: last.At, Times: len(fails)})
	}
	for _, e := range l.marks {
		if m := e.Event.(*Marked).Mark; !e.At.Before(from) {
			list = append(list, Exception{Kind: ExceptionKind(m.Kind), Text: m.Text, Since: e.At})
		}
	}
	for i := range list {
		list[i].ID = l.ID
		if l.Proposal.Restricted {
			list[i].Text = ""
		}
	}
	return list
}

// overdue lists what somebody should have answered, each kind once, since the
// first should have.
func overdue(l Life, asOf time.Time) (list []Exception) {
	for _, b := range l.OpenBallots() {
		if b.Due.IsZero() || !b.Due.Before(asOf) {
			continue
		}
		i := slices.IndexFunc(list, func(e Exception) bool { return e.Ballot == b.Kind })
		if i < 0 {
			i = len(list)
			list = append(list, Exception{Kind: ExceptionOverdue, Ballot: b.Kind, Since: b.Due, Standing: true})
		}
		e := &list[i]
		e.People = append(e.People, b.Person)
		if b.Due.Before(e.Since) {
			e.Since = b.Due
		}
		if b.Kind == BallotDocuments {
			e.Kind = ExceptionDocuments
		}
	}
	return list
}

// some are the people named, if one is.
func some(id PersonID) []PersonID {
	if id == "" {
		return nil
	}
	return []PersonID{id}
}

func (l Life) failsSince(from time.Time) []Dated {
	return slices.DeleteFunc(slices.Clone(l.fails), func(e Dated) bool { return e.At.Before(from) })
}

// DigestFiring is the name under which the clock tells of the month, once.
func DigestFiring(m Month) string { return fmt.Sprintf("digest %s", m) }
