package storage_test

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/storage"
)

// A lease is one holder's until its time is over or it is released.
func TestLease(t *testing.T) {
	s, owner := openBoth(t)
	take := func(holder string, want bool) {
		t.Helper()
		held, err := s.Lease(t.Context(), storage.LeaseIntake, holder, time.Minute)
		if err != nil || held != want {
			t.Errorf("%s holds it: %v, %v; want %v", holder, held, err, want)
		}
	}
	release := func(holder string) {
		t.Helper()
		if err := s.Release(t.Context(), storage.LeaseIntake, holder); err != nil {
			t.Error(err)
		}
	}
	take("a", true)
	take("b", false)
	take("a", true) // renews it
	release("b")
	take("b", false)
	release("a")
	take("b", true)
	take("a", false)
	if held, err := s.Lease(t.Context(), "another", "a", time.Minute); err != nil || !held {
		t.Errorf("another lease: %v, %v", held, err)
	}
	exec(t, owner, `update leases set until = until - interval '1 minute'`)
	take("a", true)
	take("b", false)
}

// Of several that want a lease at once, one gets it, also when it has to be
// taken from one whose time is over.
func TestLeaseIsTakenByOne(t *testing.T) {
	s, owner := openBoth(t)
	for range 20 {
		var holders atomic.Int32
		var all errgroup.Group
		for _, holder := range []string{"a", "b", "c", "d"} {
			all.Go(func() error {
				held, err := s.Lease(t.Context(), storage.LeaseIntake, holder, time.Minute)
				if held {
					holders.Add(1)
				}
				return err
			})
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := holders.Load(); n != 1 {
			t.Fatalf("%d hold the lease", n)
		}
		exec(t, owner, `update leases set until = clock_timestamp() - interval '1 second', holder = 'gone'`)
	}
}
