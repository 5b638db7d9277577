package bench

import (
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// A delay is how long one mail was on its way through an idle daemon.
type delay struct {
	announced time.Duration // from delivery until a bare client in IDLE hears of it
	ballot    time.Duration // from then until the ballot it leads to is taken by the SMTP server
}

// mailsForAProposal is the ballot and the receipt.
const mailsForAProposal = 2

// calm is how long the daemon is left alone between two mails, so that each
// finds it idle.
const calm = 200 * time.Millisecond

// singles delivers proposals one at a time to a daemon that has nothing else to
// do, and measures each.
func (c *company) singles(n int) []delay {
	c.Helper()
	p := c.serve()
	c.must(p.Says(c.Context(), "mailbox connected"))
	w, porter := c.watch(), c.porter()
	defer porter.Close()
	var all []delay
	for i := range n {
		time.Sleep(calm)
		all = append(all, c.single(w, func() time.Time { return c.hand(porter, c.proposal(i)) }))
	}
	w.stop()
	c.must(p.Terminate(c.Context()))
	return all
}

func (c *company) single(w *watcher, deliver func() time.Time) delay {
	c.Helper()
	for len(w.come) > 0 { // told at the beginning
		<-w.come
	}
	had, _ := c.sink.since(0)
	delivered := deliver()
	announced := c.hears(w.come)
	mails := c.sink.await(c.T, len(had), mailsForAProposal)
	ballot := slices.IndexFunc(mails, func(m taken) bool { return m.notice == string(policy.AskAuthorization) })
	if ballot < 0 {
		c.Fatalf("no ballot among %+v", mails)
	}
	c.hears(w.gone) // it is filed
	return delay{announced: announced.Sub(delivered), ballot: mails[ballot].at.Sub(announced)}
}

func (c *company) hears(news <-chan time.Time) time.Time {
	c.Helper()
	select {
	case at := <-news:
		return at
	case <-time.After(patience):
		c.Fatal("the mailbox says nothing")
		return time.Time{}
	}
}
