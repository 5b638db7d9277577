package intake

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
	"imaps":         {implicitTLS, "993"},
	"imap":          {startTLS, "143"},
	"imap+insecure": {plaintext, "143"},
}

func parseEndpoint(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, fmt.Errorf("reading the IMAP address: %w", err)
	}
	scheme, ok := schemes[u.Scheme]
	if !ok || u.Hostname() == "" {
		return endpoint{}, fmt.Errorf("IMAP address %q: want imaps://host, imap://host or imap+insecure://127.0.0.1", u.Redacted())
	}
	port := u.Port()
	if port == "" {
		port = scheme.port
	}
	if scheme.security == plaintext && !loopback(u.Hostname()) {
		return endpoint{}, fmt.Errorf("IMAP address %q: a connection without TLS is allowed to loopback only", u.Redacted())
	}
	return endpoint{u.Hostname(), net.JoinHostPort(u.Hostname(), port), scheme.security}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
