package chaos_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/failpoint"
)

// everything is a story in which a mail comes to every point many times.
var everything = story{changes: []change{
	cast(1, 0, plays[0], func() manner { return twice }),
	cast(1, 1, plays[1], func() manner { return afterForwarding }),
}}

// scenes are the tests of the points no mail passes.
var scenes = map[failpoint.Point]func(*testing.T){
	failpoint.Loading: TestDirectoryKilled, failpoint.Reconsidered: TestDirectoryKilled,
	failpoint.Fired: TestClockKilled, failpoint.Looked: TestClockKilled,
	failpoint.Migrating: TestMigrateKilledBetweenMigrations,
	failpoint.PageTried: TestPublisherKilled, failpoint.PageSent: TestPublisherKilled, failpoint.PageKept: TestPublisherKilled,
	failpoint.PageKnown: TestPublisherKilled, failpoint.PageLabeled: TestPublisherKilled, failpoint.PageAttached: TestPublisherKilled,
}

// mailPoints are the points a mail passes.
var mailPoints = slices.DeleteFunc(slices.Clone(failpoint.All), func(p failpoint.Point) bool { return scenes[p] != nil })

// At each point the program is killed, the first time it comes there and a later
// time, and each time nothing else comes of it than without.
func TestEveryFailpoint(t *testing.T) {
	want := performed(t, everything, place{}).outcome()
	together(t, func(run func(string, func(*testing.T))) {
		for _, point := range mailPoints {
			for _, n := range []int{1, 4} {
				run(fmt.Sprintf("%s/%d", point, n), func(t *testing.T) {
					o := performed(t, everything, place{}, end{traps: fmt.Sprintf("%s:%d=kill", point, n)})
					if o.deaths != 1 || o.reached(point) < n {
						t.Errorf("it was killed %d times and came to the point %d times", o.deaths, o.reached(point))
					}
					if point == failpoint.Accepted && n == 1 && o.repeats() == 0 {
						t.Error("no mail came again; the point is not where it should be")
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
