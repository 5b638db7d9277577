package fault

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"
)

// A Direction is a way bytes go.
type Direction int

// The directions.
const (
	Both Direction = iota // each by itself: whichever comes first
	ToServer
	ToClient
)

// A Plan is what happens to one connection; the zero plan is nothing. Bytes are
// counted from one, in the direction given; zero means never.
type Plan struct {
	Direction Direction
	// Text is what the counting waits for: its first byte is byte one. Where it
	// is empty, that is the connection's first.
	Text string
	// After is a text that must have passed before, the same way. It may be
	// empty.
	After string
	// CutAfter is how many bytes pass before the connection is cut, both ways.
	CutAfter int64
	// StallAfter is how many bytes pass before nothing passes any more, either
	// way, and nobody is hung up on.
	StallAfter int64
	// GarbleAt is the byte in which a bit is turned over.
	GarbleAt int64
	// Delay is how long every piece is held back.
	Delay time.Duration
}

// Random is a plan drawn by chance: a cut, a stall, a garbled byte or a delay,
// in either direction, within the first so many bytes. The same numbers give
// the same plan.
func Random(r *rand.Rand, within int64) Plan {
	p := Plan{Direction: ToServer + Direction(r.IntN(2))}
	at := 1 + r.Int64N(within)
	switch r.IntN(4) {
	case 0:
		p.CutAfter = at
	case 1:
		p.StallAfter = at
	case 2:
		p.GarbleAt = at
	case 3:
		p.Delay = time.Duration(1+r.IntN(20)) * time.Millisecond
	}
	return p
}

// A count is how far a plan has come in one direction. What has struck is
// struck from it.
type count struct {
	Plan
	texts  []string // to come before it begins
	passed int64    // bytes since it began
	tail   []byte   // what passed before, as much as the next text may begin in
}

// newCount follows the plan in one direction, if it is about that one.
func newCount(p Plan, way Direction) *count {
	if p.Direction != Both && p.Direction != way {
		p = Plan{}
	}
	texts := slices.DeleteFunc([]string{p.After, p.Text}, func(t string) bool { return t == "" })
	return &count{Plan: p, texts: texts}
}

// A blow is what happens once a piece has passed.
type blow int

const (
	none blow = iota
	cut
	stall
)

// look says how much of a piece passes before which blow falls, and turns over
// what is to be garbled.
func (c *count) look(piece []byte) (pass int, b blow, garbled bool) {
	start := 0 // the first byte of the piece that counts
	if len(c.texts) > 0 {
		if start = c.seek(piece); len(c.texts) > 0 {
			return len(piece), none, false
		}
	}
	end := func(n int64) (int, bool) { // of the first n bytes, in the piece
		at := start + int(n-c.passed)
		return max(at, 0), n > 0 && at <= len(piece)
	}
	pass = len(piece)
	if at, here := end(c.CutAfter); here {
		pass, b = at, cut
	}
	if at, here := end(c.StallAfter); here && (b == none || at < pass) {
		pass, b, c.StallAfter = at, stall, 0
	}
	if at, here := end(c.GarbleAt); here && at <= pass {
		piece[max(at-1, 0)] ^= 1
		garbled, c.GarbleAt = true, 0
	}
	c.passed += int64(pass - start)
	return pass, b, garbled
}

// seek looks for the texts, of which one may have begun in an earlier piece, and
// says how many bytes of this one come before the last of them.
func (c *count) seek(piece []byte) int {
	seen := append(c.tail, piece...)
	from := 0
	for {
		text := []byte(c.texts[0])
		at := bytes.Index(seen[from:], text)
		if at < 0 {
			c.tail = bytes.Clone(seen[max(from, len(seen)-len(text)+1):])
			return 0
		}
		if c.texts = c.texts[1:]; len(c.texts) > 0 {
			from += at + len(text)
			continue
		}
		start := from + at - len(c.tail)
		if start < 0 { // its beginning has passed
			c.passed = int64(-start)
		}
		return max(start, 0)
	}
}
