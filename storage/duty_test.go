package storage_test

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// duties are the changes whose duties the transaction sees for the CTO.
func duties(t *testing.T, tx *storage.Tx) (changes []policy.ChangeID) {
	t.Helper()
	open, err := tx.Duties(t.Context(), []policy.PersonID{"cto", "lead"})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range open {
		if d.Person != "cto" || d.Number == "" || d.Title == "" || d.Due.IsZero() {
			t.Errorf("a duty says %+v", d)
		}
		changes = append(changes, d.Change)
	}
	return changes
}

func TestDutiesAreWhatWillBeOpen(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateReleased)
	second := begin(t, s, 2, policy.StateChecked)
	begin(t, s, 3, policy.StateClosed)
	begin(t, s, 4, policy.StateProposed)
	in(t, s, func(tx *storage.Tx) error {
		if got := duties(t, tx); !slices.Equal(got, []policy.ChangeID{"c1", "c2"}) {
			t.Errorf("the CTO owes %q", got)
		}
		steps := life("c2", "CHG-2026-0002", second.now)
		if err := second.write(tx, steps[len(steps)-1].events); err != nil {
			return err
		}
		if got := duties(t, tx); !slices.Equal(got, []policy.ChangeID{"c1"}) {
			t.Errorf("with the documents of c2 done the CTO owes %q", got)
		}
		none, err := tx.Duties(t.Context(), nil)
		if len(none) > 0 {
			t.Errorf("nobody owes %v", none)
		}
		return err
	})
}
