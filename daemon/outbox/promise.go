package outbox

import (
	"sync"
	"time"

	"github.com/countersign/countersign/internal/pulse"
)

// promises lets several goroutines share a pulse: the promise that falls due
// first is the one to keep.
type promises struct {
	pulse *pulse.Pulse
	mu    sync.Mutex
	made  int
	by    map[int]time.Time
}

// promise promises to be heard again within the time; the promise is kept when
// the function is called.
func (p *promises) promise(d time.Duration) (kept func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	n := p.made
	if p.by == nil {
		p.by = map[int]time.Time{}
	}
	p.by[n] = time.Now().Add(d)
	p.tell()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.by, n)
		p.tell()
	}
}

func (p *promises) tell() {
	var first time.Time
	for _, by := range p.by {
		if first.IsZero() || by.Before(first) {
			first = by
		}
	}
	if first.IsZero() {
		p.pulse.Rest()
		return
	}
	p.pulse.Within(time.Until(first))
}
