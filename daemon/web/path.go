package web

import (
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// A pathStep is one step of a change's life: where it was, is, or is to come.
type pathStep struct {
	State  policy.State
	When   time.Time // when it came there
	By     policy.PersonID
	Why    string
	Stands stepStands
	Detour bool // no change goes there if all goes well
}

// A stepStands says where a step lies on the way.
type stepStands string

const (
	stepDone stepStands = "done"
	stepHere stepStands = "here" // the change is there now
	stepNext stepStands = "next" // it is to come
)

// mainPath are the steps of a change with which all goes well.
var mainPath = []policy.State{
	policy.StateProposed, policy.StateAuthorized, policy.StateInProgress, policy.StateImplemented,
	policy.StateTested, policy.StateReleased, policy.StateChecked, policy.StateClosed,
}

// undoPath are the steps of one that is taken back.
var undoPath = []policy.State{policy.StateUndoing, policy.StateUndone, policy.StateChecked, policy.StateRolledBack}

// pathOf gives the way of a change: each state it came to, as its events tell,
// and what is to come if all goes well from here.
func pathOf(c policy.Change, events []policy.Event) []pathStep {
	var path []pathStep
	for _, e := range events {
		if s, moves := stepOf(e); moves {
			path = onward(path, s)
		}
	}
	if len(path) > 0 {
		path[len(path)-1].Stands = stepHere
	}
	for _, s := range ahead(c, path) {
		path = append(path, pathStep{State: s, Stands: stepNext})
	}
	for i, s := range path {
		path[i].Detour = !slices.Contains(mainPath, s.State) && s.State != policy.StateDraft
	}
	return path
}

// onward goes one step on. A proposal that was whole was never a draft, and one
// that is amended while it is proposed goes nowhere.
func onward(path []pathStep, s pathStep) []pathStep {
	if len(path) == 0 {
		return append(path, s)
	}
	switch last := path[len(path)-1]; {
	case last.State == s.State:
		return path
	case last.State == policy.StateDraft && last.When.Equal(s.When):
		return append(path[:len(path)-1], s)
	}
	return append(path, s)
}

// stepOf is the step an event takes, if it takes one.
func stepOf(e policy.Event) (pathStep, bool) {
	s := pathStep{Stands: stepDone}
	switch e := e.(type) {
	case *policy.Opened:
		s.State, s.When, s.By = policy.StateDraft, e.At, e.Proposer
	case *policy.Revised:
		s.State, s.When, s.By = policy.StateProposed, e.At, e.By
	case *policy.Moved:
		s.State, s.When, s.By, s.Why = e.To, e.At, e.By, e.Why
	case *policy.HeldUp:
		s.State, s.When, s.By, s.Why = policy.StateHeldUp, e.At, e.Hold.By, e.Hold.Why
	default:
		return s, false
	}
	return s, true
}

// ahead are the states to come, if all goes well. Where a change that is held up
// goes on is not decided: if it does, from where it was.
func ahead(c policy.Change, path []pathStep) []policy.State {
	if c.State.End() {
		return nil
	}
	way, from := mainPath, c.State
	if c.State == policy.StateHeldUp {
		from = c.Held.From
	}
	if takenBack(from, path) {
		way = undoPath
	}
	return way[slices.Index(way, from)+1:]
}

// takenBack says whether the way from a state leads to being rolled back.
func takenBack(from policy.State, path []pathStep) bool {
	if slices.Contains(undoPath[:2], from) {
		return true
	}
	for _, s := range slices.Backward(path) {
		if s.State == policy.StateReleased || s.State == policy.StateUndone {
			return from == policy.StateChecked && s.State == policy.StateUndone
		}
	}
	return false
}
