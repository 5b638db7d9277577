package daemon_test

import (
	"sync"
	"testing"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/policy"
)

// A seenPlay is what one play reached.
type seenPlay struct {
	name         string
	answers      map[step]bool
	acts         map[policy.Keyword]bool
	notices      map[policy.NoticeKind]bool
	dispositions map[desk.Disposition]bool
	refusals     map[policy.RefusalCode]bool
}

// A step is one answer of the table.
type step struct {
	state   policy.State
	ballot  policy.BallotKind
	keyword policy.Keyword
}

func newSeenPlay(name string) *seenPlay {
	return &seenPlay{
		name: name, answers: map[step]bool{}, acts: map[policy.Keyword]bool{}, notices: map[policy.NoticeKind]bool{},
		dispositions: map[desk.Disposition]bool{}, refusals: map[policy.RefusalCode]bool{},
	}
}

// coverage is what all plays reached together.
type coverage struct {
	mu    sync.Mutex
	plays []*seenPlay
}

func newCoverage() *coverage { return &coverage{} }

func (c *coverage) add(p *seenPlay) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plays = append(c.plays, p)
}

func (c *coverage) check(t *testing.T) {}

func (c *conversation) collect() {}
