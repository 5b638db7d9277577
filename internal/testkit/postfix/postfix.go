// Package postfix runs a private Postfix for tests, in front of a private
// Dovecot: its own configuration, queue and log in a directory that goes away,
// on loopback only, beside whatever else the machine runs. It needs root, whom
// Postfix wants for changing to its own users, and the Debian package for those
// users.
//
// People and programs log in to submit mail, with the passwords Dovecot knows,
// and write under their own address alone. Mail for the people of [Domain] goes
// to Dovecot by LMTP, also that to a sub-address; nothing else goes anywhere.
package postfix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/child"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// Domain is where the people live.
const Domain = "example.com"

// daemons is where Debian keeps the parts of Postfix.
const daemons = "/usr/lib/postfix/sbin"

const missing = "postfix is not installed: apt-get install -y postfix"

// ErrNotRoot says that Postfix runs only where root starts it.
var ErrNotRoot = errors.New("postfix needs root")

// A Server is a running Postfix. Its addresses are "127.0.0.1:port".
type Server struct {
	MX         string // takes mail for the people here from anybody
	Submission string // takes mail after STARTTLS and a login
	SMTPS      string // the same with TLS from the first byte
	Authority  *mailbox.Authority

	options Options
	dovecot *dovecot.Server
	people  *people
	dir     string
	process *child.Process
}

// Options are what else a Postfix may be told.
type Options struct {
	Host    string // what it calls itself; mail.example.com if empty
	Domain  string // where the people live; [Domain] if empty
	Checks  string // the milter that looks at mail that comes in from elsewhere
	Signs   string // the milter that signs what is submitted
	Relay   string // "[127.0.0.1]:port" of the server that takes mail for everybody else
	SaysWho bool   // whether it writes into the mail who had logged in
}

// Start starts a Postfix without people, whose mail the Dovecot keeps. ctx
// bounds the start only.
func Start(ctx context.Context, d *dovecot.Server) (*Server, error) {
	return StartWith(ctx, d, Options{})
}

// StartWith is Start for another Postfix than the usual one.
func StartWith(ctx context.Context, d *dovecot.Server, o Options) (*Server, error) {
	if os.Getuid() != 0 {
		return nil, ErrNotRoot
	}
	o.Host, o.Domain = cmp.Or(o.Host, "mail.example.com"), cmp.Or(o.Domain, Domain)
	s := &Server{Authority: d.Authority, dovecot: d, options: o}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting postfix: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "postfix"); err != nil { // short: sockets lie in it
		return err
	}
	if s.people, err = newPeople(); err != nil {
		return err
	}
	for _, address := range []*string{&s.MX, &s.Submission, &s.SMTPS} {
		if *address, err = freeAddress(); err != nil {
			return err
		}
	}
	if err := s.configure(); err != nil {
		return err
	}
	master := exec.Command(daemons+"/master", "-s") // in the foreground; "postfix start-fg" would fork
	master.Env = []string{"MAIL_CONFIG=" + s.dir, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	if s.process, err = child.Start(master); err != nil {
		return err
	}
	return s.ready(ctx)
}

// freeAddress is a loopback port nobody listens on at the moment.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// ready waits for the greeting.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !greeted(s.Submission) {
		select {
		case <-s.process.Finished:
			return fmt.Errorf("it ended at once:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("no greeting: %w\n%s", ctx.Err(), s.Log())
		case <-tick.C:
		}
	}
	return nil
}

func greeted(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(2 * time.Second)) //nolint:errcheck // the read says so
	b := make([]byte, 4)
	n, _ := c.Read(b)
	return string(b[:n]) == "220 "
}

// Stop ends the Postfix and removes all it left.
func (s *Server) Stop() {
	s.process.Stop()
	for _, address := range []string{s.MX, s.Submission, s.SMTPS} {
		refused(address)
	}
	if s.people != nil {
		s.people.listener.Close()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir) //nolint:errcheck // a temporary directory
	}
}

// refused waits until nobody listens at the address, ten seconds at most: the
// parts of Postfix share its ports, and the last of them may end after it has.
func refused(address string) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		c.Close()
	}
}

// AddUser gives the address a mailbox and a login.
func (s *Server) AddUser(address, password string) error {
	if err := s.dovecot.AddUser(address, password); err != nil {
		return err
	}
	s.people.set(address, true)
	return nil
}

// Forget has mail to the address refused from now on: nobody has it.
func (s *Server) Forget(address string) { s.people.set(address, false) }

// Idle waits until every mail that Postfix has accepted is delivered.
func (s *Server) Idle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for queue := []byte(nil); ; {
		list := exec.CommandContext(ctx, "/usr/sbin/postqueue", "-c", s.dir, "-j") // a line for each mail
		out, err := list.Output()
		if err != nil {
			return fmt.Errorf("listing the queue: %w; there was on its way\n%s", err, queue)
		}
		if queue = out; len(queue) == 0 {
			return nil
		}
	}
}

// Log is what Postfix has said.
func (s *Server) Log() string {
	said, _ := os.ReadFile(s.path("log"))
	return strings.TrimSpace(string(said))
}
