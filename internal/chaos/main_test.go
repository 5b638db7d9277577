package chaos_test

import (
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

// Each play is performed to its end.
func TestPlays(t *testing.T) {
	for _, p := range plays {
		t.Run(p.name, func(t *testing.T) {
			o := performed(t, simple(p), place{})
			var state string
			if err := o.owner.QueryRow(`select state from changes`).Scan(&state); err != nil {
				t.Fatal(err)
			}
			if state != string(p.end) {
				t.Errorf("it ended %s, not %s", state, p.end)
			}
		})
	}
}
