package chaos_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
)

// waits performs the office, whose changes are open at its end, and starts the
// program again two weeks later.
func waits(t *testing.T, traps ...string) *site {
	t.Helper()
	o := settle(t, office, place{})
	o.perform()
	o.ahead = 14 * 24 * time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, trap := range traps {
		p := o.start(trap)
		if err := p.Wait(ctx); err == nil || !p.Killed() {
			t.Fatalf("trap %s: it ended with %v", trap, err)
		}
		o.tale = append(o.tale, p.Log())
		if err := o.bury(ctx); err != nil {
			t.Fatal(err)
		}
	}
	o.perform()
	return o
}

// The program is killed while time does something to one change after the other:
// the next start does the rest, and nobody is reminded twice of the same.
func TestClockKilled(t *testing.T) {
	want := waits(t).outcome()
	for _, trace := range []string{"timed.1", "person-notice-overdue", "event of clock"} {
		if !strings.Contains(strings.Join(want, "\n"), trace) {
			t.Errorf("no %s; the story is too tame", trace)
		}
	}
	for _, traps := range [][]string{
		{fmt.Sprintf("%s=kill", failpoint.Fired)},
		{fmt.Sprintf("%s=kill", failpoint.BeforeCommit)},
		{fmt.Sprintf("%s=kill", failpoint.Looked)},
		{fmt.Sprintf("%s:2=kill", failpoint.Fired), fmt.Sprintf("%s=kill", failpoint.Fired)},
	} {
		t.Run(strings.Join(traps, " "), func(t *testing.T) { waits(t, traps...).holds(want) })
	}
}
