package daemon_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var rounds = flag.Int("rounds", 20, "for how many ballots conflicting answers are brought at once")

// So many answers arrive at once, and so many are on the way at any moment.
const (
	atOnce   = 50
	together = 16
)

// Half of the CTO's mails approve, half reject, and the moment has come at which
// the proposal expires: all of them are brought to the desk at once. Exactly one
// counts, everything else is told so, and the record has one decision.
func TestConflictingAnswers(t *testing.T) {
	o := newOffice(t)
	won, moments := map[policy.State]int{}, moments(t)
	for i := range *rounds {
		won[o.conflict(o.lapsing(moments), rand.New(rand.NewPCG(5, uint64(i))))]++
	}
	t.Logf("of %d ballots: %v", *rounds, won)
	for _, s := range []policy.State{policy.StateAuthorized, policy.StateRejected, policy.StateExpired} {
		if won[s] == 0 && *rounds >= 200 { // of few rounds one may never be first
			t.Errorf("no change became %s: that answer was never first", s)
		}
	}
	o.agrees()
}

// A lapsing ballot is the CTO's to authorize a change, which expires when it is
// next looked at.
type lapsing struct {
	asked  stage.Received
	change policy.ChangeID
	at     time.Time
}

// lapsing has a change proposed, and nobody answer until the moment before it
// expires.
func (o *office) lapsing(moments int) lapsing {
	o.t.Helper()
	o.do(func() error { _, err := o.Desk.Receive(o.t.Context(), o.arrive(proposes("Change"))[0]); return err })
	o.do(func() error { _, err := o.Step(o.t.Context()); return err })
	asked, _ := o.Latest("cto@example.com", policy.AskAuthorization)
	for range moments - 1 {
		o.Clock.Set(o.waits(asked)[0].Next)
		o.do(func() error { _, err := o.Desk.FireBallots(o.t.Context(), o.Clock.Now()); return err })
	}
	return lapsing{asked: asked, change: o.about(asked).ID, at: o.waits(asked)[0].Next}
}

// moments says how often the clock does something to a ballot that nobody answers,
// the last time that its change expires.
func moments(t *testing.T) (n int) {
	o := newOffice(t)
	asked := o.lapsing(1).asked
	for open := o.waits(asked); len(open) > 0; open = o.waits(asked) {
		o.do(func() error { _, err := o.Desk.FireBallots(t.Context(), open[0].Next); return err })
		n++
	}
	return n
}

// about is the change a mail asks about, and waits its open ballots.
func (o *office) about(asked stage.Received) policy.Change {
	o.t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(asked.Subject, "["), "]")
	c, err := o.Store.Change(o.t.Context(), name)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *office) waits(asked stage.Received) []policy.Ballot { return o.about(asked).OpenBallots() }

func (o *office) do(what func() error) {
	o.t.Helper()
	if err := what(); err != nil {
		o.t.Fatal(err)
	}
}

const yes = "APPROVE\nJustification: support ends; agreed\nSecurity impact: none, same network\nRisk: low, rehearsed\nRollback: as proposed\n"

// conflict brings all answers to the ballot at once, and says what the change
// became.
func (o *office) conflict(b lapsing, r *rand.Rand) policy.State {
	o.t.Helper()
	o.Clock.Set(b.at.Add(-time.Second)) // every mail came in time
	clocks := 1 + r.IntN(8)             // of so many instances
	var mails []desk.Incoming
	for i := range atOnce - clocks {
		answer := yes
		if i%2 == 1 {
			answer = fmt.Sprintf("REJECT\nReason: not before the audit, and not for %d reasons more\n", i)
		}
		mails = append(mails, o.arrive(stage.Letter{From: "cto@example.com", Body: answer}.Reply(b.asked))...)
	}
	o.Clock.Set(b.at)
	answers := make([]func() error, 0, atOnce)
	for _, in := range mails {
		answers = append(answers, func() error { _, err := o.Desk.Receive(o.t.Context(), in); return err })
	}
	for range clocks {
		answers = append(answers, func() error { _, err := o.Desk.FireBallots(o.t.Context(), b.at); return err })
	}
	moves := o.moves(b.change)
	o.atOnce(answers, r)
	if n := o.moves(b.change) - moves; n != 1 {
		o.t.Errorf("the change went on %d times", n)
	}
	return o.one(b, mails)
}

func (o *office) atOnce(answers []func() error, r *rand.Rand) {
	o.t.Helper()
	r.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	doors := make(chan struct{}, together)
	var all sync.WaitGroup
	for _, answer := range answers {
		doors <- struct{}{}
		all.Go(func() {
			defer func() { <-doors }()
			if err := answer(); err != nil {
				o.t.Error(err)
			}
		})
	}
	all.Wait()
}

// one sees to it that one answer counted, be it a mail or the clock.
func (o *office) one(b lapsing, mails []desk.Incoming) policy.State {
	o.t.Helper()
	c := o.about(b.asked)
	became := map[string]int{}
	for _, d := range o.became(mails) {
		became[d]++
	}
	expired := 0
	if c.State == policy.StateExpired {
		expired = 1
	}
	if became["counted"]+expired != 1 || became["counted"]+became["answered"]+became["duplicate"] != len(mails) {
		o.t.Errorf("%s is %s, and the mails became %v", c.Name(), c.State, became)
	}
	if cast := o.count(`select count(*) from events where subject = $1 and kind = 'cast.1'`, string(b.change)); cast != became["counted"] {
		o.t.Errorf("%s has %d answers in its record, and %d mails counted", c.Name(), cast, became["counted"])
	}
	return c.State
}

// moves is how often the record has the change go from one state to another.
func (o *office) moves(id policy.ChangeID) int {
	return o.count(`select count(*) from events where subject = $1 and kind = 'moved.1'`, string(id))
}
