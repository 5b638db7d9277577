package intake_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/storage"
)

// The server announces a mail, and the desk has it at once; then another.
func TestIdleWakesUp(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		c := newClerk()
		deliver(t, p, user, "waiting")
		stop := run(t, intake.New(options(t, p.Account(user)), c))
		c.next(t)
		for _, subject := range []string{"first", "second"} {
			deliver(t, p, user, subject)
			if in := c.next(t); !strings.Contains(string(in.Raw), subject) {
				t.Errorf("the desk got:\n%s", in.Raw)
			}
		}
		stop()
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": 3})
	})
}

// A server that announces nothing is looked at again and again.
func TestServerWithoutIdle(t *testing.T) {
	s := inProcess(t)
	a := s.Account(changes)
	a.Address = rewrite(t, s.IMAP, " IDLE", "")
	o := options(t, a)
	o.Poll = 50 * time.Millisecond
	c := newClerk()
	run(t, intake.New(o, c))
	for range 3 {
		deliver(t, s, changes, "mail")
		c.next(t)
		settled(t, s.Account(changes))
	}
}

// A server that says it announces and does not is looked at whenever IDLE is renewed.
func TestIdleIsOnlyAHint(t *testing.T) {
	s := inProcess(t)
	a := s.Account(changes)
	a.Address = rewrite(t, s.IMAP, " EXISTS\r\n", " RECENT\r\n") // which tells nothing
	o := options(t, a)
	o.IdleFor = 50 * time.Millisecond
	c := newClerk()
	run(t, intake.New(o, c))
	for range 3 {
		deliver(t, s, changes, "mail")
		c.next(t)
		settled(t, s.Account(changes))
	}
}

// The network fails; the intake connects again and misses nothing.
func TestReconnect(t *testing.T) {
	s := inProcess(t)
	c := newClerk()
	run(t, intake.New(options(t, s.Account(changes)), c))
	deliver(t, s, changes, "before")
	c.next(t)
	s.Cut()
	deliver(t, s, changes, "after")
	if in := c.next(t); !strings.Contains(string(in.Raw), "after") {
		t.Errorf("the desk got:\n%s", in.Raw)
	}
}

// Told to stop, the intake finishes the mails in hand, files them, and takes no
// other.
func TestGracefulStop(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		deliver(t, p, user, append(slices.Repeat([]string{"in hand"}, 50), "not yet")...)
		ctx, stop := context.WithCancel(t.Context())
		c := newClerk()
		c.decides = func(deciding context.Context, _ desk.Incoming) (desk.Filing, error) {
			stop()
			return desk.FileDone, deciding.Err()
		}
		if err := intake.New(options(t, p.Account(user)), c).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(c.got) != 50 {
			t.Errorf("the desk got %v", c.uids())
		}
		lies(t, p.Account(user), map[string]int{"INBOX": 1, "Done": 50})
	})
}

// A desk that takes longer than the server may be silent does not cost the connection.
func TestSlowDesk(t *testing.T) {
	s := inProcess(t)
	deliver(t, s, changes, "one", "two")
	o := options(t, s.Account(changes))
	o.CommandTimeout = 300 * time.Millisecond
	c := newClerk()
	c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) {
		time.Sleep(2 * o.CommandTimeout)
		return desk.FileDone, nil
	}
	sweep(t, intake.New(o, c), 2)
}

// A server falls silent at some point; that is noticed when it was due to
// answer, and said.
func TestSilentServer(t *testing.T) {
	answers := func(lines ...string) func(net.Conn) {
		return func(c net.Conn) {
			fmt.Fprint(c, "* OK hello\r\n")
			r := bufio.NewReader(c)
			for _, line := range lines {
				command, err := r.ReadString('\n')
				if err != nil {
					return
				}
				tag, _, _ := strings.Cut(command, " ")
				line, cut := strings.CutSuffix(line, " ...")
				if fmt.Fprint(c, strings.ReplaceAll(line, "TAG", tag)); !cut {
					fmt.Fprint(c, "\r\n")
				}
			}
			swallow(r)
		}
	}
	const capabilities = "* CAPABILITY IMAP4rev1\r\nTAG OK done"
	list := []string{"* LIST () \"/\" x\r\nTAG OK done", "* LIST () \"/\" x\r\nTAG OK done", "* LIST () \"/\" x\r\nTAG OK done"}
	inbox := "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\nTAG OK [READ-WRITE] done"
	begin := append([]string{capabilities, "TAG OK in", capabilities}, list...)
	with := func(more ...string) []string { return append(append([]string{}, begin...), more...) }
	sizes := "* 1 FETCH (UID 1 RFC822.SIZE 100 INTERNALDATE \"02-Mar-2026 09:00:00 +0000\")\r\nTAG OK done"
	for name, serve := range map[string]func(net.Conn){
		"no greeting":        func(c net.Conn) { swallow(c) },
		"after the greeting": answers(),
		"at the login":       answers(capabilities),
		"at SELECT":          answers(begin...),
		"at SEARCH":          answers(with(inbox)...),
		"at FETCH":           answers(with(inbox, "* SEARCH 1\r\nTAG OK done")...),
		"within a body":      answers(with(inbox, "* SEARCH 1\r\nTAG OK done", sizes, "* 1 FETCH (UID 1 BODY[] {100}\r\nFrom: x ...")...),
		"within a line":      answers(capabilities, "TAG O ..."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, mailbox.Account{Address: listen(t, serve)})
			o.CommandTimeout = 400 * time.Millisecond
			began := time.Now()
			_, err := intake.New(o, newClerk()).Sweep(t.Context())
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v to notice", took)
			}
			if err == nil || !strings.Contains(err.Error(), "silent for 400ms") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// The intake stops although the server says nothing.
func TestStopWhileTheServerIsSilent(t *testing.T) {
	asked := make(chan struct{})
	var first atomic.Bool
	o := options(t, mailbox.Account{Address: listen(t, func(c net.Conn) {
		if first.CompareAndSwap(false, true) {
			close(asked)
		}
		swallow(c)
	})})
	o.CommandTimeout = time.Hour
	stop := run(t, intake.New(o, newClerk()))
	<-asked
	stop()
}

// TLS is used as the address says, and only with a server we have reason to trust.
func TestTLS(t *testing.T) {
	s, d := inProcess(t), theDovecot(t)
	if err := d.AddUser(changes, secret); err != nil {
		t.Fatal(err)
	}
	for _, server := range []struct {
		name, url string
		authority *mailbox.Authority
	}{
		{"in process, TLS", "imaps://" + s.IMAPS, s.Authority},
		{"in process, STARTTLS", "imap://" + s.IMAP, s.Authority},
		{"dovecot, TLS", "imaps://" + d.IMAPS, d.Authority},
		{"dovecot, STARTTLS", "imap://" + d.IMAP, d.Authority},
	} {
		t.Run(server.name, func(t *testing.T) {
			o := options(t, mailbox.Account{Username: changes, Password: secret})
			o.URL = server.url
			if _, err := intake.New(o, newClerk()).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("a server nobody vouches for: %v", err)
			}
			o.TLS = &tls.Config{RootCAs: server.authority.Pool}
			if _, err := intake.New(o, newClerk()).Probe(t.Context()); err != nil {
				t.Errorf("with the authority trusted: %v", err)
			}
			o.TLS.ServerName = "imap.example.org"
			if _, err := intake.New(o, newClerk()).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "imap.example.org") {
				t.Errorf("a server that is somebody else: %v", err)
			}
		})
	}
}

// Somebody on the way takes the STARTTLS out: no password is said in clear.
func TestSTARTTLSStripped(t *testing.T) {
	said := make(chan string, 100)
	o := options(t, mailbox.Account{Username: changes, Password: secret})
	o.URL = "imap://" + listen(t, func(c net.Conn) {
		fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
		for lines := bufio.NewScanner(c); lines.Scan(); {
			said <- lines.Text()
			tag, _, _ := strings.Cut(lines.Text(), " ")
			fmt.Fprintf(c, "%s BAD unknown command\r\n", tag)
		}
	})
	if _, err := intake.New(o, newClerk()).Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("the error is %v", err)
	}
	close(said)
	for line := range said {
		if strings.Contains(line, "LOGIN") || strings.Contains(line, "AUTH") {
			t.Errorf("the client said %q", line)
		}
	}
}

// A wrong password is said in words an operator understands, and never retold.
func TestWrongPassword(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := p.Account(user)
		a.Password = "wrong guess"
		_, err := intake.New(options(t, a), newClerk()).Sweep(t.Context())
		if err == nil || !strings.Contains(err.Error(), "refuses the username or the password") {
			t.Errorf("the error is %v", err)
		}
		if err != nil && strings.Contains(err.Error(), a.Password) {
			t.Errorf("the error tells the password: %v", err)
		}
	})
}

// A provider that has switched passwords off is told apart from a wrong one.
func TestNoPasswordsAllowed(t *testing.T) {
	s := inProcess(t)
	a := s.Account(changes)
	a.Address = rewrite(t, s.IMAP, "AUTH=PLAIN", "LOGINDISABLED")
	_, err := intake.New(options(t, a), newClerk()).Sweep(t.Context())
	if err == nil || !strings.Contains(err.Error(), "LOGINDISABLED") {
		t.Errorf("the error is %v", err)
	}
}

// A server that knows only LOGIN gets it.
func TestPlainLogin(t *testing.T) {
	s := inProcess(t)
	deliver(t, s, changes, "one")
	a := s.Account(changes)
	a.Address = rewrite(t, s.IMAP, "AUTH=PLAIN", "X-NOTHING")
	sweep(t, intake.New(options(t, a), newClerk()), 1)
}

// An address that would send the password over the network in clear is refused.
func TestAddressesRefused(t *testing.T) {
	for url, want := range map[string]string{
		"imap+insecure://imap.example.com": "loopback only",
		"http://imap.example.com":          "want imaps://",
		"imap.example.com:993":             "want imaps://",
		"imaps://":                         "want imaps://",
		"imaps://a b":                      "reading the IMAP address",
	} {
		o := options(t, mailbox.Account{})
		o.URL = url
		if _, err := intake.New(o, newClerk()).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", url, err)
		}
	}
}

// swallow reads and says nothing.
func swallow(r io.Reader) {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return // the client has hung up
	}
}

// A mail that could not be decided is tried again soon, without waiting for the
// server to announce another.
func TestUndecidedIsTriedAgainSoon(t *testing.T) {
	s := inProcess(t)
	deliver(t, s, changes, "unlucky")
	c := newClerk()
	tries := 0
	c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) {
		if tries++; tries < 3 {
			return "", errors.New("the database is away")
		}
		return desk.FileDone, nil
	}
	run(t, intake.New(options(t, s.Account(changes)), c)) // polls once an hour
	for range 3 {
		c.next(t)
	}
	settled(t, s.Account(changes))
}

// What must not be decided by us any more ends the intake.
func TestFinalErrorEndsTheIntake(t *testing.T) {
	for _, final := range []error{storage.ErrDirectoryChanged, storage.ErrSchemaTooNew} {
		s := inProcess(t)
		deliver(t, s, changes, "one")
		c := newClerk()
		c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) {
			return "", fmt.Errorf("deciding: %w", final)
		}
		if err := intake.New(options(t, s.Account(changes)), c).Run(t.Context()); !errors.Is(err, final) {
			t.Errorf("it ended with %v, want %v", err, final)
		}
		lies(t, s.Account(changes), map[string]int{"INBOX": 1})
	}
}
