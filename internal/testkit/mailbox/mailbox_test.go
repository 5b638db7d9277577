package mailbox_test

import (
	"errors"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

const (
	changes = "changes@example.com"
	cto     = "cto@example.com"
	mail    = "Subject: hello\r\n\r\nbody\r\n"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func start(t *testing.T, opts ...mailbox.Option) *mailbox.Server {
	t.Helper()
	s, err := mailbox.Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	for _, user := range []string{changes, cto} {
		if err := s.AddUser(user, "secret of "+user); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func inbox(t *testing.T, s *mailbox.Server, user string) []mailbox.Message {
	t.Helper()
	mails, err := s.Account(user).Folder("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// The CTO submits a mail; it lies in the mailbox of whom it is for, at the time
// of the server's clock, also when it is for a sub-address or nobody here.
func TestSubmittedMailIsDelivered(t *testing.T) {
	s := start(t, mailbox.WithClock(func() time.Time { return nine }))
	for _, to := range []string{changes, "Changes+b-TOKEN@example.com", "stranger@example.org"} {
		submit(t, s, to)
	}
	mails := inbox(t, s, changes)
	if len(mails) != 2 || len(s.Sent()) != 3 {
		t.Fatalf("%d mails lie in the mailbox, %d were sent", len(mails), len(s.Sent()))
	}
	for _, m := range mails {
		if !m.At.Equal(nine) || !strings.HasSuffix(string(m.Raw), mail) || !strings.HasPrefix(string(m.Raw), "Return-Path: <"+cto+">") {
			t.Errorf("a mail of %v:\n%s", m.At, m.Raw)
		}
	}
	if !strings.Contains(string(mails[1].Raw), "Delivered-To: Changes+b-TOKEN@example.com") {
		t.Errorf("the sub-address is lost:\n%s", mails[1].Raw)
	}
}

// Mailboxes that lie elsewhere get the mail by their own address, and only they.
func TestSubmittedMailIsDeliveredElsewhere(t *testing.T) {
	elsewhere := map[string]string{}
	s := start(t, mailbox.WithDelivery(func(user string, raw []byte, _ time.Time) error {
		elsewhere[user] += string(raw)
		return nil
	}))
	for _, to := range []string{"Changes+b-TOKEN@example.com", "stranger@example.org"} {
		submit(t, s, to)
	}
	if len(elsewhere) != 1 || !strings.HasSuffix(elsewhere[changes], mail) {
		t.Errorf("elsewhere lies %q", elsewhere)
	}
	if here := inbox(t, s, changes); len(here) != 0 {
		t.Errorf("%d mails lie here, too", len(here))
	}
}

// submit hands the server a mail in the clear, as msmtp on the same machine may.
func submit(t *testing.T, s *mailbox.Server, to string) {
	t.Helper()
	c, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = errors.Join(c.Auth(smtp.PlainAuth("", cto, "secret of "+cto, "127.0.0.1")), c.Mail(cto), c.Rcpt(to))
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(mail)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// Mail for somebody who is not there cannot be put into a mailbox.
func TestDeliverToNobody(t *testing.T) {
	if err := start(t).Deliver("nobody@example.com", []byte(mail), nine); !errors.Is(err, mailbox.ErrNoUser) {
		t.Errorf("the error is %v", err)
	}
}

// The memory server's faults are cured: a MOVE announces each mail that goes by
// its right number, and one of mails that are gone is answered in full.
func TestMoveAsRealServersDo(t *testing.T) {
	s := start(t)
	for range 3 {
		if err := s.Deliver(changes, []byte(mail), nine); err != nil {
			t.Fatal(err)
		}
	}
	var gone []uint32
	c, err := imapclient.DialInsecure(s.IMAP, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(n uint32) { gone = append(gone, n) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(changes, "secret of "+changes).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Create("Done", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []imap.UID{2, 2, 99} {
		if _, err := c.Move(imap.UIDSetNum(uid), "Done").Wait(); err != nil {
			t.Fatalf("moving mail %d: %v", uid, err)
		}
	}
	if err := c.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	if len(gone) != 1 || gone[0] != 2 {
		t.Errorf("announced as gone: %v", gone)
	}
	if left := inbox(t, s, changes); len(left) != 2 {
		t.Errorf("%d mails are left", len(left))
	}
}

// A refusal lasts as often as it was told to.
func TestRefuse(t *testing.T) {
	s := start(t)
	s.Refuse(changes, 451, 1)
	c, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail(cto); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(changes); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("the first time: %v", err)
	}
	if err := c.Rcpt(changes); err != nil {
		t.Errorf("the second time: %v", err)
	}
}
