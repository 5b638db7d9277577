// Package server is what the daemon's two connections to a mail provider have
// in common: how a server is written, how the connection to it is protected,
// and how long to wait before trying it again.
package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"time"
)

// A Protocol is spoken to servers written as NAMEs:// (TLS from the first
// byte), NAME:// (STARTTLS) or NAME+insecure:// (loopback only).
type Protocol struct {
	Name             string
	TLS, STARTTLS    string // the usual ports
	Insecure, Spoken string
}

// The protocols of a mail provider.
var (
	IMAP = Protocol{Name: "imap", Spoken: "IMAP", TLS: "993", STARTTLS: "143", Insecure: "143"}
	SMTP = Protocol{Name: "smtp", Spoken: "SMTP", TLS: "465", STARTTLS: "587", Insecure: "25"}
)

// Security says how a connection is protected.
type Security int

// The ways to protect a connection.
const (
	ImplicitTLS Security = iota
	STARTTLS
	Plaintext
)

// An Endpoint is a server and how the connection to it is protected.
type Endpoint struct {
	Host, Address string // Address has the port
	Security      Security
}

// Parse reads how a server is written. Without TLS only this machine may be
// reached.
func (p Protocol) Parse(raw string) (Endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Endpoint{}, fmt.Errorf("reading the %s address: %w", p.Spoken, err)
	}
	ways := map[string]struct {
		security Security
		port     string
	}{
		p.Name + "s":         {ImplicitTLS, p.TLS},
		p.Name:               {STARTTLS, p.STARTTLS},
		p.Name + "+insecure": {Plaintext, p.Insecure},
	}
	way, ok := ways[u.Scheme]
	if !ok || u.Hostname() == "" {
		return Endpoint{}, fmt.Errorf("%s address %q: want %[3]ss://host, %[3]s://host or %[3]s+insecure://127.0.0.1", p.Spoken, u.Redacted(), p.Name)
	}
	port := u.Port()
	if port == "" {
		port = way.port
	}
	if way.security == Plaintext && !Loopback(u.Hostname()) {
		return Endpoint{}, fmt.Errorf("%s address %q: a connection without TLS is allowed to loopback only", p.Spoken, u.Redacted())
	}
	return Endpoint{u.Hostname(), net.JoinHostPort(u.Hostname(), port), way.security}, nil
}

// Loopback says whether the host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// A Backoff doubles the pause from First to Last. What it gives out is up to a
// quarter longer, so that many clients of a broken server do not come back all
// at once.
type Backoff struct{ First, Last, pause time.Duration }

// Reset begins again with the first pause.
func (b *Backoff) Reset() { b.pause = 0 }

// Next is how long to wait now.
func (b *Backoff) Next() time.Duration {
	b.pause = min(max(2*b.pause, b.First), b.Last)
	return b.pause + rand.N(b.pause/4)
}
