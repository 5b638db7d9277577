package postfix

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
)

// people are whom Postfix knows. It asks over a connection (tcp_table(5)), so
// that somebody who comes or goes is known at once; a file it would look at once
// in a while.
type people struct {
	listener net.Listener

	mu    sync.Mutex
	known map[string]bool
}

func newPeople() (*people, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &people{listener: ln, known: map[string]bool{}}
	go p.serve()
	return p, nil
}

func (p *people) address() string { return p.listener.Addr().String() }

func (p *people) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.answer(c)
	}
}

// answer answers "get ADDRESS" line by line until Postfix hangs up.
func (p *people) answer(c net.Conn) {
	defer c.Close()
	for questions := bufio.NewScanner(c); questions.Scan(); {
		address, err := url.PathUnescape(strings.TrimPrefix(questions.Text(), "get "))
		answer := "500 nobody"
		if err == nil && p.knows(address) {
			answer = "200 here"
		}
		if _, err := fmt.Fprintln(c, answer); err != nil {
			return
		}
	}
}

// knows says whether somebody here has the address. Postfix asks for the whole
// of it, a sub-address included.
func (p *people) knows(address string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	name, _, _ := strings.Cut(local, "+")
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[name+"@"+domain]
}

func (p *people) set(address string, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[strings.ToLower(address)] = known
}
