package daemon_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// ways are those in which a server is written, and its port.
var ways = []struct {
	name, scheme string
	of           func(*postOffice) string
	stolen       string // what is said where there is no STARTTLS
}{
	{"imap", "imaps://", func(o *postOffice) string { return o.dovecot.IMAPS }, ""},
	{"imap", "imap://", func(o *postOffice) string { return o.dovecot.IMAP }, "STARTTLS: imap: BAD"},
	{"smtp", "smtps://", func(o *postOffice) string { return o.postfix.SMTPS }, ""},
	{"smtp", "smtp://", func(o *postOffice) string { return o.postfix.Submission }, "the server does not offer STARTTLS"},
}

// Dovecot and Postfix are spoken to where their certificate is one we trust and
// theirs, and where they take our password; else it is said what is wrong.
func trustedWithReason(t *testing.T, o *postOffice) {
	if err := o.AddUser(stage.Mailbox, stage.Password); err != nil {
		t.Fatal(err)
	}
	stranger, err := mailbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	ours := o.dovecot.Authority.Pool
	for _, story := range []struct {
		name, user, want string
		trust            *tls.Config
	}{
		{"all is well", stage.Mailbox, "", &tls.Config{RootCAs: ours}},
		{"the certificate is of an authority we do not know", stage.Mailbox,
			"certificate signed by unknown authority", &tls.Config{RootCAs: stranger.Pool}},
		{"the certificate is somebody else's", stage.Mailbox,
			"certificate is valid for localhost, not mail.example.org", &tls.Config{RootCAs: ours, ServerName: "mail.example.org"}},
		{"the password is not this user's", "cto@example.com",
			"the server refuses the username or the password", &tls.Config{RootCAs: ours}},
	} {
		for _, way := range ways {
			t.Run(story.name+", "+way.scheme, func(t *testing.T) {
				err := probe(t, way.name, way.scheme+way.of(o), story.user, story.trust)
				said(t, err, story.want)
			})
		}
	}
}

// Somebody on the way takes the STARTTLS out of what the real servers offer:
// they are not spoken to any further, and hear no password.
func startTLSTakenOut(t *testing.T, o *postOffice) {
	if err := o.AddUser(stage.Mailbox, stage.Password); err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		if way.stolen == "" {
			continue
		}
		t.Run(way.name, func(t *testing.T) {
			thief := standBetween(t, way.of(o))
			err := probe(t, way.name, way.scheme+thief.address, stage.Mailbox, &tls.Config{RootCAs: o.dovecot.Authority.Pool})
			said(t, err, way.stolen)
			for _, word := range []string{"AUTH", "LOGIN"} {
				if heard := thief.heard(); heard == "" || strings.Contains(strings.ToUpper(heard), word) {
					t.Errorf("the server was told:\n%s", heard)
				}
			}
		})
	}
}

// said holds the error against the words in it; "" is none.
func said(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Error(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("the error is %v\n\twant in it: %s", err, want)
	case err != nil && strings.Contains(err.Error(), stage.Password):
		t.Errorf("the error tells the password: %v", err)
	}
}

// probe tries one of the two servers as "countersign check" does.
func probe(t *testing.T, name, url, user string, trust *tls.Config) error {
	t.Helper()
	s := stage.Settings{IMAP: "imaps://unused.example.com", SMTP: "smtps://unused.example.com", User: user}
	s.AppURL, s.OwnerURL = "postgres:///unused", "postgres:///unused"
	if name == "imap" {
		s.IMAP = url
	} else {
		s.SMTP = url
	}
	dir := t.TempDir()
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(filepath.Join(dir, stage.ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range daemon.Probes(c, daemon.Options{TLS: trust}) {
		if p.Name == name {
			_, err := p.Try(t.Context())
			return err
		}
	}
	t.Fatalf("there is no probe %q", name)
	return nil
}

// A thief stands between a client and a server, listens to the client, and takes
// STARTTLS out of what either says.
type thief struct {
	address string

	mu   sync.Mutex
	said bytes.Buffer
}

func standBetween(t *testing.T, server string) *thief {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	th := &thief{address: ln.Addr().String()}
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			go th.steal(client, server)
		}
	}()
	return th
}

func (th *thief) steal(client net.Conn, server string) {
	defer client.Close()
	behind, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer behind.Close()
	go th.pass(client, io.MultiWriter(th, behind)) // it is known before it is answered
	th.pass(behind, client)
}

// pass passes on what is said; all that matters is said in one piece.
func (th *thief) pass(from io.Reader, to io.Writer) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if _, err := to.Write(bytes.ReplaceAll(piece[:n], []byte("STARTTLS"), []byte("XSTOLENX"))); err != nil {
			return
		}
	}
}

// Write is what the client said.
func (th *thief) Write(p []byte) (int, error) {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.said.Write(p)
}

func (th *thief) heard() string {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.said.String()
}
