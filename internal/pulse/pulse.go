// Package pulse tells a part of the daemon that works, or waits as it should,
// from one that hangs.
package pulse

import (
	"sync"
	"time"
)

// A Pulse is one part's promise to be heard again. The methods of a nil Pulse
// do nothing, so that a part can run without being watched.
type Pulse struct {
	mu sync.Mutex
	by time.Time // zero: nothing was promised
}

// Within promises to be heard again before so long has passed. Every part calls
// it before it does or waits for anything, with the longest that may take.
func (p *Pulse) Within(d time.Duration) {
	if p != nil {
		p.set(time.Now().Add(d))
	}
}

// Rest takes the promise back: the part has nothing to do.
func (p *Pulse) Rest() {
	if p != nil {
		p.set(time.Time{})
	}
}

func (p *Pulse) set(by time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.by = by
}

// Late is how long the part should have been heard by now; zero or less if it
// keeps its promise.
func (p *Pulse) Late() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by.IsZero() {
		return 0
	}
	return time.Since(p.by)
}
