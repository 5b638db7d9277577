package bench

import (
	"flag"
	"testing"
	"time"
)

var (
	measure = flag.Bool("measure", false, "measure at full size, and write docs/performance.md")
	tenth   = flag.Bool("tenth", false, "measure at a tenth of the size, and write nothing")
)

// A size is how much of everything a run does.
type size struct {
	rounds  int
	answers int   // in the backlog
	singly  int   // of them, which pgbench plays
	singles int   // mails delivered one at a time
	stored  []int // changes a company has behind it
	turns   int   // in which it then decides more: short ones, so there are many
	more    int   // answers it decides in each
	idle    time.Duration
	reading time.Duration // for each kind of mail in each round
}

var (
	full  = size{rounds: 3, answers: 10_000, singly: 1000, singles: 100, stored: []int{100, 10_000, 1_000_000}, turns: 7, more: 1000, idle: time.Minute, reading: 2 * time.Second}
	small = size{rounds: 3, answers: 1000, singly: 200, singles: 20, stored: []int{10, 1000, 100_000}, turns: 7, more: 200, idle: 10 * time.Second, reading: time.Second / 2}
	least = size{rounds: 1, answers: 40, singly: 5, singles: 2, stored: []int{2, 20}, turns: 1, more: 10, idle: time.Second}
)

// measured is what came of a run.
type measured struct {
	size     size
	rounds   []round
	delays   []delay
	stored   map[int][]float64 // answers decided a second, by how many changes there were
	idle     rest
	readings []pace
}

// A round is what the daemon did with a backlog, and what the servers did just
// before, each for a client that does nothing else; all a second.
type round struct {
	backlog
	whole, seven float64 // transactions
	one, fifty   float64 // mails fetched, with one command each and with one for fifty
	submitted    float64 // mails
}

// TestMeasure measures, at the least size unless it is told otherwise. Then it
// asks for nothing but that everything was decided and has left: how fast a
// machine is that does other things as well says nothing.
func TestMeasure(t *testing.T) {
	size := least
	switch {
	case *measure:
		size = full
	case *tenth:
		size = small
	}
	r := newRig(t, *measure || *tenth)
	m := &measured{size: size, stored: map[int][]float64{}}
	base := r.found(r.newDatabase())
	var answers [][]byte
	r.careless(func() { answers = base.propose(size.answers) })
	m.besideLimits(base, answers)
	m.delays = r.found(r.copyOf(base.db)).singles(size.singles)
	m.idle = r.found(r.copyOf(base.db)).idle(size.idle)
	m.onTop(r)
	m.besideParser(t)
	page := m.page(r)
	t.Log("\n" + page)
	if *measure {
		r.must(write(page))
	}
}

// besideLimits works off a backlog and, in turn with that, what the servers do
// for others.
func (m *measured) besideLimits(base *company, answers [][]byte) {
	base.Helper()
	r := base.rig
	scribe := r.found(r.copyOf(base.db))
	replay := scribe.record(answers[:m.size.singly])
	mails := scribe.owed()
	for range m.size.rounds {
		var now round
		now.whole = r.play(replay.whole, base.db)
		now.seven = r.play(replay.seven, base.db)
		now.submitted = r.submit(mails)
		c := r.found(r.copyOf(base.db))
		c.fill(answers)
		r.settle(c.db)
		now.one, now.fifty = c.fetch(1), c.fetch(50)
		now.backlog = c.workOff(m.size.answers)
		r.drop(c.db)
		r.Logf("%+v", now)
		m.rounds = append(m.rounds, now)
	}
}

// onTop decides answers in companies with more and more behind them, in turn.
func (m *measured) onTop(r *rig) {
	r.Helper()
	var all []*archive
	for _, stored := range m.size.stored {
		all = append(all, r.archive(stored, m.size.turns*m.size.more))
	}
	for range m.size.turns {
		for _, a := range all {
			m.stored[a.stored] = append(m.stored[a.stored], a.decideSome(m.size.more))
		}
	}
	for _, a := range all {
		r.drop(a.db)
	}
}
