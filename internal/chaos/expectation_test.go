package chaos_test

import (
	"sync"
	"testing"
)

// expectations are what comes of each story, by its seed, when nothing disturbs
// it. A story is performed so when the first asks.
type expectations struct {
	mu    sync.Mutex
	known map[uint64]*expectation
}

type expectation struct {
	mu      sync.Mutex
	outcome outcome
}

func (e *expectations) of(t *testing.T, s story) outcome {
	t.Helper()
	e.mu.Lock()
	one := e.known[s.seed]
	if one == nil {
		one = &expectation{}
		e.known[s.seed] = one
	}
	e.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.outcome == nil {
		o := performed(t, s, place{})
		one.outcome = o.outcome()
		o.holds(one.outcome)
	}
	return one.outcome
}
