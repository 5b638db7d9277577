// Package zone is a name server for tests, on loopback: it knows the text
// records it was given, and that there are no others.
package zone

import (
	"fmt"
	"net"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// A Server answers by UDP (RFC 1035).
type Server struct {
	Address string // "127.0.0.1:port"

	conn net.PacketConn
	mu   sync.Mutex
	txt  map[string]string // by name in lower case, without the dot at the end
}

// Start starts a server that knows nothing yet.
func Start() (*Server, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting a name server: %w", err)
	}
	s := &Server{Address: conn.LocalAddr().String(), conn: conn, txt: map[string]string{}}
	go s.serve()
	return s, nil
}

// Stop ends the server.
func (s *Server) Stop() { s.conn.Close() }

// Set gives the name a text record.
func (s *Server) Set(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.txt[strings.ToLower(name)] = text
}

func (s *Server) get(name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.txt[strings.ToLower(strings.TrimSuffix(name, "."))]
	return text, ok
}

func (s *Server) serve() {
	buffer := make([]byte, 4096)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if answer, err := s.answer(buffer[:n]); err == nil {
			s.conn.WriteTo(answer, from) //nolint:errcheck // who asked asks again
		}
	}
}

// answer answers one question, as a resolver does.
func (s *Server) answer(question []byte) ([]byte, error) {
	var asked dnsmessage.Message
	if err := asked.Unpack(question); err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: asked.ID, Response: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true},
		Questions: asked.Questions,
	}
	for _, q := range asked.Questions {
		text, known := s.get(q.Name.String())
		switch {
		case !known:
			m.RCode = dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeTXT:
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.TXTResource{TXT: pieces(text)},
			})
		}
	}
	return m.Pack()
}

// pieces cuts a text into the strings a record may hold.
func pieces(text string) (all []string) {
	const most = 255
	for len(text) > most {
		all, text = append(all, text[:most]), text[most:]
	}
	return append(all, text)
}
