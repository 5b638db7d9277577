package chaos_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// users numbers the mailboxes: many are on one Dovecot.
var users atomic.Int64

// authority is who certifies all the servers.
var authority = sync.OnceValue(func() *mailbox.Authority {
	a, err := mailbox.NewAuthority()
	if err != nil {
		panic(err)
	}
	return a
})

// Each play is performed to its end, and the program has nothing to complain of.
func TestPlays(t *testing.T) {
	for _, p := range plays {
		t.Run(p.name, func(t *testing.T) {
			o := performed(t, simple(p), place{})
			if states, err := o.list(t.Context(), `select state from changes`); err != nil || !slices.Equal(states, []string{string(p.end)}) {
				t.Errorf("it ended %v, %v, not %s", states, err, p.end)
			}
			if log := strings.Join(o.tale, ""); strings.Contains(log, "level=ERROR") {
				t.Error("there are errors in its log")
			}
			o.holds(o.outcome())
		})
	}
}
