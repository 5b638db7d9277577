package chaos_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/pgtest"
)

var (
	runs = flag.Int("chaos.runs", 200, "how many random performances")
	seed = flag.Uint64("chaos.seed", 1, "what they are drawn from")
)

// In each performance the program is killed some times, at random, or its
// network fails, or both; nothing else comes of it than of an undisturbed one. A
// performance is told by its number and the seed, however many there are.
func TestChaos(t *testing.T) {
	server, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	cluster, _, _ := pgtest.Own(t, pg.OverTLS(authority()))
	c := &company{seed: *seed, dovecot: server, cluster: cluster, expected: expectations{known: map[uint64]*expectation{}}}
	together(t, func(run func(string, func(*testing.T))) {
		for i := range *runs {
			run(strconv.Itoa(i), func(t *testing.T) { c.perform(t, i) })
		}
	})
	t.Logf("%d deaths, %d mails that came again, %d faults of the network", c.deaths.Load(), c.repeats.Load(), c.faults.Load())
}

// A company performs at random.
type company struct {
	seed                    uint64
	dovecot                 *dovecot.Server
	cluster                 *pg.Cluster
	expected                expectations
	deaths, repeats, faults atomic.Int64
}

// perform is one random performance. Half of them go over a rough network, a
// third on a Dovecot.
func (c *company) perform(t *testing.T, i int) {
	rng := rand.New(rand.NewPCG(c.seed, uint64(i)))
	s := tell(c.seed + uint64(i)/perStory)
	var at place
	if i%3 == 0 {
		at.dovecot = c.dovecot
	}
	if i%2 == 0 {
		at.rough = c.cluster
	}
	var ends []end
	for range 1 + rng.IntN(4) {
		ends = append(ends, chance(rng, at.rough != nil))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("this one again: go test ./internal/chaos -run 'Chaos/^%d$' -chaos.seed=%d -chaos.runs=%d", i, c.seed, i+1)
		}
	})
	o := performed(t, s, at, ends...)
	o.holds(c.expected.of(t, s))
	c.deaths.Add(int64(o.deaths))
	c.faults.Add(int64(o.network.struck()))
	c.repeats.Add(int64(o.repeats()))
}

// perStory is how often a story is performed, each time with other ends.
const perStory = 10

// chance draws how a life ends.
func chance(rng *rand.Rand, rough bool) end {
	point := mailPoints[rng.IntN(len(mailPoints))]
	soon := time.Duration(rng.ExpFloat64() * float64(400*time.Millisecond))
	kinds := []func() end{
		func() end { return end{traps: fmt.Sprintf("%s:%d=kill", point, 1+rng.IntN(8))} },
		func() end { return end{after: soon} },
		func() end { return end{after: soon, traps: fmt.Sprintf("%s:%d=sleep", point, 1+rng.IntN(4))} },
		func() end { return end{says: sayings[rng.IntN(len(sayings))]} },
		func() end { return end{after: soon, asked: true} },
		func() end { return end{twin: true, after: soon, asked: true} },
		func() end { return end{twin: true, traps: fmt.Sprintf("%s:%d=kill", point, 1+rng.IntN(8))} },
	}
	if rough {
		kinds = []func() end{
			func() end { return end{storm: rng.Uint64() | 1, after: 300*time.Millisecond + soon} },
			func() end { return end{storm: rng.Uint64() | 1, after: 300*time.Millisecond + soon, asked: true} },
			func() end {
				return end{storm: rng.Uint64() | 1, after: 500*time.Millisecond + soon, traps: fmt.Sprintf("%s:%d=kill", point, 1+rng.IntN(8))}
			},
		}
	}
	return kinds[rng.IntN(len(kinds))]()
}

// sayings are what the log says at moments that matter.
var sayings = []string{"msg=running", "mailbox connected", "mail decided", "mail sent", "disposition=counted", "disposition=duplicate"}
