package storage_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A change goes its whole way; what is read back is what was written, at every
// step, and the record agrees with the rows.
func TestLifeOfAChange(t *testing.T) {
	s := open(t)
	st := &story{t: t, store: s, now: noon}
	for _, step := range life("c1", "CHG-2026-0001", noon) {
		st.happens(step.events...)
		got, err := s.Change(t.Context(), st.change.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got.State != step.state || !reflect.DeepEqual(got, st.change) {
			t.Errorf("%s: read back\n%+v\nwritten\n%+v", step.state, got, st.change)
		}
		wantAgreement(t, s)
	}
}

func TestFindChange(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateProposed)
	for name, want := range map[string]policy.ChangeID{"CHG-2026-0001": "c1", "chg-2026-0001": "c1", "D-2026-0001": "c1"} {
		in(t, s, func(tx *storage.Tx) error {
			if id, err := tx.FindChange(t.Context(), name); id != want || err != nil {
				t.Errorf("%s: %q, %v", name, id, err)
			}
			return nil
		})
	}
	for _, name := range []string{"CHG-2026-0002", "", "c1", "CHG\x00"} {
		in(t, s, func(tx *storage.Tx) error {
			if _, err := tx.FindChange(t.Context(), name); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", name, err)
			}
			return nil
		})
	}
}

func TestUnknownChange(t *testing.T) {
	s := open(t)
	err := s.Tx(t.Context(), func(tx *storage.Tx) error { _, err := tx.LockChange(t.Context(), "nobody"); return err })
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("LockChange: %v, want ErrNotFound", err)
	}
	if _, err := s.Change(t.Context(), "CHG-2026-0009"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Change: %v, want ErrNotFound", err)
	}
}

// While one transaction has a change, another waits for it and then sees what
// the first one made of it.
func TestLockChangeWaits(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, policy.StateProposed)
	locked, seen := make(chan struct{}), make(chan policy.State, 1)
	second := make(chan error, 1)
	go func() {
		<-locked
		second <- s.Tx(context.Background(), func(tx *storage.Tx) error {
			c, err := tx.LockChange(context.Background(), "c1")
			seen <- c.State
			return err
		})
	}()
	in(t, s, func(tx *storage.Tx) error {
		if _, err := tx.LockChange(t.Context(), "c1"); err != nil {
			return err
		}
		close(locked)
		select {
		case state := <-seen:
			t.Errorf("the second one saw the change %q while the first had it", state)
		case <-time.After(100 * time.Millisecond): // it waits, as it should
		}
		return st.write(tx, []policy.Event{&policy.Moved{To: policy.StateAuthorized, At: noon}})
	})
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if state := <-seen; state != policy.StateAuthorized {
		t.Errorf("the second one saw %q, want authorized", state)
	}
}

func TestList(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateClosed)
	begin(t, s, 2, policy.StateReleased)
	begin(t, s, 3, policy.StateDraft)
	for _, test := range []struct {
		filter storage.Filter
		want   []string
	}{
		{storage.Filter{}, []string{"CHG-2026-0001", "CHG-2026-0002", "D-2026-0003"}},
		{storage.Filter{Open: true}, []string{"CHG-2026-0002", "D-2026-0003"}},
		{storage.Filter{States: []policy.State{policy.StateClosed, policy.StateReleased}}, []string{"CHG-2026-0001", "CHG-2026-0002"}},
		{storage.Filter{States: []policy.State{policy.StateHeldUp}}, nil},
		{storage.Filter{Limit: 1}, []string{"CHG-2026-0001"}},
	} {
		list, err := s.List(t.Context(), test.filter)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range list {
			names = append(names, c.Name())
		}
		if !slices.Equal(names, test.want) {
			t.Errorf("%+v: %v, want %v", test.filter, names, test.want)
		}
	}
}

func TestSummarySaysWhoIsWaitedFor(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, policy.StateReleased)
	st.happens(&policy.Issued{Ballot: policy.Ballot{
		ID: "second", Kind: policy.BallotCheck, Person: "itd", Revision: 1, Attempt: 1,
		Issued: st.now, Due: st.now.Add(time.Hour), Status: policy.BallotOpen,
	}})
	list, err := s.List(t.Context(), storage.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	want := []storage.Summary{{
		ID: "c1", Number: "CHG-2026-0001", Draft: "D-2026-0001", State: policy.StateReleased, Revision: 1,
		Title: "PostgreSQL 17 for billing", Proposer: "lead", Opened: st.now,
		WaitingFor: []policy.PersonID{"cto", "itd"}, Due: st.now.Add(time.Hour),
	}}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("got  %+v\nwant %+v", list, want)
	}
}

func TestOpenChanges(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateClosed)
	begin(t, s, 2, policy.StateReleased)
	begin(t, s, 3, policy.StateDraft)
	in(t, s, func(tx *storage.Tx) error {
		ids, err := tx.OpenChanges(t.Context())
		if !slices.Equal(ids, []policy.ChangeID{"c2", "c3"}) {
			t.Errorf("open changes: %v", ids)
		}
		return err
	})
}
