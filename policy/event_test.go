package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEventsAreKeptForGood holds the names under which events lie in records.
// A new version of an event gets a new line; none is ever taken out.
func TestEventsAreKeptForGood(t *testing.T) {
	want := `acted.1 assigned.1 attempted.1 cast.1 drafted.1 excused.1 flunked.1 held-up.1 issued.1 kept.1 marked.1 moved.1 noted.1 opened.1
owes-ratification.1 passed.1 required.1 revised.1 settled.1 taken-out.1 timed.1 told.1 voided.1 went-live.1 widened.1`
	if got := EventKinds(); !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("the kinds of event are %q", got)
	}
}

// TestEveryEventFieldIsStored fills every field of every event and stores it.
func TestEveryEventFieldIsStored(t *testing.T) {
	for _, kind := range EventKinds() {
		e := eventTypes[kind]()
		fill(reflect.ValueOf(e).Elem(), 0)
		payload, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeEvent(kind, payload)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(e, again) {
			t.Errorf("%s is not the same after storage:\n%+v\n%+v", kind, e, again)
		}
	}
}

// fill gives every field below v a value that is not zero.
func fill(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(monday))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, depth+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x" + strings.Repeat("y", depth))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(depth + 1))
	case reflect.Bool:
		v.SetBool(true)
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	if _, err := DecodeEvent("cast.0", []byte("{}")); err == nil || !strings.Contains(err.Error(), "cast.0") {
		t.Errorf("an event of an unknown kind: %v", err)
	}
	if _, err := DecodeEvent("cast.1", []byte("[]")); err == nil || !strings.Contains(err.Error(), "cast.1") {
		t.Errorf("an event that is no object: %v", err)
	}
}

// TestApplyIsTotal applies every event, empty and filled, to changes it does
// not fit: nothing panics, the argument stays as it is, the count goes on.
func TestApplyIsTotal(t *testing.T) {
	for _, s := range append(tour(t), snapshot{name: "no change"}) {
		before := asJSON(t, s.change)
		for _, kind := range EventKinds() {
			empty, filled := eventTypes[kind](), eventTypes[kind]()
			fill(reflect.ValueOf(filled).Elem(), 0)
			for _, e := range []Event{empty, filled} {
				if after := Apply(s.change, e); after.Events != s.change.Events+1 {
					t.Errorf("%s: %s is counted as %d events", s.name, kind, after.Events-s.change.Events)
				}
				if asJSON(t, s.change) != before {
					t.Fatalf("%s: applying %s altered the change it was applied to", s.name, kind)
				}
			}
		}
	}
}

// TestListsAreNotShared grows a change by one event again and again, and each
// time by two others from there: the second must not write into the first.
func TestListsAreNotShared(t *testing.T) {
	for _, kind := range EventKinds() {
		different := func(depth int) Event {
			e := eventTypes[kind]()
			fill(reflect.ValueOf(e).Elem(), depth)
			return e
		}
		c := Change{}
		for n := range 6 {
			one := Apply(c, different(7))
			before := asJSON(t, one)
			Apply(c, different(8))
			if asJSON(t, one) != before {
				t.Fatalf("%s: after %d of them, two branches share a list", kind, n)
			}
			c = Apply(c, different(10+n))
		}
	}
}

// TestBranchesDoNotMeet decides two ways from the same change, one after the
// other: what the second does must not reach into the first.
func TestBranchesDoNotMeet(t *testing.T) {
	for _, s := range tour(t) {
		var branches []Change
		var texts []string
		for _, b := range s.change.OpenBallots() {
			for _, k := range takes[b.Kind] {
				cmd := Command{Kind: CommandAnswer, By: b.Person, Ballot: b.ID, Keyword: k, Seed: string(k), Form: answerForm(s.change.State, b.Kind, k)}
				d := Decide(s.change, s.dir, cmd, s.now)
				branches, texts = append(branches, d.Change), append(texts, asJSON(t, d.Change))
			}
		}
		for i, c := range branches {
			if asJSON(t, c) != texts[i] {
				t.Fatalf("%s: a later decision reached into branch %d", s.name, i)
			}
		}
	}
}

// TestCommandsTheDeskMustNotSend are refused, not obeyed.
func TestCommandsTheDeskMustNotSend(t *testing.T) {
	w := newWorld(t, company())
	for _, kind := range []CommandKind{CommandAnswer, CommandAct, CommandComment, CommandCancel, CommandExcuse, CommandReconsider, CommandReissue, CommandFire} {
		w.wantRefused(w.do(Command{Kind: kind, By: "lead", Keyword: KeywordStop}), RefusedUnknown)
	}
	w.must(w.propose("lead", nil))
	w.wantRefused(w.propose("lead", nil), RefusedUnknown)
	w.wantRefused(w.do(Command{Kind: "shred", By: "lead"}), RefusedUnknown)
}
