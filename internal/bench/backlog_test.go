package bench

import (
	"time"

	"github.com/countersign/countersign/internal/testkit/program"
)

// patience is how long nothing may happen before a run is given up.
const patience = 2 * time.Minute

// A backlog is how the daemon worked off an inbox full of answers.
type backlog struct {
	decided float64 // mails a second, from the daemon being ready to the last commit
	sent    float64 // mails a second, from the same moment to the last one taken
	took    time.Duration
	work           // until then
	memory  memory // then
}

// workOff starts the daemon on an inbox that holds so many answers.
func (c *company) workOff(answers int) backlog {
	c.Helper()
	had, _ := c.sink.since(0)
	archived := c.count(c.db, newest)
	owed := answers * mailsForAnAnswer
	p := c.serve()
	before, began := c.work(p), time.Now()
	c.awaitDecided(p, answers, archived)
	decided := time.Since(began)
	mails := c.sink.await(c.T, len(had), owed)
	b := backlog{
		decided: float64(answers) / decided.Seconds(), took: time.Since(began),
		sent: float64(owed) / mails[owed-1].at.Sub(began).Seconds(),
		work: c.work(p).since(before), memory: c.memory(p.PID()),
	}
	c.must(p.Terminate(c.Context()))
	c.allDecided(answers)
	return b
}

// mailsForAnAnswer is how many mails an approval leads to: the receipt, the
// offer to the implementer, and the notice to the proposer.
const mailsForAnAnswer = 3

// serve starts the daemon.
func (c *company) serve() *program.Process {
	c.Helper()
	p, err := program.Start(program.Options{Config: c.configPath()}, "serve")
	c.must(err)
	c.Cleanup(func() { p.Kill() }) //nolint:errcheck // it has ended, if all went well
	c.must(p.Ready(c.Context()))
	return p
}

// awaitDecided waits until so many mails of the inbox are decided. While there
// is far to go it asks for the latest alone, which costs Postgres next to
// nothing.
func (c *company) awaitDecided(p *program.Process, n, before int) {
	c.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last, latest := 0, time.Now()
	for {
		done := c.count(c.db, newest) - before
		if done >= n && c.count(c.db, `select count(*) from messages where folder = 'INBOX'`) == n {
			return
		}
		if done > last {
			last, latest = done, time.Now()
		}
		if time.Since(latest) > patience {
			c.Fatalf("%d of %d mails were decided\n%s", done, n, p.Log())
		}
		<-tick.C
	}
}

const newest = `select coalesce(max(id), 0) from messages`

// allDecided says whether each mail of the inbox was counted and all it led to
// has left.
func (c *company) allDecided(n int) {
	c.Helper()
	if counted := c.count(c.db, `select count(*) from messages where folder = 'INBOX' and disposition = 'counted'`); counted != n {
		c.Errorf("%d of %d answers were counted", counted, n)
	}
	if owed := c.count(c.db, `select count(*) from outbox where state <> 'sent'`); owed != 0 {
		c.Errorf("%d mails have not left", owed)
	}
}
