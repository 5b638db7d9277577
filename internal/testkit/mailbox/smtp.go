package mailbox

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Sent is one mail the SMTP server accepted for one recipient.
type Sent struct {
	From string // of the envelope
	To   string // of the envelope
	Raw  []byte
	At   time.Time
}

// Sent lists all accepted mail, oldest first.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Refuse answers the next so many mails to the recipient with the code (451,
// 550 …); zero times means every one from now on.
func (s *Server) Refuse(recipient string, code, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[strings.ToLower(recipient)] = &refusal{code, times, times == 0}
}

type refusal struct {
	code, left int
	always     bool
}

// refused takes one refusal of the recipient, if one is left.
func (s *Server) refused(recipient string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.refusals[strings.ToLower(recipient)]
	if r == nil || (!r.always && r.left == 0) {
		return nil
	}
	r.left--
	return &smtp.SMTPError{
		Code:         r.code,
		EnhancedCode: smtp.EnhancedCode{r.code / 100, 1, 1},
		Message:      "refused as the script says",
	}
}

// A submission is one client's connection to the SMTP server.
type submission struct {
	server *Server
	conn   *smtp.Conn
	from   string
	to     []string
}

func (s *Server) newSubmission(c *smtp.Conn) (smtp.Session, error) {
	return &submission{server: s, conn: c}, nil
}

func (*submission) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (m *submission) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == sasl.Login {
		return &loginServer{authenticate: m.login}, nil
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		return m.login(username, password)
	}), nil
}

func (m *submission) login(username, password string) error {
	if u, ok := m.server.user(username); !ok || u.password != password {
		return smtp.ErrAuthFailed
	}
	return nil
}

func (m *submission) Mail(from string, _ *smtp.MailOptions) error {
	m.from = from
	return nil
}

func (m *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := m.server.refused(to); err != nil {
		return err
	}
	if err := m.server.faults.greylisted(to); err != nil {
		return err
	}
	m.to = append(m.to, to)
	return nil
}

func (m *submission) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f := m.server.faults
	if f.one(&f.mute) {
		return silence(m.conn.Conn())
	}
	for _, to := range m.to {
		if err := m.server.accept(m.from, to, raw); err != nil {
			return err
		}
	}
	if f.one(&f.lost) {
		return m.conn.Conn().Close()
	}
	return nil
}

// accept records the mail and delivers it, when the recipient is one of ours.
func (s *Server) accept(from, to string, raw []byte) error {
	at := s.options.clock()
	s.mu.Lock()
	s.sent = append(s.sent, Sent{From: from, To: to, Raw: raw, At: at})
	s.mu.Unlock()
	if _, ok := s.user(to); !ok {
		return nil
	}
	trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, to)
	deliver := s.options.deliver
	if deliver == nil {
		deliver = s.Deliver
	}
	return deliver(withoutSub(to), append([]byte(trace), raw...), at)
}

func (m *submission) Reset()        { m.from, m.to = "", nil }
func (m *submission) Logout() error { return nil }

// A loginServer speaks the LOGIN mechanism, which some mail clients still ask
// for first.
type loginServer struct {
	username     string
	authenticate func(username, password string) error
	asked        int
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.asked++
	switch {
	case l.asked == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.username == "":
		l.username = string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.authenticate(l.username, string(response))
	}
}
