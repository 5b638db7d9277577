package mailbox_test

import (
	"errors"
	"fmt"
	"io"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

func login(t *testing.T, s *mailbox.Server) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(changes, "secret of "+changes).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func deliver(t *testing.T, s *mailbox.Server, mails int) {
	t.Helper()
	for range mails {
		if err := s.Deliver(changes, []byte(mail), nine); err != nil {
			t.Fatal(err)
		}
	}
}

func wantCode(t *testing.T, err error, code imap.ResponseCode) {
	t.Helper()
	refused, ok := errors.AsType[*imap.Error](err)
	if !ok || refused.Code != code {
		t.Errorf("the server says %v, want %s", err, code)
	}
}

// A server does not name what it does not know.
func TestMissingExtensions(t *testing.T) {
	all := capabilities(t, start(t))
	for missing, option := range map[imap.Cap]mailbox.Option{
		imap.CapIdle: mailbox.WithoutIdle(), imap.CapMove: mailbox.WithoutMove(), imap.CapUIDPlus: mailbox.WithoutUIDPlus(),
	} {
		some := capabilities(t, start(t, option))
		if !all.Has(missing) || some.Has(missing) || len(some) != len(all)-1 {
			t.Errorf("without %s it names %v", missing, some)
		}
	}
}

func capabilities(t *testing.T, s *mailbox.Server) imap.CapSet {
	t.Helper()
	caps, err := login(t, s).Capability().Wait()
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

// A full folder takes nothing, whichever way it comes, and the mail stays.
func TestFull(t *testing.T) {
	s := start(t)
	deliver(t, s, 1)
	if err := s.Create(changes, "Done"); err != nil {
		t.Fatal(err)
	}
	s.Full("Done", true)
	c := login(t, s)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	one := imap.UIDSetNum(1)
	_, moved := c.Move(one, "Done").Wait()
	_, copied := c.Copy(one, "Done").Wait()
	for _, err := range []error{moved, copied, s.Account(changes).Append("Done", []byte(mail), nine)} {
		wantCode(t, err, imap.ResponseCodeOverQuota)
	}
	if len(inbox(t, s, changes)) != 1 {
		t.Error("the mail is gone")
	}
	s.Full("Done", false)
	if _, err := c.Move(one, "Done").Wait(); err != nil || len(inbox(t, s, changes)) != 0 {
		t.Errorf("with room again: %v", err)
	}
}

func TestRefuseCreate(t *testing.T) {
	s := start(t)
	s.RefuseCreate(true)
	c := login(t, s)
	wantCode(t, c.Create("Done", nil).Wait(), imap.ResponseCodeNoPerm)
	s.RefuseCreate(false)
	if err := c.Create("Done", nil).Wait(); err != nil {
		t.Error(err)
	}
}

// The mails are the same, but nobody knows them by their numbers.
func TestRenumber(t *testing.T) {
	s := start(t)
	deliver(t, s, 3)
	c := login(t, s)
	before, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Renumber(changes, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("those who had it open still have it")
	}
	after, err := login(t, s).Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	mails := inbox(t, s, changes)
	if after.UIDValidity == before.UIDValidity || len(mails) != 2 || mails[0].UID != 1 || !mails[0].At.Equal(nine) {
		t.Errorf("UIDVALIDITY was %d and is %d; the mails are %+v", before.UIDValidity, after.UIDValidity, mails)
	}
}

// A deleted INBOX takes no mail, and a new one has none.
func TestDeleteAndCreate(t *testing.T) {
	s := start(t)
	deliver(t, s, 1)
	if err := s.Delete(changes, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(changes, []byte(mail), nine); err == nil {
		t.Error("a mail went into nothing")
	}
	if err := s.Create(changes, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if n := len(inbox(t, s, changes)); n != 0 {
		t.Errorf("%d mails lie in it", n)
	}
	for _, err := range []error{s.Delete("nobody@example.com", "INBOX"), s.Create("nobody@example.com", "INBOX")} {
		if !errors.Is(err, mailbox.ErrNoUser) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestGreylist(t *testing.T) {
	s := start(t)
	s.Greylist()
	for _, to := range []string{changes, cto} {
		if err := send(s, to); err == nil || !strings.HasPrefix(err.Error(), "451") {
			t.Errorf("the first time: %v", err)
		}
		if err := send(s, to); err != nil {
			t.Errorf("the second time: %v", err)
		}
	}
}

// The mail was taken, and nobody was told.
func TestLoseAnswers(t *testing.T) {
	s := start(t)
	s.LoseAnswers(1)
	if err := send(s, changes); !errors.Is(err, io.EOF) {
		t.Errorf("the first time: %v", err)
	}
	if err := send(s, changes); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if got := len(inbox(t, s, changes)); got != 2 {
		t.Errorf("%d mails arrived", got)
	}
}

// The mail was not taken, and the line is silent until the client hangs up.
func TestMute(t *testing.T) {
	s := start(t)
	s.Mute(1)
	answered := make(chan error, 1)
	c, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	go func() { answered <- say(c, changes) }()
	select {
	case err := <-answered:
		t.Errorf("the first time: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	c.Close()
	if err := <-answered; err == nil {
		t.Error("the first time it was taken")
	}
	if err := send(s, changes); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if got := len(s.Sent()); got != 1 {
		t.Errorf("%d mails were taken", got)
	}
}

func send(s *mailbox.Server, to string) error {
	c, err := smtp.Dial(s.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	return say(c, to)
}

func say(c *smtp.Client, to string) error {
	for _, do := range []func() error{
		func() error { return c.Mail(cto) },
		func() error { return c.Rcpt(to) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, mail); err != nil {
		return err
	}
	return w.Close()
}
