package chaos_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
)

var (
	runs = flag.Int("chaos.runs", 200, "how many random performances")
	seed = flag.Uint64("chaos.seed", 1, "what they are drawn from; 0 draws a new one")
)

// In each performance the program is killed some times, at random; nothing else
// comes of it than of an undisturbed one. A run is told by its number and the
// seed, whatever the number of runs.
func TestChaos(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaos.seed=%d -chaos.runs=%d", *seed, *runs)
	server, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	want := &expectations{known: map[uint64]*expectation{}}
	together(t, func(run func(string, func(*testing.T))) {
		for i := range *runs {
			run(strconv.Itoa(i), func(t *testing.T) { random(t, *seed, i, server, want) })
		}
	})
}

// random is one random performance.
func random(t *testing.T, seed uint64, i int, server *dovecot.Server, want *expectations) {
	rng := rand.New(rand.NewPCG(seed, uint64(i)))
	s := tell(seed + uint64(i)/perStory)
	var in box
	if i%3 == 0 {
		in = server
	}
	var ends []end
	for range 1 + rng.IntN(4) {
		ends = append(ends, chance(rng))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("this one again: go test ./internal/chaos -run 'Chaos/^%d$' -chaos.seed=%d", i, seed)
		}
	})
	performed(t, s, in, ends...).holds(want.of(t, s))
}

// perStory is how often a story is performed, each time with other ends.
const perStory = 10

// chance draws how a life ends.
func chance(rng *rand.Rand) end {
	point := mailPoints[rng.IntN(len(mailPoints))]
	soon := time.Duration(rng.ExpFloat64() * float64(400*time.Millisecond))
	return []func() end{
		func() end { return end{traps: fmt.Sprintf("%s:%d=kill", point, 1+rng.IntN(8))} },
		func() end { return end{after: soon} },
		func() end { return end{after: soon, traps: fmt.Sprintf("%s:%d=sleep", point, 1+rng.IntN(4))} },
		func() end { return end{says: sayings[rng.IntN(len(sayings))]} },
		func() end { return end{after: soon, asked: true} },
	}[rng.IntN(5)]()
}

// sayings are what the log says at moments that matter.
var sayings = []string{"msg=running", "mailbox connected", "mail decided", "mail sent", "disposition=counted", "disposition=duplicate"}
