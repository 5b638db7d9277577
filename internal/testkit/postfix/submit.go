package postfix

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Letter is a mail in its envelope.
type Letter struct {
	From string // may be empty, as a bounce's
	To   []string
	As   string // who logs in to submit it; From if empty
	Raw  []byte
}

// Submit hands the letter in for somebody with an account: to SMTPS, or to
// Submission after STARTTLS.
func (s *Server) Submit(l Letter, password string, implicit bool) error {
	dial, address := smtp.DialStartTLS, s.Submission
	if implicit {
		dial, address = smtp.DialTLS, s.SMTPS
	}
	c, err := dial(address, &tls.Config{RootCAs: s.Authority.Pool, ServerName: "localhost"})
	if err != nil {
		return fmt.Errorf("submitting to %s: %w", address, err)
	}
	defer c.Close()
	as := cmp.Or(l.As, l.From)
	if err := c.Auth(sasl.NewPlainClient("", as, password)); err != nil {
		return fmt.Errorf("logging in as %s: %w", as, err)
	}
	return l.send(c)
}

// Arrive brings the letter from elsewhere, as another company's server does.
func (s *Server) Arrive(l Letter) error {
	c, err := smtp.Dial(s.MX)
	if err != nil {
		return fmt.Errorf("bringing mail to %s: %w", s.MX, err)
	}
	defer c.Close()
	return l.send(c)
}

func (l Letter) send(c *smtp.Client) error {
	if err := c.Mail(l.From, &smtp.MailOptions{Body: smtp.Body8BitMIME}); err != nil {
		return fmt.Errorf("the sender %s: %w", l.From, err)
	}
	for _, to := range l.To {
		if err := c.Rcpt(to, nil); err != nil {
			return fmt.Errorf("the recipient %s: %w", to, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("the mail from %s: %w", l.From, err)
	}
	if _, err := bytes.NewReader(l.Raw).WriteTo(w); err != nil {
		return fmt.Errorf("the mail from %s: %w", l.From, err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("the mail from %s: %w", l.From, err)
	}
	return c.Quit()
}
