package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

func appointment(deputy policy.PersonID, mail string) policy.Appointment {
	return policy.Appointment{
		Principal: "cto", Deputy: deputy, Proof: "authenticated: dmarc=pass", Mail: mail,
		From: time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 6, 5, 0, 0, 0, time.UTC), At: time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC),
	}
}

func appoint(t *testing.T, s *storage.Store, a policy.Appointment) {
	t.Helper()
	if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.Appoint(a) }); err != nil {
		t.Fatal(err)
	}
}

// What was said is read as it was said, in its order, and within the very
// transaction that says it.
func TestAppointmentsAreKept(t *testing.T) {
	s := open(t)
	first, second, third := appointment("itd", "a"), appointment("lead", "b"), appointment("", "c")
	appoint(t, s, first)
	appoint(t, s, second)
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		if err := tx.Appoint(third); err != nil {
			return err
		}
		list, err := tx.Appointments(t.Context())
		if fmt.Sprint(list) != fmt.Sprint([]policy.Appointment{first, second, third}) {
			t.Errorf("within the transaction: %v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Appointments(t.Context())
	if err != nil || fmt.Sprint(list) != fmt.Sprint([]policy.Appointment{first, second, third}) {
		t.Errorf("afterwards: %v, %v", list, err)
	}
	if report, err := s.Rebuild(t.Context(), nil); err != nil || !report.OK() {
		t.Errorf("the record: %v, %v", report, err)
	}
}

// Somebody decides while the CTO ends a deputy's term: what was decided without
// knowing it is decided again.
func TestADecisionKnowsWhoStandsIn(t *testing.T) {
	s := open(t)
	appoint(t, s, appointment("itd", "a"))
	var saw []int
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		list, err := tx.Appointments(t.Context())
		if saw = append(saw, len(list)); len(saw) == 1 {
			appoint(t, s, appointment("", "b"))
		}
		tx.Append(storage.SubjectOperator, "x", storage.Entry{Kind: "decided", Payload: []byte("{}"), At: time.Now()})
		return err
	})
	if err != nil || fmt.Sprint(saw) != "[1 2]" {
		t.Errorf("it was decided under %v appointments: %v", saw, err)
	}
	// Who did not ask who stands in is not held up.
	tries := 0
	err = s.Tx(t.Context(), func(tx *storage.Tx) error {
		if tries++; tries == 1 {
			appoint(t, s, appointment("lead", "c"))
		}
		tx.Append(storage.SubjectOperator, "y", storage.Entry{Kind: "decided", Payload: []byte("{}"), At: time.Now()})
		return nil
	})
	if err != nil || tries != 1 {
		t.Errorf("it took %d tries: %v", tries, err)
	}
}
