package mailtmpl

import (
	"time"

	"github.com/countersign/countersign/policy"
)

// A Saying is one thing that was said or decided about a change.
type Saying struct {
	When   time.Time
	By     string
	Said   string          // a keyword, or what was done
	About  string          // what was asked for
	Ballot policy.BallotID // on which it was said; none where it was unasked
	Proof  string          // how it is known who said so
	Fields []Field
	Files  []policy.File
	Then   policy.State // where that took the change
}

// A Field is what somebody wrote, as they wrote it, and under which name.
type Field struct{ Label, Text string }

// History gives what was said about the change, oldest first, and where each of
// it took the change.
func History(d Data, events []policy.Event) (all []Saying) {
	for _, event := range events {
		if to, at := movesTo(event); to != "" && len(all) > 0 && all[len(all)-1].When.Equal(at) {
			all[len(all)-1].Then = to
		} else if moved, is := event.(*policy.Moved); is { // nobody said anything: time did it
			all = append(all, Saying{When: moved.At, By: "Nobody", Said: "no answer came in time", Then: moved.To})
		}
		if s, said := sayingOf(d, event); said && !again(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// movesTo is where an event takes the change, and when.
func movesTo(event policy.Event) (to policy.State, at time.Time) {
	switch e := event.(type) {
	case *policy.Opened:
		return policy.StateDraft, e.At
	case *policy.Revised:
		return policy.StateProposed, e.At
	case *policy.Moved:
		return e.To, e.At
	case *policy.HeldUp:
		return policy.StateHeldUp, e.At
	}
	return "", time.Time{}
}

// again says whether it is what was said last: a whole proposal opens a change
// and is its first revision.
func again(all []Saying, s Saying) bool {
	return len(all) > 0 && s.About == "" && s.Said == revised && all[len(all)-1].When.Equal(s.When)
}

const revised = "changed the proposal"

// sayingOf is what an event tells that somebody said.
func sayingOf(d Data, event policy.Event) (Saying, bool) {
	switch e := event.(type) {
	case *policy.Opened:
		return Saying{When: e.At, By: d.Name(e.Proposer), Said: "proposed it", Proof: Proof(e.Proof)}, true
	case *policy.Revised:
		return Saying{When: e.At, By: d.Name(e.By), Said: revised, Proof: Proof(e.Proof)}, true
	case *policy.Cast:
		b, _ := d.Change.Ballot(e.Ballot)
		s := sayingIn(d, e.Answer)
		s.Ballot, s.About = e.Ballot, Asked(d, b)
		return s, true
	case *policy.Acted:
		return sayingIn(d, e.Answer), true
	case *policy.Noted:
		c := e.Comment
		return Saying{When: c.At, By: d.Name(c.By), Said: "wrote", Fields: []Field{{"Comment", c.Text}}}, true
	case *policy.Excused:
		x := e.Excuse
		return Saying{
			When: x.At, By: "The operator", Said: "excused " + d.Name(policy.PersonID(x.Recipient())), Proof: Proof(x.Proof),
			Fields: []Field{{"Reason", x.Reason}},
		}, true
	}
	return Saying{}, false
}

// sayingIn is an answer to a ballot, or what was said unasked.
func sayingIn(d Data, a policy.Answer) Saying {
	s := Saying{When: a.At, By: "The operator", Said: string(a.Keyword), Proof: Proof(a.Proof), Files: a.Files}
	if a.By != "" {
		s.By = d.Name(a.By)
	}
	if a.Keyword == policy.NoKeyword {
		s.Said = "answered"
	}
	for _, l := range a.Fields.Labels() {
		s.Fields = append(s.Fields, Field{string(l), a.Fields.Get(l)})
	}
	return s
}
