package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
)

const (
	changes = "changes@example.com"
	secret  = "open sesame"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// A provider is an IMAP server with the change mailbox on it.
type provider interface {
	AddUser(address, password string) error
	Deliver(address string, raw []byte, at time.Time) error
	Account(address string) mailbox.Account
}

// private is the one Dovecot of this test binary.
var private struct {
	once   sync.Once
	server *dovecot.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if private.server != nil {
		private.server.Stop()
	}
	os.Exit(code)
}

func theDovecot(t *testing.T) *dovecot.Server {
	t.Helper()
	private.once.Do(func() { private.server, private.err = dovecot.Start(context.Background()) })
	if private.err != nil {
		t.Fatal(private.err)
	}
	return private.server
}

// everywhere tells the story on the server in process and on a real Dovecot;
// user is a mailbox nobody has used before.
func everywhere(t *testing.T, story func(t *testing.T, p provider, user string)) {
	t.Run("in process", func(t *testing.T) { story(t, inProcess(t), changes) })
	t.Run("dovecot", func(t *testing.T) {
		p := theDovecot(t)
		user := fmt.Sprintf("%d@example.com", time.Now().UnixNano())
		if err := p.AddUser(user, secret); err != nil {
			t.Fatal(err)
		}
		story(t, p, user)
	})
}

func inProcess(t *testing.T, opts ...mailbox.Option) *mailbox.Server {
	t.Helper()
	s, err := mailbox.Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.AddUser(changes, secret); err != nil {
		t.Fatal(err)
	}
	return s
}

// options are good for an account, with a server that must answer soon.
func options(t *testing.T, a mailbox.Account) intake.Options {
	return intake.Options{
		URL: "imap+insecure://" + a.Address, Username: a.Username,
		Password:       func() (string, error) { return a.Password, nil },
		CommandTimeout: 5 * time.Second,
		IdleFor:        time.Hour, Poll: time.Hour, // what wakes us is the server alone
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// A clerk is the desk of these tests: it writes down what it is given and files
// it as done, unless told otherwise.
type clerk struct {
	decides func(ctx context.Context, in desk.Incoming) (desk.Filing, error)

	mu    sync.Mutex
	got   []desk.Incoming
	heard chan desk.Incoming
}

func newClerk() *clerk { return &clerk{heard: make(chan desk.Incoming, 200)} }

func (c *clerk) Receive(ctx context.Context, in desk.Incoming) (desk.Filing, error) {
	c.mu.Lock()
	c.got = append(c.got, in)
	c.mu.Unlock()
	filing, err := desk.FileDone, error(nil)
	if c.decides != nil {
		filing, err = c.decides(ctx, in)
	}
	c.heard <- in
	return filing, err
}

func (c *clerk) ReceiveAll(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error) {
	filings := make([]desk.Filing, len(mails))
	var errs []error
	for n, in := range mails {
		filing, err := c.Receive(ctx, in)
		if err == nil {
			filings[n] = filing
		}
		errs = append(errs, err)
	}
	return filings, errors.Join(errs...)
}

// uids are the mails the clerk was given, in order.
func (c *clerk) uids() (uids []uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, in := range c.got {
		uids = append(uids, in.UID)
	}
	return uids
}

func (c *clerk) next(t *testing.T) desk.Incoming {
	t.Helper()
	select {
	case in := <-c.heard:
		return in
	case <-time.After(10 * time.Second):
		t.Fatal("no mail came to the desk")
		return desk.Incoming{}
	}
}

func mail(subject string) []byte {
	return fmt.Appendf(nil, "From: cto@example.com\r\nTo: changes@example.com\r\nSubject: %s\r\n\r\nThe body of %s.\r\n", subject, subject)
}

func deliver(t *testing.T, p provider, user string, subjects ...string) {
	t.Helper()
	for n, subject := range subjects {
		if err := p.Deliver(user, mail(subject), nine.Add(time.Duration(n)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
}

// lies says how many mails lie in each folder.
func lies(t *testing.T, a mailbox.Account, folders map[string]int) {
	t.Helper()
	for name, want := range folders {
		mails, err := a.Folder(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(mails) != want {
			t.Errorf("%d mails lie in %s, want %d", len(mails), name, want)
		}
	}
}

func sweep(t *testing.T, i *intake.Intake, want int) {
	t.Helper()
	n, err := i.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("the sweep decided %d mails, want %d", n, want)
	}
}

// run runs the intake until the test ends; stop ends it sooner, and waits.
func run(t *testing.T, i *intake.Intake) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("Run ended with %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Error("Run did not end")
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// settled waits until the inbox is empty: no command is on its way any more
// whose answer could tell the intake of the next mail.
func settled(t *testing.T, a mailbox.Account) {
	t.Helper()
	for range 1000 {
		mails, err := a.Folder("INBOX")
		if err != nil {
			t.Fatal(err)
		}
		if len(mails) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the mail is not moved")
}

// otherClient is somebody else's mail client on the same mailbox.
func otherClient(t *testing.T, a mailbox.Account) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(a.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(a.Username, a.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// listen serves each connection to a loopback port; the address is returned.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return ln.Addr().String()
}

// rewrite is a server in front of another one: what either side says is
// changed, line by line, as the pairs of old and new tell.
func rewrite(t *testing.T, target string, pairs ...string) string {
	pass := func(to, from net.Conn) {
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			said := buf[:n]
			for p := 0; p < len(pairs); p += 2 {
				said = bytes.ReplaceAll(said, []byte(pairs[p]), []byte(pairs[p+1]))
			}
			if _, werr := to.Write(said); err != nil || werr != nil {
				to.Close()
				return
			}
		}
	}
	return listen(t, func(client net.Conn) {
		server, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		go pass(server, client)
		pass(client, server)
	})
}
