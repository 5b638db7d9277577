package outbox_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/outbox"
)

// probe tries a server with the credentials of our mailbox.
func probe(t *testing.T, url, password string, config *tls.Config) error {
	t.Helper()
	o := outbox.New(outbox.Options{
		URL: url, Username: changes, Password: func() (string, error) { return password, nil },
		TLS: config, From: changes, DialTimeout: 500 * time.Millisecond,
	}, nil, keys)
	return o.Probe(t.Context())
}

func wants(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

// TLS is used as the address says, and only with a server we have reason to trust.
func TestTLS(t *testing.T) {
	s := provider(t)
	for _, url := range []string{"smtps://" + s.SMTPS, "smtp://" + s.SMTP} {
		wants(t, probe(t, url, secret, nil), "certificate")
		wants(t, probe(t, url, secret, &tls.Config{RootCAs: s.Authority.Pool, ServerName: "mx.example.org"}), "mx.example.org")
		if err := probe(t, url, secret, &tls.Config{RootCAs: s.Authority.Pool}); err != nil {
			t.Errorf("%s with the authority trusted: %v", url, err)
		}
	}
}

// Mail goes over TLS as it goes without.
func TestMailOverTLS(t *testing.T) {
	s := provider(t)
	for _, url := range []string{"smtps://" + s.SMTPS, "smtp://" + s.SMTP} {
		o := open(t, url, func(options *outbox.Options) {
			options.TLS = &tls.Config{RootCAs: s.Authority.Pool}
			options.Username, options.Password = changes, func() (string, error) { return secret, nil }
		})
		o.owe(t, "cto@example.com", "dev@example.com")
		o.drain(t, 2)
	}
	if got := len(s.Sent()); got != 4 {
		t.Errorf("the server got %d mails", got)
	}
}

// Somebody on the way takes the STARTTLS out: nothing is sent, no password said.
func TestSTARTTLSStripped(t *testing.T) {
	url, said := scripted(t, agreeable)
	wants(t, probe(t, strings.Replace(url, "+insecure", "", 1), secret, nil), "does not offer STARTTLS")
	for _, line := range said() {
		if !strings.HasPrefix(line, "EHLO") && !strings.HasPrefix(line, "QUIT") {
			t.Errorf("the client said %q", line)
		}
	}
}

// The login's failures are told apart, and none retells the password.
func TestLogin(t *testing.T) {
	s := provider(t)
	err := probe(t, "smtp+insecure://"+s.SMTP, "wrong guess", nil)
	wants(t, err, "refuses the username or the password: 535")
	if strings.Contains(err.Error(), "wrong guess") {
		t.Errorf("the error tells the password: %v", err)
	}
	url, _ := scripted(t, func(line string) string {
		if strings.HasPrefix(line, "EHLO") {
			return "250-hello\r\n250 AUTH XOAUTH2"
		}
		return agreeable(line)
	})
	wants(t, probe(t, url, secret, nil), `no login with a password; it offers "XOAUTH2"`)
	url, _ = scripted(t, func(line string) string {
		switch {
		case strings.HasPrefix(line, "EHLO"):
			return "250-hello\r\n250 AUTH PLAIN LOGIN"
		case strings.HasPrefix(line, "AUTH"):
			return "454 4.7.0 try again later"
		}
		return agreeable(line)
	})
	err = probe(t, url, secret, nil)
	wants(t, err, "454")
	if strings.Contains(err.Error(), "refuses") {
		t.Errorf("a passing failure is taken for a wrong password: %v", err)
	}
}

// A server that knows LOGIN alone is logged in to.
func TestLoginMechanism(t *testing.T) {
	url, said := scripted(t, func(line string) string {
		switch {
		case strings.HasPrefix(line, "EHLO"):
			return "250-hello\r\n250 AUTH LOGIN"
		case strings.HasPrefix(line, "AUTH LOGIN"):
			return "334 VXNlcm5hbWU6"
		case line == "Y2hhbmdlc0BleGFtcGxlLmNvbQ==":
			return "334 UGFzc3dvcmQ6"
		case line == "b3BlbiBzZXNhbWU=":
			return "235 in"
		}
		return agreeable(line)
	})
	if err := probe(t, url, secret, nil); err != nil {
		t.Errorf("%v after %q", err, said())
	}
}

// A server that says nothing is given up in time.
func TestSilentServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go swallow(c)
		}
	}()
	began := time.Now()
	for _, scheme := range []string{"smtp://", "smtps://", "smtp+insecure://"} {
		wants(t, probe(t, scheme+ln.Addr().String(), secret, nil), "connecting to 127.0.0.1:")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// An address that would send the password over the network in clear is refused.
func TestAddressesRefused(t *testing.T) {
	for url, want := range map[string]string{
		"smtp+insecure://mx.example.com": "loopback only",
		"http://mx.example.com":          "want smtps://",
		"mx.example.com:465":             "want smtps://",
		"smtps://":                       "want smtps://",
		"smtps://a b":                    "reading the SMTP address",
	} {
		wants(t, probe(t, url, secret, nil), want)
	}
}

// swallow reads and says nothing.
func swallow(r io.Reader) {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return // the client has hung up
	}
}
