package dovecot_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
)

// A private Dovecot keeps a mail with the time it was given, offers what intake
// uses of it, and is gone afterwards.
func TestDovecotKeepsMailAndGoesAway(t *testing.T) {
	s, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if err := s.AddUser("changes@example.com", "secret"); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if err := s.Deliver("changes@example.com", []byte("Subject: one\r\n\r\nbody\r\n"), at); err != nil {
		t.Fatal(err)
	}
	mails, err := s.Account("changes@example.com").Folder("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) != 1 || !mails[0].At.Equal(at) || !strings.HasPrefix(string(mails[0].Raw), "Subject: one") {
		t.Fatalf("the inbox holds %+v", mails)
	}
	for _, folder := range []string{"Missing"} {
		if mails, err := s.Account("changes@example.com").Folder(folder); err != nil || len(mails) != 0 {
			t.Errorf("folder %s: %v, %v", folder, mails, err)
		}
	}

	c, err := tls.Dial("tcp", s.IMAPS, &tls.Config{RootCAs: s.Authority.Pool})
	if err != nil {
		t.Fatalf("implicit TLS with the private authority: %v", err)
	}
	greeting, _ := bufio.NewReader(c).ReadString('\n')
	c.Close()
	if !strings.Contains(greeting, "OK") {
		t.Errorf("the greeting over TLS is %q", greeting)
	}
	if banner := hello(t, s.LMTP); !strings.HasPrefix(banner, "220 ") {
		t.Errorf("the LMTP banner is %q", banner)
	}

	s.Stop()
	if c, err := net.DialTimeout("tcp", s.IMAP, time.Second); err == nil {
		c.Close()
		t.Error("it still listens after Stop")
	}
}

func hello(t *testing.T, address string) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}
