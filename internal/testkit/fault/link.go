package fault

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn // server is nil until it was dialed
	plan           Plan
	gate           *gate
	calm           atomic.Bool // the plan is void

	mu    sync.Mutex
	ended bool
	done  chan struct{} // closed when it has ended
}

func newLink(p *Proxy, client net.Conn, plan Plan) *link {
	return &link{proxy: p, client: client, plan: plan, gate: newGate(), done: make(chan struct{})}
}

// run hands on both ways until the link is cut or both sides have said all.
func (l *link) run(network, target string) {
	defer l.proxy.forget(l)
	defer l.cut()
	server, err := net.DialTimeout(network, target, 10*time.Second)
	if err != nil || !l.reach(server) {
		return
	}
	var ways sync.WaitGroup
	ways.Go(func() { l.pump(l.server, l.client, newCount(l.plan, ToServer)) })
	ways.Go(func() { l.pump(l.client, l.server, newCount(l.plan, ToClient)) })
	ways.Wait()
}

// reach notes that the server answered; it may be too late.
func (l *link) reach(server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		server.Close()
		return false
	}
	l.server = server
	return true
}

// cut ends the link.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.done)
	l.client.Close()
	if l.server != nil {
		l.server.Close()
	}
}

// pump hands on one way.
func (l *link) pump(to, from net.Conn, c *count) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !l.hand(to, buffer[:n], c) {
			l.cut()
			return
		}
		switch {
		case errors.Is(err, io.EOF) && l.wait(): // the other way may have more to say
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				half.CloseWrite() //nolint:errcheck // it has gone as well, then
			}
			return
		case err != nil:
			l.cut()
			return
		}
	}
}

// hand hands on what was read, as the plan has it, and says whether the link
// still stands.
func (l *link) hand(to net.Conn, piece []byte, c *count) bool {
	for len(piece) > 0 {
		if l.calm.Load() {
			c = newCount(Plan{}, Both)
		}
		if !l.wait() || !l.pause(c.Delay) {
			return false
		}
		pass, b, garbled := c.look(piece)
		if garbled {
			l.proxy.strike()
		}
		if _, err := to.Write(piece[:pass]); err != nil {
			return false
		}
		piece = piece[pass:]
		switch b {
		case cut:
			l.proxy.strike()
			return false
		case stall:
			l.gate.shut()
			l.proxy.strike()
		}
	}
	return true
}

// wait waits while the link is stalled.
func (l *link) wait() bool {
	select {
	case <-l.done:
		return false
	case <-l.gate.way():
		return true
	}
}

func (l *link) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.done:
		return false
	case <-t.C:
		return true
	}
}

// A gate is open or shut.
type gate struct {
	mu   sync.Mutex
	free chan struct{} // closed while the gate is open
}

func newGate() *gate {
	g := &gate{free: make(chan struct{})}
	close(g.free)
	return g
}

// way is closed once the gate is open.
func (g *gate) way() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.free
}

func (g *gate) isOpen() bool {
	select {
	case <-g.free:
		return true
	default:
		return false
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.isOpen() {
		close(g.free)
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isOpen() {
		g.free = make(chan struct{})
	}
}
