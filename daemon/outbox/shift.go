package outbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/storage"
)

// The measures of a shift.
const (
	batch = 50              // mails claimed together
	few   = 8               // mails for which another line is not worth its while
	slow  = time.Second     // without a mail taken: another line may move
	marks = 10              // mails marked together; as many may wait for it
	slack = 2 * time.Minute // the longest the database may take
)

// A shift sends what is due. Mails are claimed together, go out over one line or
// several, and are reported together, each by a goroutine of its own.
type shift struct {
	*Outbox
	ctx   context.Context // ends when we are told to stop
	once  bool            // the shift ends when nothing is due
	hand  *hand
	ended chan outcome
	sent  atomic.Int64
	well  atomic.Bool // something was done, or there was nothing to do
}

// An outcome is what came of a mail.
type outcome struct {
	mail storage.OutMail
	result
}

// work is one shift.
func (o *Outbox) work(ctx context.Context, woken <-chan struct{}, once bool) (*shift, error) {
	s := &shift{Outbox: o, ctx: ctx, once: once, hand: newHand(o.Lease / 4), ended: make(chan outcome, marks)}
	over := make(chan struct{})
	var senders, reporter, renewer sync.WaitGroup
	reporter.Go(s.report)
	renewer.Go(func() { s.renew(over) })
	s.claim(woken, &senders)
	s.giveBack(s.hand.close())
	senders.Wait()
	s.giveBack(s.hand.close()) // of a sender that has got no line meanwhile
	close(s.ended)
	reporter.Wait()
	close(over)
	renewer.Wait()
	err := s.hand.failure()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return s, nil // to be told to stop is no failure
	}
	return s, err
}

// claim claims what is due and sees to it that it is sent, until there is
// reason to end.
func (s *shift) claim(woken <-chan struct{}, senders *sync.WaitGroup) {
	for s.ctx.Err() == nil && s.hand.failure() == nil {
		if s.hand.wants() {
			s.claimSome()
		}
		for s.hand.hire(s.Lines) {
			senders.Go(s.send)
		}
		if s.hand.done() {
			s.well.Store(true)
			if s.once {
				return
			}
		}
		woken = s.pause(woken)
	}
}

// pause waits until something has changed, mail is announced, or it is time to
// look.
func (s *shift) pause(woken <-chan struct{}) <-chan struct{} {
	long := s.Poll
	if s.hand.waits() {
		long = min(slow, long)
	}
	defer s.promise(long + slack)()
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-s.ctx.Done():
	case <-s.hand.changed:
	case <-timer.C:
		s.hand.hear()
	case _, open := <-woken:
		s.hand.hear()
		if !open {
			return nil // it wakes nobody any more
		}
	}
	return woken
}

func (s *shift) claimSome() {
	defer s.promise(slack)()
	began := time.Now()
	// To the end also when we are told to stop: what is claimed must be given back.
	mails, err := s.queue.Claim(context.WithoutCancel(s.ctx), batch, s.Lease, s.Now())
	if err != nil {
		s.hand.fail(err)
		return
	}
	s.hand.add(mails, began.Add(s.Lease))
}

// giveBack gives back what was claimed and not begun.
func (s *shift) giveBack(tries []storage.Try) {
	if len(tries) == 0 {
		return
	}
	defer s.promise(slack)()
	if err := s.queue.GiveBack(context.WithoutCancel(s.ctx), tries); err != nil {
		s.Log.Warn("claimed mails wait for the end of their lease", "error", err)
	}
}

// renew keeps the claims from lapsing while mails wait, a server takes its time
// with one, or the database with a report.
func (s *shift) renew(over <-chan struct{}) {
	tick := time.NewTicker(s.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		if tries := s.hand.tries(); len(tries) > 0 {
			s.renewAll(tries)
		}
	}
}

func (s *shift) renewAll(tries []storage.Try) {
	defer s.promise(slack)()
	began := time.Now()
	ours, err := s.queue.Renew(context.WithoutCancel(s.ctx), tries, s.Now().Add(s.Lease))
	if err != nil {
		s.Log.Warn("leases of mails in hand not renewed", "error", err)
		return
	}
	s.hand.keep(tries, ours, began.Add(s.Lease))
}

// send sends mail after mail, as long as some wait.
func (s *shift) send() {
	var l *line
	for {
		m, ok := s.hand.next(s.ctx)
		if !ok {
			s.lines.put(l)
			return
		}
		raw, err := s.encode(m)
		if err != nil {
			s.ended <- outcome{m, result{fate: postponed, why: err.Error()}}
			continue
		}
		failpoint.With(failpoint.BeforeSend, raw)
		var r result
		if l, r, err = s.over(l, m.Recipient, raw); err != nil {
			s.hand.retire(m, err)
			return
		}
		if r.fate == accepted {
			failpoint.With(failpoint.Accepted, raw)
			s.sent.Add(1)
		}
		s.ended <- outcome{m, r}
	}
}

// over submits the mail over a line: the one in use, or one that was kept, or a
// new one. A line may have been hung up since its last mail; it says so before
// anything was said of this one, which then goes over a new line. The error means
// that there is none.
func (s *shift) over(l *line, to string, raw []byte) (*line, result, error) {
	defer s.promise(s.Timeout + 3*s.DialTimeout + slack)()
	if l == nil {
		l = s.lines.take()
	}
	if l != nil {
		if r := l.submit(s.ctx, s.From, to, raw); !r.unheard {
			return l.unless(r.broken), r, nil
		}
		l.drop()
	}
	l, err := s.dial(s.ctx)
	if err != nil {
		return nil, result{}, err
	}
	r := l.submit(s.ctx, s.From, to, raw)
	return l.unless(r.broken), r, nil
}

// report writes down what came of the mails: what was accepted while the report
// before was written is marked together.
func (s *shift) report() {
	for first := range s.ended {
		all := []outcome{first}
		for len(all) < marks && len(s.ended) > 0 {
			all = append(all, <-s.ended)
		}
		if err := s.reportAll(all); err != nil {
			s.hand.fail(err)
		} else {
			s.well.Store(true)
		}
		for _, o := range all {
			s.hand.drop(o.mail.ID)
		}
	}
}
