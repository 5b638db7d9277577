package outbox

import (
	"sync"
	"time"
)

// keep is how long an unused line is kept: less than any server does (RFC 5321,
// 4.5.3.2.7, has it wait for five minutes).
const keep = 30 * time.Second

// lines are connections kept open for the mails to come: connecting, TLS and
// the login cost many times what a mail does.
type lines struct {
	mu   sync.Mutex
	idle []*line // the one used last comes last
}

// take gives the line used last, or nil.
func (k *lines) take() *line {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.idle) == 0 {
		return nil
	}
	l := k.idle[len(k.idle)-1]
	k.idle = k.idle[:len(k.idle)-1]
	return l
}

// put keeps the line for a while; nil is nothing.
func (k *lines) put(l *line) {
	if l == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l.since = time.Now()
	k.idle = append(k.idle, l)
	time.AfterFunc(keep, func() { k.hangUp(keep) })
}

// hangUp ends the lines that were not used for so long.
func (k *lines) hangUp(unused time.Duration) {
	k.mu.Lock()
	n := 0
	for n < len(k.idle) && time.Since(k.idle[n].since) >= unused {
		n++
	}
	over := k.idle[:n:n]
	k.idle = k.idle[n:]
	k.mu.Unlock()
	var all sync.WaitGroup
	for _, l := range over {
		all.Go(l.quit)
	}
	all.Wait()
}
