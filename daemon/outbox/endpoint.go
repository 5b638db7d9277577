package outbox

import (
	"fmt"
	"net"
	"net/url"
)

// An endpoint is a server and how the connection to it is protected.
type endpoint struct {
	host, address string
	security      security
}

type security int

const (
	implicitTLS security = iota
	startTLS
	plaintext
)

var schemes = map[string]struct {
	security security
	port     string
}{
	"smtps":         {implicitTLS, "465"},
	"smtp":          {startTLS, "587"},
	"smtp+insecure": {plaintext, "25"},
}

func parseEndpoint(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, fmt.Errorf("reading the SMTP address: %w", err)
	}
	scheme, ok := schemes[u.Scheme]
	if !ok || u.Hostname() == "" {
		return endpoint{}, fmt.Errorf("SMTP address %q: want smtps://host, smtp://host or smtp+insecure://127.0.0.1", u.Redacted())
	}
	port := u.Port()
	if port == "" {
		port = scheme.port
	}
	if scheme.security == plaintext && !loopback(u.Hostname()) {
		return endpoint{}, fmt.Errorf("SMTP address %q: a connection without TLS is allowed to loopback only", u.Redacted())
	}
	return endpoint{u.Hostname(), net.JoinHostPort(u.Hostname(), port), scheme.security}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
