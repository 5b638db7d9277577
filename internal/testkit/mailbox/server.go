// Package mailbox is a whole mail provider in process: an IMAP server that
// keeps the mailboxes of many people in memory, and an SMTP server that takes
// their mail and delivers it to each other. Tests run against it and the demo
// lives in it; nothing leaves the machine.
//
// Everything listens on loopback: IMAP and SMTP offer STARTTLS, IMAPS and SMTPS
// are TLS from the first byte. The certificates come from an authority made at
// the start, or given, which a client must be told to trust (Authority.Pool).
//
// A user is known by a mail address, which is also the login name. Mail to a
// sub-address (changes+anything@example.com) reaches the user without it.
package mailbox

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// A Server is the running provider. Its addresses are "127.0.0.1:port".
type Server struct {
	IMAP, IMAPS string
	SMTP, SMTPS string
	Authority   *Authority

	options   options
	listeners []net.Listener
	imap      *imapserver.Server
	memory    *imapmemserver.Server
	smtp      *smtp.Server
	imapWire  *wire
	faults    *faults

	mu       sync.Mutex
	users    map[string]user
	sent     []Sent
	refusals map[string]*refusal
}

type user struct {
	*imapmemserver.User
	password string
}

type options struct {
	caps      imap.CapSet
	noIdle    bool
	clock     func() time.Time
	deliver   Deliver    // nil: into the mailboxes here
	authority *Authority // nil: one of our own
}

// Deliver puts a mail into the mailbox of a user; at is its INTERNALDATE.
type Deliver func(user string, raw []byte, at time.Time) error

// An Option changes what the server can do.
type Option func(*options)

// WithoutMove hides the MOVE extension (RFC 6851).
func WithoutMove() Option { return func(o *options) { delete(o.caps, imap.CapMove) } }

// WithoutUIDPlus hides the UIDPLUS extension (RFC 4315).
func WithoutUIDPlus() Option { return func(o *options) { delete(o.caps, imap.CapUIDPlus) } }

// WithoutIdle hides the IDLE extension (RFC 2177), but for those who ask for
// STARTTLS.
func WithoutIdle() Option { return func(o *options) { o.noIdle = true } }

// WithClock gives the time at which mail submitted by SMTP arrives.
func WithClock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// WithDelivery hands mail submitted by SMTP for a user of the server to deliver,
// which keeps the mailboxes in its place. The user is named without a
// sub-address.
func WithDelivery(deliver Deliver) Option { return func(o *options) { o.deliver = deliver } }

// WithAuthority takes the certificate from an authority that clients trust already.
func WithAuthority(a *Authority) Option { return func(o *options) { o.authority = a } }

// Start starts a server without users.
func Start(opts ...Option) (*Server, error) {
	o := options{clock: time.Now, caps: imap.CapSet{
		imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapESearch: {},
	}}
	for _, opt := range opts {
		opt(&o)
	}
	if o.authority == nil {
		own, err := NewAuthority()
		if err != nil {
			return nil, err
		}
		o.authority = own
	}
	s := &Server{
		Authority: o.authority, options: o, memory: imapmemserver.New(),
		users: map[string]user{}, refusals: map[string]*refusal{}, faults: newFaults(),
	}
	if err := s.listen(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) listen() error {
	config := &tls.Config{Certificates: []tls.Certificate{s.Authority.Certificate}}
	quiet := log.New(io.Discard, "", 0)
	s.imap = imapserver.New(&imapserver.Options{
		NewSession:   s.newSession,
		Caps:         maps.Clone(s.options.caps),
		TLSConfig:    config,
		InsecureAuth: true,
		Logger:       quiet,
	})
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSubmission))
	s.smtp.Domain = "localhost"
	s.smtp.TLSConfig = config
	s.smtp.AllowInsecureAuth = true
	s.smtp.ErrorLog = quiet

	s.imapWire = newWire()
	for _, l := range []struct {
		address *string
		tls     bool
		imap    bool
	}{{&s.IMAP, false, true}, {&s.IMAPS, true, true}, {&s.SMTP, false, false}, {&s.SMTPS, true, false}} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listening on loopback: %w", err)
		}
		s.listeners = append(s.listeners, ln)
		*l.address = ln.Addr().String()
		if l.imap {
			ln = s.imapWire.listener(ln)
		}
		if l.tls {
			ln = tls.NewListener(ln, config)
		}
		if l.imap && s.options.noIdle {
			ln = shyListener{ln}
		}
		serve := s.smtp.Serve
		if l.imap {
			serve = s.imap.Serve
		}
		go serve(ln) //nolint:errcheck // it ends with the listener
	}
	return nil
}

// Stop ends the server and all connections to it.
func (s *Server) Stop() {
	for _, ln := range s.listeners { // the servers may not know theirs yet
		ln.Close()
	}
	if s.imap != nil {
		s.imap.Close()
	}
	if s.smtp != nil {
		s.smtp.Close()
	}
}

// Cut breaks every IMAP connection there is, as a failing network does.
func (s *Server) Cut() { s.imapWire.cut() }

// AddUser gives the address a mailbox with an INBOX.
func (s *Server) AddUser(address, password string) error {
	address = strings.ToLower(address)
	u := imapmemserver.NewUser(address, password)
	if err := u.Create("INBOX", nil); err != nil {
		return fmt.Errorf("creating the mailbox of %s: %w", address, err)
	}
	s.memory.AddUser(u)
	s.mu.Lock()
	s.users[address] = user{u, password}
	s.mu.Unlock()
	return nil
}

// ErrNoUser says that nobody has the address.
var ErrNoUser = errors.New("no such user")

// Deliver puts the mail into the INBOX of the address; at is its INTERNALDATE.
func (s *Server) Deliver(address string, raw []byte, at time.Time) error {
	u, ok := s.user(address)
	if !ok {
		return fmt.Errorf("delivering to %s: %w", address, ErrNoUser)
	}
	_, err := u.Append("INBOX", bytes.NewReader(raw), &imap.AppendOptions{Time: at})
	if err != nil {
		return fmt.Errorf("delivering to %s: %w", address, err)
	}
	return nil
}

func (s *Server) user(address string) (user, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[withoutSub(address)]
	return u, ok
}

// withoutSub is the address of the mailbox that mail to a sub-address reaches.
func withoutSub(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	name, _, _ := strings.Cut(local, "+")
	return name + "@" + domain
}
