package storage_test

import (
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

// A mail the server took comes back: it has failed then, with the server's words,
// and that is so once. Whoever comes too late to mark it as sent changes nothing.
func TestReturn(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"))
	if returns(t, s, "m1") {
		t.Error("a mail came back that never left")
	}
	mails := claim(t, s, noon)
	if !returns(t, s, "m1") || returns(t, s, "m1") {
		t.Error("a mail must come back once")
	}
	marked, err := s.MarkSent(t.Context(), []storage.Try{mails[0].Try()}, noon.Add(time.Minute))
	if err != nil || len(marked) != 0 {
		t.Errorf("it was marked as sent after it came back: %v, %v", marked, err)
	}
	wantRow(t, s, "failed", "it came back: 550 no such user")
	if len(claim(t, s, noon.Add(time.Hour))) > 0 {
		t.Error("a mail that came back is sent again")
	}
}

// Two reports of one mail, decided together, are one.
func TestReturnTwiceInOneTransaction(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"))
	sendAll(t, s)
	in(t, s, func(tx *storage.Tx) error {
		m, _, err := tx.ByMessageID(t.Context(), "m1")
		if err != nil {
			return err
		}
		for _, want := range []bool{true, false} {
			marked, err := tx.Return(t.Context(), m, noon, "it came back: 550 no such user")
			if err != nil || marked != want {
				t.Errorf("marked: %t, %v, want %t", marked, err, want)
			}
		}
		return nil
	})
	wantRow(t, s, "failed", "it came back: 550 no such user")
}

// A report about a release that came back is owed again.
func TestReturnedReportIsOwed(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, "closed")
	m := out("m1", st.change.ID, "dev")
	m.Notice = "everyone-notice-released"
	enqueue(t, s, m)
	sendAll(t, s)
	if owed, err := s.Outstanding(t.Context(), st.change.ID); err != nil || owed[st.change.ID] {
		t.Errorf("owed while it is sent: %v, %v", owed, err)
	}
	returns(t, s, "m1")
	if owed, err := s.Outstanding(t.Context(), st.change.ID); err != nil || !owed[st.change.ID] {
		t.Errorf("not owed though it came back: %v, %v", owed, err)
	}
}

func sendAll(t *testing.T, s *storage.Store) {
	t.Helper()
	var tries []storage.Try
	for _, m := range claim(t, s, noon) {
		tries = append(tries, m.Try())
	}
	if _, err := s.MarkSent(t.Context(), tries, noon); err != nil {
		t.Fatal(err)
	}
}

func returns(t *testing.T, s *storage.Store, id string) (marked bool) {
	t.Helper()
	in(t, s, func(tx *storage.Tx) error {
		m, found, err := tx.ByMessageID(t.Context(), id)
		if err != nil || !found {
			t.Fatalf("%s: found %t, %v", id, found, err)
		}
		marked, err = tx.Return(t.Context(), m, noon.Add(time.Minute), "it came back: 550 no such user")
		return err
	})
	return marked
}

func wantRow(t *testing.T, s *storage.Store, state, why string) {
	t.Helper()
	rows, err := s.Outbox(t.Context(), "")
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	if r := rows[0]; r.State != state || r.LastError != why || r.Ended == nil {
		t.Errorf("the mail is %s: %s (ended %v), want %s: %s", r.State, r.LastError, r.Ended, state, why)
	}
}
