// Package dovecot runs a private Dovecot for tests: its own configuration,
// users and mail in a directory that goes away, on loopback only, beside
// whatever else the machine runs. It works as root, with the users the Debian
// packages made, and as an ordinary user.
package dovecot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/internal/testkit/child"
	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// A Server is a running Dovecot. Its addresses are "127.0.0.1:port".
type Server struct {
	IMAP      string // in the clear, with STARTTLS
	IMAPS     string
	LMTP      string
	Auth      string // a socket, on which mail servers ask whose password is right
	Authority *mailbox.Authority

	dir     string
	owner   owner
	mu      sync.Mutex
	users   map[string]string // address to password
	process *child.Process
}

// missing tells what to do when Dovecot is not installed.
const missing = "dovecot is not installed: apt-get install -y dovecot-imapd dovecot-lmtpd"

// Start starts a Dovecot without users. ctx bounds the start only.
func Start(ctx context.Context) (*Server, error) {
	binary, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{users: map[string]string{}}
	if err := s.start(ctx, binary); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting dovecot: %w", err)
	}
	return s, nil
}

func find() (string, error) {
	const usual = "/usr/sbin/dovecot" // not on an ordinary user's path
	if _, err := os.Stat(usual); err == nil {
		return usual, nil
	}
	binary, err := exec.LookPath("dovecot")
	if err != nil {
		return "", errors.New(missing)
	}
	return binary, nil
}

func (s *Server) start(ctx context.Context, binary string) (err error) {
	if s.owner, err = findOwner(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "dovecot"); err != nil { // short: sockets lie in it
		return err
	}
	s.Auth = s.path("auth")
	if s.Authority, err = mailbox.NewAuthority(); err != nil {
		return err
	}
	for _, address := range []*string{&s.IMAP, &s.IMAPS, &s.LMTP} {
		if *address, err = freeAddress(); err != nil {
			return err
		}
	}
	if err := s.configure(); err != nil {
		return err
	}
	if s.process, err = child.Start(exec.Command(binary, "-F", "-c", s.path("dovecot.conf"))); err != nil {
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
	for {
		if greeted(s.IMAP) {
			return nil
		}
		select {
		case <-s.process.Finished:
			return fmt.Errorf("it ended at once:\n%s", s.log())
		case <-ctx.Done():
			return fmt.Errorf("no greeting: %w\n%s", ctx.Err(), s.log())
		case <-tick.C:
		}
	}
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
	return string(b[:n]) == "* OK"
}

// Stop ends the Dovecot and removes all it left.
func (s *Server) Stop() {
	s.process.Stop()
	if s.dir != "" {
		os.RemoveAll(s.dir) //nolint:errcheck // a temporary directory
	}
}

// AddUser gives the address a mailbox.
func (s *Server) AddUser(address, password string) error {
	address = strings.ToLower(address)
	s.mu.Lock()
	s.users[address] = password
	s.mu.Unlock()
	// A file for each: Dovecot looks only once a second whether a file has changed.
	return s.write(filepath.Join("users", address), address+":{PLAIN}"+password+"\n", 0o644)
}

// RemoveUser takes the address its mailbox: mail to it is refused, whoever
// brings it.
func (s *Server) RemoveUser(address string) error {
	address = strings.ToLower(address)
	s.mu.Lock()
	delete(s.users, address)
	s.mu.Unlock()
	if err := os.Remove(s.path(filepath.Join("users", address))); err != nil {
		return err
	}
	// Whom it has looked up within this second, it still knows.
	for range 100 {
		if refused, err := s.refuses(address); refused || err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("dovecot still takes mail to %s, who has been removed", address)
}

// refuses asks for the address as who delivers mail does (RFC 2033).
func (s *Server) refuses(address string) (bool, error) {
	c, err := textproto.Dial("tcp", s.LMTP)
	if err != nil {
		return false, err
	}
	defer c.Close()
	if _, _, err := c.ReadResponse(220); err != nil {
		return false, err
	}
	for _, line := range []string{"LHLO localhost", "MAIL FROM:<>", "RCPT TO:<" + address + ">"} {
		if err := c.PrintfLine("%s", line); err != nil {
			return false, err
		}
		_, _, err = c.ReadResponse(250)
	}
	said := (*textproto.Error)(nil)
	if errors.As(err, &said) {
		return said.Code == 550, nil
	}
	return false, err
}

// Deliver puts the mail into the INBOX of the address; at is its INTERNALDATE.
func (s *Server) Deliver(address string, raw []byte, at time.Time) error {
	return s.Account(address).Append("INBOX", raw, at)
}

// Account is the way into the user's mailbox.
func (s *Server) Account(address string) mailbox.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return mailbox.Account{Address: s.IMAP, Username: address, Password: s.users[strings.ToLower(address)]}
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) log() string {
	said, _ := os.ReadFile(s.path("log"))
	return strings.TrimSpace(string(said))
}

func (s *Server) write(name, text string, mode os.FileMode) error {
	return os.WriteFile(s.path(name), []byte(text), mode)
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

func number(id string) (int, error) { return strconv.Atoi(id) }
