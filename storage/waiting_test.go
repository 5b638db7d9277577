package storage_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

func TestWhatWaitsForAPerson(t *testing.T) {
	s := open(t)
	late := begin(t, s, 1, policy.StateReleased)
	begin(t, s, 2, policy.StateProposed)
	begin(t, s, 3, policy.StateClosed)
	begin(t, s, 4, policy.StateAuthorized)
	in(t, s, func(tx *storage.Tx) error {
		list, err := tx.Waiting(t.Context(), "cto")
		var got []string
		for _, w := range list {
			b, _ := w.Change.Ballot(w.Ballot)
			got = append(got, fmt.Sprintf("%s %s %v", w.Change.ID, b.Kind, b.Open()))
		}
		if want := []string{"c1 check true", "c2 authorization true"}; !slices.Equal(got, want) {
			t.Errorf("for the CTO wait %q, not %q", got, want)
		}
		return err
	})
	people, err := s.WaitedFor(t.Context(), late.now)
	if err != nil || !slices.Equal(people, []policy.PersonID{"cto"}) {
		t.Errorf("with what was asked by %s: %q, %v", late.now, people, err)
	}
	if people, err = s.WaitedFor(t.Context(), late.now.AddDate(0, 0, 1)); err != nil || !slices.Equal(people, []policy.PersonID{"cto", "dev"}) {
		t.Errorf("a day later: %q, %v", people, err)
	}
}
