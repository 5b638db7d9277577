package outbox

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/storage"
)

// A hand is what this process has claimed and not reported yet: mails that wait
// for a line, mails on one, and mails whose end is not written down.
type hand struct {
	mu      sync.Mutex
	waiting []storage.OutMail // in the order in which they were claimed
	held    map[int64]storage.Try
	sure    time.Time     // until when every one of them is ours
	margin  time.Duration // how long that must last for a mail to be begun
	senders int           // at work
	most    int           // senders there may be
	taken   time.Time     // when a mail was last taken, or a sender called for it
	news    bool          // more may be due than when we last looked
	closed  bool
	err     error         // the first reason to break off
	changed chan struct{} // something above has changed
}

func newHand(margin time.Duration) *hand {
	return &hand{margin: margin, held: map[int64]storage.Try{}, news: true, changed: make(chan struct{}, 1)}
}

// change does it and says that something changed.
func (h *hand) change(do func()) {
	h.mu.Lock()
	do()
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default: // one word stands for many
	}
}

// hear is told that more may be due.
func (h *hand) hear() { h.change(func() { h.news = true }) }

// wants says whether to look for more; it is then as if there were no news.
func (h *hand) wants() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	wants := h.news && len(h.waiting) <= batch/2
	h.news = h.news && !wants
	return wants
}

// add takes mails into the hand that are ours until then.
func (h *hand) add(mails []storage.OutMail, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.held) == 0 || until.Before(h.sure) {
		h.sure = until
	}
	for _, m := range mails {
		h.held[m.ID] = m.Try()
	}
	h.waiting = append(h.waiting, mails...)
	h.news = h.news || len(mails) == batch
}

// hire says whether another sender should begin: the first at once, more when
// those at work have much before them or do not move.
func (h *hand) hire(lines int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.senders == 0 {
		h.most = lines
	}
	enough := h.senders > 0 && len(h.waiting) <= few*h.senders && time.Since(h.taken) < slow
	if len(h.waiting) == 0 || h.senders >= h.most || enough || h.err != nil || !h.safe() {
		return false
	}
	h.senders++
	h.taken = time.Now()
	return true
}

// safe says whether a mail may be begun: our claim lasts for a while.
func (h *hand) safe() bool { return time.Until(h.sure) > h.margin }

// next gives a sender the next mail; without one, the sender goes.
func (h *hand) next(ctx context.Context) (m storage.OutMail, ok bool) {
	h.change(func() {
		if h.closed || len(h.waiting) == 0 || !h.safe() || ctx.Err() != nil {
			h.senders--
			return
		}
		m, ok = h.waiting[0], true
		h.waiting = h.waiting[1:]
		h.taken = time.Now()
	})
	return m, ok
}

// retire lets a sender go that got no line for its mail. The others carry on, and
// no more are hired until they are done; the last gives a reason to break off.
func (h *hand) retire(m storage.OutMail, err error) {
	h.change(func() {
		h.waiting = slices.Insert(h.waiting, 0, m)
		h.senders--
		h.most = h.senders
		if h.senders == 0 {
			h.err = cmp.Or(h.err, err)
		}
	})
}

// fail gives a reason to break off. The first counts.
func (h *hand) fail(err error) {
	h.change(func() { h.err = cmp.Or(h.err, err) })
}

// failure is the reason to break off.
func (h *hand) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// drop takes out of the hand what is reported. What waited behind it may be due.
func (h *hand) drop(ids ...int64) {
	h.change(func() {
		for _, id := range ids {
			delete(h.held, id)
		}
		h.news = true
	})
}

// tries are the claims in the hand.
func (h *hand) tries() (tries []storage.Try) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, try := range h.held {
		tries = append(tries, try)
	}
	return tries
}

// keep is told which of the tries are still ours, and until when. The others are
// not begun any more.
func (h *hand) keep(tries []storage.Try, ours []int64, until time.Time) {
	h.change(func() {
		h.sure = until
		for _, try := range tries {
			if !slices.Contains(ours, try.ID) {
				delete(h.held, try.ID)
			}
		}
		h.waiting = slices.DeleteFunc(h.waiting, func(m storage.OutMail) bool { return h.held[m.ID] != m.Try() })
	})
}

// done says whether all is well, nothing is in the hand and there are no news.
func (h *hand) done() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.held) == 0 && !h.news && h.err == nil
}

// waits says whether mails wait for a line.
func (h *hand) waits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting) > 0
}

// close takes what was not begun out of the hand; nothing is begun any more.
func (h *hand) close() (rest []storage.Try) {
	h.change(func() {
		for _, m := range h.waiting {
			rest = append(rest, m.Try())
			delete(h.held, m.ID)
		}
		h.waiting, h.closed = nil, true
	})
	return rest
}
