package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// told is the path as these tests write it: (to come), [here], ~a detour~.
func (s pathStep) told() string {
	name := string(s.State)
	if s.Detour {
		name = "~" + name + "~"
	}
	return fmt.Sprintf(map[stepStands]string{stepDone: "%s", stepHere: "[%s]", stepNext: "(%s)"}[s.Stands], name)
}

func TestPathOf(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	n := 0
	next := func() time.Time { n++; return at.Add(time.Duration(n) * time.Hour) }
	move := func(to ...policy.State) (events []policy.Event) {
		for _, s := range to {
			events = append(events, &policy.Moved{To: s, At: next()})
		}
		return events
	}
	whole := []policy.Event{&policy.Opened{Proposer: "lead", At: at}, &policy.Drafted{At: at}, &policy.Revised{Number: "CHG-2026-0001", Revision: 1, By: "lead", At: at}}
	held := func(from policy.State) []policy.Event {
		return []policy.Event{&policy.HeldUp{Hold: policy.Hold{From: from, By: "dev1", Why: "it hums"}, At: next()}}
	}
	for _, test := range []struct {
		name   string
		events [][]policy.Event
		want   string
	}{
		{"nothing", nil, "(proposed) (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"a draft", [][]policy.Event{whole[:2]}, "[draft] (proposed) (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"a whole proposal was never a draft", [][]policy.Event{whole}, "[proposed] (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"a draft that was completed", [][]policy.Event{whole[:2], {&policy.Revised{Revision: 1, At: next()}}}, "draft [proposed] (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"amended while it was proposed", [][]policy.Event{whole, {&policy.Revised{Revision: 2, At: next()}}}, "[proposed] (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"amended when it was authorized", [][]policy.Event{whole, move("authorized"), {&policy.Revised{Revision: 2, At: next()}}}, "proposed authorized [proposed] (authorized) (in progress) (implemented) (tested) (released) (checked) (closed)"},
		{"closed", [][]policy.Event{whole, move("authorized", "in progress", "implemented", "tested", "released", "checked", "closed")}, "proposed authorized in progress implemented tested released checked [closed]"},
		{"rejected", [][]policy.Event{whole, move("rejected")}, "proposed [~rejected~]"},
		{"a test failed", [][]policy.Event{whole, move("authorized", "in progress", "implemented", "in progress")}, "proposed authorized in progress implemented [in progress] (implemented) (tested) (released) (checked) (closed)"},
		{"held up", [][]policy.Event{whole, move("authorized", "in progress"), held("in progress")}, "proposed authorized in progress [~held up~] (implemented) (tested) (released) (checked) (closed)"},
		{"held up while it is undone", [][]policy.Event{whole, move("authorized", "in progress", "implemented", "tested", "released", "undoing"), held("undoing")}, "proposed authorized in progress implemented tested released ~undoing~ [~held up~] (~undone~) (checked) (~rolled back~)"},
		{"to be undone", [][]policy.Event{whole, move("authorized", "in progress", "undoing")}, "proposed authorized in progress [~undoing~] (~undone~) (checked) (~rolled back~)"},
		{"undone and checked", [][]policy.Event{whole, move("authorized", "in progress", "implemented", "tested", "released", "undoing", "undone", "checked")}, "proposed authorized in progress implemented tested released ~undoing~ ~undone~ [checked] (~rolled back~)"},
		{"undone, and released again", [][]policy.Event{whole, move("released", "undoing", "undone", "in progress", "implemented", "tested", "released", "checked")}, "proposed released ~undoing~ ~undone~ in progress implemented tested released [checked] (closed)"},
	} {
		var c policy.Change
		var events []policy.Event
		for _, some := range test.events {
			events = append(events, some...)
		}
		c = policy.Replay(events)
		var got []string
		for _, s := range pathOf(c, events) {
			got = append(got, s.told())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s:\n%s, not\n%s", test.name, strings.Join(got, " "), test.want)
		}
	}
}

// A step says who took it, when and why.
func TestStepsOfThePath(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	events := []policy.Event{
		&policy.Opened{Proposer: "lead", At: at},
		&policy.Revised{Revision: 1, By: "lead", At: at.Add(time.Hour)},
		&policy.HeldUp{Hold: policy.Hold{From: policy.StateProposed, By: "cto", Why: "it hums"}, At: at.Add(2 * time.Hour)},
	}
	path := pathOf(policy.Replay(events), events)
	want := []pathStep{
		{State: policy.StateDraft, When: at, By: "lead", Stands: stepDone},
		{State: policy.StateProposed, When: at.Add(time.Hour), By: "lead", Stands: stepDone},
		{State: policy.StateHeldUp, When: at.Add(2 * time.Hour), By: "cto", Why: "it hums", Stands: stepHere, Detour: true},
	}
	for i, w := range want {
		if path[i] != w {
			t.Errorf("step %d: %+v, not %+v", i, path[i], w)
		}
	}
}
