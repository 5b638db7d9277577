package year_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/raced"
)

var (
	seed    = flag.Uint64("year.seed", 2028, "what everything in the year derives from")
	changes = flag.Int("year.changes", usual, "how many changes are proposed")
)

// usual is how many changes a year has here: few where the race detector makes
// each take seven times as long.
var usual = map[bool]int{true: 30, false: 200}[raced.On]

func TestMain(m *testing.M) { pgtest.Main(m) }

// toronto is where the company is, as its configuration says.
var toronto = func() *time.Location {
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		panic(err)
	}
	return zone
}()

// local is a time by the company's clock.
func local(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, toronto).UTC()
}

// The year has a 29 February. It ends when December's digest has gone out and
// people had some days to make up for what they owe.
var (
	begins  = local(2028, time.January, 1, 0, 0)
	newYear = local(2029, time.January, 1, 0, 0)
	amends  = local(2029, time.January, 3, 9, 0) // people begin to make up
	ends    = local(2029, time.January, 20, 0, 0)
)

// TestYear plays the year and checks what came of it.
func TestYear(t *testing.T) {
	s := newSite(t)
	p := newPeople(*seed, *changes)
	play(s, p)
	t.Logf("seed %d: %d changes, %d mails written, %d received, %d steps, %d restarts", *seed, *changes, p.written, p.read, len(s.steps), s.restarts)
	r := readRecord(s)
	for _, check := range []struct {
		name string
		do   func(*testing.T, *site, *people, *record)
	}{
		{"every mail has one disposition", checkDispositions},
		{"the record rebuilds", checkRebuild},
		{"one mail for each duty and recipient", checkMails},
		{"everyone is told (7)", checkTold},
		{"every point of POL-005", checkPoints},
		{"time does what it must, when it must", checkClock},
		{"nothing is open that should have ended", checkExpiry},
		{"sums by SQL are sums by hand", checkSums},
		{"twelve digests say what the events say", checkDigests},
		{"the year has everything in it", checkVariety},
	} {
		t.Run(check.name, func(t *testing.T) { check.do(t, s, p, r) })
	}
}

// play lets the year pass: people write, then some of the instances that are
// awake take a breath each, then people read.
func play(s *site, p *people) {
	rng := rand.New(rand.NewPCG(*seed, 1))
	for now := begins; now.Before(ends); now = now.Add(pause(rng, now)) {
		if now.After(amends) {
			p.makeUp(amends)
		}
		s.post(p.until(now))
		s.clock.Set(now)
		s.breathe(rng, now)
		p.receive(s.arrived())
	}
	s.settle()
}

// pause is how long until the instances may breathe again: some hours, in
// working hours less.
func pause(rng *rand.Rand, now time.Time) time.Duration {
	at := now.In(toronto)
	hours := 4 + rng.IntN(5)
	if weekday(at) && at.Hour() >= 8 && at.Hour() < 18 {
		hours = 1 + rng.IntN(2)
	}
	return time.Duration(hours)*time.Hour + time.Duration(rng.IntN(3600))*time.Second
}

func weekday(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
}
