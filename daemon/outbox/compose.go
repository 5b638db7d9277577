package outbox

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/countersign/countersign/mailtmpl"
)

// Compose encodes the mail for the wire, with its slots filled. The same mail
// with the same values always gives the same bytes.
func Compose(m mailtmpl.Mail, slots map[string]string) ([]byte, error) {
	text, err := m.Text.Fill(slots)
	if err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	html, err := m.HTML.Fill(slots)
	if err != nil {
		return nil, fmt.Errorf("HTML: %w", err)
	}
	msg := mail.NewMsg(mail.WithBoundary(boundary(text, html)))
	if err := address(msg, m, slots); err != nil {
		return nil, err
	}
	head(msg, m)
	msg.SetBodyString(mail.TypeTextPlain, text)
	if html != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, html)
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("encoding the mail: %w", err)
	}
	return raw.Bytes(), nil
}

// boundary derives from what it bounds: the same at every try, and in no text,
// since a text with it in would have another. go-mail writes it unquoted, so it
// is letters and digits.
func boundary(text, html string) string {
	sum := sha256.Sum256([]byte(text + "\x00" + html))
	return "countersign_" + hex.EncodeToString(sum[:15])
}

func address(msg *mail.Msg, m mailtmpl.Mail, slots map[string]string) error {
	from, err := parse(m.From, m.FromName)
	if err != nil {
		return fmt.Errorf("reading the sender: %w", err)
	}
	to, err := parse(m.To, m.ToName)
	if err != nil {
		return fmt.Errorf("reading the recipient: %w", err)
	}
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	answers, err := m.ReplyTo.Fill(slots)
	if err != nil || answers == "" {
		return err
	}
	replyTo, err := parse(answers, cmp.Or(m.ReplyToName, m.FromName))
	if err != nil {
		return fmt.Errorf("reading the address for answers: %w", err)
	}
	msg.ReplyToMailAddress(replyTo)
	return nil
}

func parse(address, name string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if name != "" {
		a.Name = name
	}
	return a, nil
}

func head(msg *mail.Msg, m mailtmpl.Mail) {
	msg.SetUserAgent("Countersign")
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, 5
	for name, value := range m.Headers {
		msg.SetGenHeader(mail.Header(name), value)
	}
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.MessageID)
	msg.Subject(m.Subject)
	if m.InReplyTo != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+m.InReplyTo+">")
	}
	if len(m.References) > 0 {
		msg.SetGenHeader(mail.HeaderReferences, "<"+strings.Join(m.References, "> <")+">")
	}
}
