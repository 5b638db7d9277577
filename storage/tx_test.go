package storage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

var errGivenUp = errors.New("given up")

// An error takes everything back that the transaction did.
func TestErrorRollsBack(t *testing.T) {
	s, owner := openBoth(t)
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		tx.SaveMail(mail(1, "hello"))
		tx.Enqueue(out("m1", "c1", "dev"))
		tx.Append(storage.SubjectMail, "x", storage.Entry{Kind: "mail.counted", Payload: []byte("{}"), At: noon})
		return errGivenUp
	})
	if !errors.Is(err, errGivenUp) {
		t.Fatal(err)
	}
	for _, table := range []string{"messages", "outbox", "events", "event_payloads"} {
		if n := count(t, owner, `select count(*) from `+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	wantAgreement(t, s)
}

// A panic does so too, and frees the locks.
func TestPanicRollsBack(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateProposed)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Tx(t.Context(), func(tx *storage.Tx) error { //nolint:errcheck // it panics
			if _, err := tx.LockChange(t.Context(), "c1"); err != nil {
				t.Error(err)
			}
			panic("oops")
		})
	}()
	in(t, s, func(tx *storage.Tx) error { _, err := tx.LockChange(t.Context(), "c1"); return err })
}

// A backend that dies in the middle is not the end: the whole function runs
// again on another connection.
func TestKilledBackend(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	s, owner := openURL(t, appURL), openSQL(t, ownerURL)
	tries := 0
	in(t, s, func(tx *storage.Tx) error {
		tries++
		tx.SaveMail(mail(1, "hello"))
		if tries == 1 {
			killBackends(t, appURL)
		}
		tx.Enqueue(out("m1", "c1", "dev"))
		return nil
	})
	if tries != 2 {
		t.Errorf("%d tries, want 2", tries)
	}
	if n := count(t, owner, `select count(*) from messages`); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}

// A server that keeps dying is the end after some tries.
func TestTriesAreBounded(t *testing.T) {
	_, appURL := pgtest.Test(t)
	s := openURL(t, appURL)
	tries := 0
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		tries++
		killBackends(t, appURL)
		tx.Enqueue(out("m1", "c1", "dev"))
		return nil
	})
	if err == nil || tries != 5 {
		t.Errorf("%d tries, error %v; want 5 and an error", tries, err)
	}
}

// Two transactions that lock two changes crosswise both get through: Postgres
// ends one of them, and that one runs again.
func TestDeadlock(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateProposed)
	begin(t, s, 2, policy.StateProposed)
	var both errgroup.Group
	var first sync.WaitGroup
	first.Add(2)
	var mu sync.Mutex
	tries := 0
	for _, order := range [][2]policy.ChangeID{{"c1", "c2"}, {"c2", "c1"}} {
		met := false
		both.Go(func() error {
			return s.Tx(t.Context(), func(tx *storage.Tx) error {
				mu.Lock()
				tries++
				mu.Unlock()
				if _, err := tx.LockChange(t.Context(), order[0]); err != nil {
					return err
				}
				if !met {
					met = true
					first.Done()
					first.Wait() // each has its first lock
				}
				_, err := tx.LockChange(t.Context(), order[1])
				return err
			})
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	if tries != 3 {
		t.Errorf("%d tries, want 3: one of the two again", tries)
	}
}

// Whoever gives up hears their own reason, not Postgres' words for it, and
// nothing is tried again.
func TestCanceled(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateProposed)
	in(t, s, func(holder *storage.Tx) error {
		if _, err := holder.LockChange(t.Context(), "c1"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		tries := 0
		err := s.Tx(ctx, func(tx *storage.Tx) error {
			tries++
			_, err := tx.LockChange(ctx, "c1")
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) || tries != 1 {
			t.Errorf("%d tries, error %v; want 1 and the deadline", tries, err)
		}
		return nil
	})
}

// What a mail of a transaction writes, the next one in it reads, though nothing
// of it is written yet.
func TestATransactionSeesItsOwn(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, policy.StateProposed)
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		c, err := tx.LockChange(t.Context(), "c1")
		if err != nil {
			return err
		}
		c.State = policy.StateWithdrawn
		opened := st.change
		opened.ID, opened.Draft, opened.Number = "c2", "D-2026-0002", "CHG-2026-0002"
		if err := errors.Join(tx.SaveChange(c), tx.SaveChange(opened)); err != nil {
			return err
		}
		if again, err := tx.LockChange(t.Context(), "c1"); err != nil || again.State != policy.StateWithdrawn {
			t.Errorf("locked again: %q, %v", again.State, err)
		}
		for _, name := range []string{"chg-2026-0002", "D-2026-0002"} {
			if id, err := tx.FindChange(t.Context(), name); err != nil || id != "c2" {
				t.Errorf("%s: %q, %v", name, id, err)
			}
		}
		tx.SaveMail(mail(1, "hello"))
		if twin, found, err := tx.Twin(t.Context(), sha("hello"), ""); twin != "counted" || !found || err != nil {
			t.Errorf("the twin: %q, %v, %v", twin, found, err)
		}
		n, err := tx.NextNumber(t.Context(), "CHG", 2026)
		if err := errors.Join(err, tx.UseNumber("CHG", 2026, n)); err != nil {
			return err
		}
		if next, err := tx.NextNumber(t.Context(), "CHG", 2026); next != n+1 || err != nil {
			t.Errorf("after %d comes %d, %v", n, next, err)
		}
		return errGivenUp
	})
	if !errors.Is(err, errGivenUp) {
		t.Error(err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, appURL := pgtest.Test(t)
	for url, says := range map[string]string{
		"mysql://localhost/x":                          `begins with "mysql://"`,
		"postgres://db.example.com/countersign":        "does not say sslmode",
		"postgres://user:secret@host:port/x":           "not a URL",
		appURL + "_not":                                "connecting to the database",
		"postgres://127.0.0.1:1/x?sslmode=verify-full": "connecting to the database",
	} {
		s, err := storage.Open(t.Context(), url)
		if err == nil {
			s.Close()
		}
		wantError(t, err, says)
	}
}

// Every connection has its limits, so nothing waits for ever.
func TestLimits(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	s := openURL(t, appURL+"&lock_timeout=100")
	begin(t, s, 1, policy.StateProposed)
	holder, err := openSQL(t, ownerURL).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback() //nolint:errcheck // it only held a lock
	if _, err := holder.Exec(`select from changes for update`); err != nil {
		t.Fatal(err)
	}
	err = s.Tx(t.Context(), func(tx *storage.Tx) error { _, err := tx.LockChange(t.Context(), "c1"); return err })
	wantError(t, err, "lock timeout")
}
