// Package fault puts a bad network before a server of the tests: a proxy that
// hands on what it is given, and cuts, stalls, delays or garbles where a plan or
// the test tells it to.
package fault

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Proxy leads to one server. It does no harm until it is told to.
type Proxy struct {
	// Address is where to connect instead: host:port, or the path of a unix
	// socket with the name of the server's, in a folder of its own.
	Address string

	network, target string
	listener        net.Listener
	dir             string // of the unix socket

	mu      sync.Mutex
	script  func(conn int) Plan
	made    int // connections so far
	struck  int // plans that did their harm
	stalled bool
	refuses bool
	links   map[*link]bool
}

// Listen puts a proxy before a server: host:port, or the path of a unix socket.
func Listen(target string) (*Proxy, error) {
	p := &Proxy{network: "tcp", target: target, links: map[*link]bool{}}
	if err := p.listen(); err != nil {
		return nil, fmt.Errorf("listening before %s: %w", target, errors.Join(err, p.remove()))
	}
	p.Address = p.listener.Addr().String()
	go p.accept()
	return p, nil
}

func (p *Proxy) listen() (err error) {
	address := "127.0.0.1:0"
	if strings.Contains(p.target, "/") {
		if p.dir, err = os.MkdirTemp("", "fault-"); err != nil {
			return err
		}
		p.network, address = "unix", filepath.Join(p.dir, filepath.Base(p.target))
	}
	p.listener, err = net.Listen(p.network, address)
	return err
}

func (p *Proxy) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		if l := p.link(client); l != nil {
			go l.run(p.network, p.target)
		}
	}
}

// link takes a connection in, with the plan the script has for it, or hangs up.
func (p *Proxy) link(client net.Conn) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses {
		client.Close()
		return nil
	}
	var plan Plan
	if p.script != nil {
		plan = p.script(p.made)
	}
	p.made++
	l := newLink(p, client, plan)
	if p.stalled {
		l.gate.shut()
	}
	p.links[l] = true
	return l
}

func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

func (p *Proxy) strike() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.struck++
}

// each does something with every connection there is.
func (p *Proxy) each(do func(*link)) {
	for l := range p.links {
		do(l)
	}
}

// Script gives each connection made from now on its plan. Connections are
// counted from zero over the life of the proxy. Nil ends the harm, also that
// which the connections there are have yet to come to.
func (p *Proxy) Script(plan func(conn int) Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = plan
	if plan == nil {
		p.each(func(l *link) { l.calm.Store(true) })
	}
}

// Cut cuts every connection there is.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each((*link).cut)
}

// Stall stops handing anything on, in the connections there are and in those to
// come. Nobody is hung up on.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
	p.each(func(l *link) { l.gate.shut() })
}

// Resume ends every stall, those of plans too; what was held back is handed on.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = false
	p.each(func(l *link) { l.gate.open() })
}

// Refuse says whether new connections are hung up on.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = on
}

// Connections is how many connections were made so far, those hung up on left
// out.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Open is how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Struck is how often a plan has cut, stalled or garbled so far.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// Close takes the proxy away, and every connection with it.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Refuse(true)
	p.Cut()
	return errors.Join(err, p.remove())
}
