package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Of each recipient counts what became of the latest report to them, at
// whatever address; other mails do not count.
func TestDeliveries(t *testing.T) {
	s := open(t)
	report := func(id string, person policy.PersonID, address string) storage.OutMail {
		m := out(id, "c1", person)
		m.Notice, m.Recipient = string(policy.ToldReleased), address
		return m
	}
	g7 := report("g7", "", "g7@example.com")
	g7.Notice = string(policy.ToldG7Released)
	elsewhere := report("elsewhere", "dev", "dev@example.com")
	elsewhere.Change = "c2"
	enqueue(
		t, s, report("dev", "dev", "dev@example.com"), report("qa", "qa", "qa@example.com"), report("list", "", "it@example.com"), g7,
		out("closed", "c1", "lead"), elsewhere,
	)
	wantDeliveries(t, s, "dev: pending ", "qa: pending ", "it@example.com: pending ", "g7@example.com: pending ")
	for _, m := range claim(t, s, noon) {
		end(t, s, m, map[string]string{"qa@example.com": "550 no such user", "it@example.com": "451 come again", "dev@example.com": ""})
	}
	wantDeliveries(t, s, "dev: sent ", "qa: failed 550 no such user", "it@example.com: deferred 451 come again", "g7@example.com: pending ")

	again := report("again", "qa", "qa-new@example.com")
	again.Notice = string(policy.ToldUndone)
	owed := func(tx *storage.Tx) int {
		all, err := tx.Deliveries(t.Context(), "c1")
		if err != nil {
			t.Fatal(err)
		}
		return len(all) - len(storage.SentTo(all))
	}
	in(t, s, func(tx *storage.Tx) error {
		dev := report("dev again", "dev", "dev@example.com")
		before := owed(tx)
		for _, m := range []storage.OutMail{again, dev, report("new", "new", "new@example.com"), out("other", "c1", "cto")} {
			tx.Enqueue(m)
		}
		if after := owed(tx); before != 3 || after != 5 {
			t.Errorf("to be told are %d before and %d after, want 3 and 5", before, after)
		}
		return nil
	})
	wantDeliveries(t, s, "dev: pending ", "qa: pending ", "it@example.com: deferred 451 come again", "g7@example.com: pending ", "new: pending ")
}

// end ends the try of a mail as the answers say: nothing is said of those that
// stay in hand.
func end(t *testing.T, s *storage.Store, m storage.OutMail, answers map[string]string) {
	t.Helper()
	answer, given := answers[m.Recipient]
	var err error
	switch {
	case !given:
	case answer == "":
		_, err = s.MarkSent(t.Context(), []storage.Try{m.Try()}, noon)
	case answer[0] == '5':
		err = s.Fail(t.Context(), m.Try(), noon, answer)
	default:
		err = s.Defer(t.Context(), m.Try(), noon.Add(time.Minute), answer)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func wantDeliveries(t *testing.T, s *storage.Store, want ...string) {
	t.Helper()
	all, err := s.Deliveries(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		got = append(got, fmt.Sprintf("%s: %s %s", d.Recipient, d.State, d.LastError))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
