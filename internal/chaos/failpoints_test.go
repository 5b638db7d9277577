package chaos_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/failpoint"
)

// everything is a story in which a mail comes to every point many times.
var everything = story{changes: []change{
	stageOf(1, 0, plays[0], func() manner { return twice }),
	stageOf(1, 1, plays[1], func() manner { return afterForwarding }),
}}

// mailPoints are the points a mail passes; the others have scenes of their own.
var mailPoints = []failpoint.Point{
	failpoint.Fetched, failpoint.Counted, failpoint.Reading, failpoint.BeforeCommit, failpoint.Committed,
	failpoint.BeforeMove, failpoint.Moved, failpoint.BeforeSend, failpoint.Accepted, failpoint.Marked,
}

// At each point the program is killed, the first time it comes there and a later
// time, and each time nothing else comes of it than without.
func TestEveryFailpoint(t *testing.T) {
	undisturbed := performed(t, everything, place{})
	want := undisturbed.outcome()
	undisturbed.holds(want)
	together(t, func(run func(string, func(*testing.T))) {
		for _, point := range mailPoints {
			for _, n := range []int{1, 4} {
				run(fmt.Sprintf("%s/%d", point, n), func(t *testing.T) {
					o := performed(t, everything, place{}, end{traps: fmt.Sprintf("%s:%d=kill", point, n)})
					if o.deaths != 1 || o.reached(point) < n {
						t.Errorf("it was killed %d times and came to the point %d times", o.deaths, o.reached(point))
					}
					o.holds(want)
				})
			}
		}
	})
}

// atOnce is how many performances go on at the same time: most of the time each
// waits for something.
const atOnce = 6

// together runs subtests, several at once.
func together(t *testing.T, list func(run func(name string, test func(*testing.T)))) {
	var all sync.WaitGroup
	free := make(chan struct{}, atOnce)
	list(func(name string, test func(*testing.T)) {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			t.Run(name, test)
		})
	})
	all.Wait()
}
