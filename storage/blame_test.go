package storage_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/lib/pq"

	"github.com/countersign/countersign/storage"
)

// An attempt that ended with the database's connection is taken back, so that
// three of them do not put a vote aside.
func TestAnAttemptIsTakenBack(t *testing.T) {
	s := open(t)
	key := storage.MailKey{Folder: "INBOX", UIDValidity: 7, UID: 1}
	for range 5 {
		a, err := s.CountAttempt(t.Context(), key)
		if err != nil || a.Before != 0 {
			t.Fatalf("%+v, %v", a, err)
		}
		for range 2 { // the second time as after a lost connection
			if err := s.ForgetAttempts(t.Context(), key, a.Before); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBlameless(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"told to stop":       {context.Canceled, true},
		"disk full":          {&pq.Error{Code: "53100"}, true},
		"too many":           {&pq.Error{Code: "53300"}, true},
		"shutting down":      {&pq.Error{Code: "57P01"}, true},
		"lock not available": {&pq.Error{Code: "55P03"}, true},
		"bad text":           {&pq.Error{Code: "22021"}, false},
		"a constraint":       {&pq.Error{Code: "23514"}, false},
		"our own":            {fmt.Errorf("rendering"), false},
	} {
		if got := storage.Blameless(fmt.Errorf("deciding: %w", c.err)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
