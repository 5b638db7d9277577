package mailbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// faults are what the server does wrong, for as long as it is told to.
type faults struct {
	mu       sync.Mutex
	full     map[string]bool // folders
	noCreate bool
	greeted  map[string]bool // recipients; nil: no greylisting
	mute     int             // mails
	lost     int
}

func newFaults() *faults { return &faults{full: map[string]bool{}} }

// Full says whether a folder is over quota: whatever should go into it is
// refused.
func (s *Server) Full(folder string, is bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.full[folder] = is
}

// RefuseCreate says whether no folder can be made.
func (s *Server) RefuseCreate(is bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.noCreate = is
}

func (f *faults) takes(folder string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full[folder] {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeOverQuota, Text: "Quota exceeded"}
	}
	return nil
}

func (f *faults) creates() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.noCreate {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNoPerm, Text: "Permission denied"}
	}
	return nil
}

// Delete deletes a folder of the user's, the INBOX too.
func (s *Server) Delete(address, folder string) error {
	u, ok := s.user(address)
	if !ok {
		return fmt.Errorf("deleting a folder of %s: %w", address, ErrNoUser)
	}
	if err := u.Delete(folder); err != nil {
		return fmt.Errorf("deleting folder %s of %s: %w", folder, address, err)
	}
	s.Cut() // as servers do with those who have it open
	return nil
}

// Create makes a folder of the user's, whose UIDVALIDITY no earlier one had.
func (s *Server) Create(address, folder string) error {
	u, ok := s.user(address)
	if !ok {
		return fmt.Errorf("making a folder of %s: %w", address, ErrNoUser)
	}
	if err := u.Create(folder, nil); err != nil {
		return fmt.Errorf("making folder %s of %s: %w", folder, address, err)
	}
	return nil
}

// Renumber gives the user's folder another UIDVALIDITY and its mails other UIDs,
// from one, as a server does that has lost its index.
func (s *Server) Renumber(address, folder string) error {
	mails, err := s.Account(address).Folder(folder)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Delete(address, folder), s.Create(address, folder)); err != nil {
		return err
	}
	for _, m := range mails {
		if err := s.Account(address).Append(folder, m.Raw, m.At); err != nil {
			return err
		}
	}
	return nil
}

// Greylist lets every recipient's first mail be refused for the time being.
func (s *Server) Greylist() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.greeted = map[string]bool{}
}

func (f *faults) greylisted(recipient string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	recipient = strings.ToLower(recipient)
	if f.greeted == nil || f.greeted[recipient] {
		return nil
	}
	f.greeted[recipient] = true
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, come back later"}
}

// Mute lets the next so many mails get no answer: they are not taken, and the
// line stays open.
func (s *Server) Mute(mails int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.mute = mails
}

// LoseAnswers lets the next so many mails be taken, and the line cut before
// anybody is told.
func (s *Server) LoseAnswers(mails int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.lost = mails
}

// one takes one of the faults that are left.
func (f *faults) one(left *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *left == 0 {
		return false
	}
	*left--
	return true
}

// silence says nothing until the client hangs up.
func silence(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return errors.Join(errors.New("silenced"), err)
}

// A shy connection does not say that the server knows IDLE.
type shy struct{ net.Conn }

func (c shy) Write(b []byte) (int, error) {
	said := b
	if bytes.Contains(b, []byte("CAPABILITY")) {
		said = bytes.ReplaceAll(b, []byte(" IDLE"), nil)
	}
	if _, err := c.Conn.Write(said); err != nil {
		return 0, err
	}
	return len(b), nil
}

type shyListener struct{ net.Listener }

func (l shyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return shy{c}, nil
}
