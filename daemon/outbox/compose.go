package outbox

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"regexp"
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
	msg := mail.NewMsg()
	if err := address(msg, m, slots); err != nil {
		return nil, err
	}
	head(msg, m)
	msg.SetBodyString(mail.TypeTextPlain, text)
	if html != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, html)
	}
	attach(msg, m.Files)
	if len(m.Files) == 0 { // one part in another: one boundary
		msg.SetBoundary(boundary(text, html))
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("encoding the mail: %w", err)
	}
	if len(m.Files) > 0 {
		return bounded(raw.Bytes(), boundary(text, html)), nil
	}
	return raw.Bytes(), nil
}

// attach adds the files; those with a content ID are pictures of the HTML part.
func attach(msg *mail.Msg, files []mailtmpl.File) {
	for _, f := range files {
		add, options := msg.AttachReadSeeker, []mail.FileOption{mail.WithFileContentType(mail.ContentType(f.Type))}
		if f.ContentID != "" {
			add, options = msg.EmbedReadSeeker, append(options, mail.WithFileContentID("<"+f.ContentID+">"))
		}
		add(f.Name, bytes.NewReader(f.Bytes), options...)
	}
}

// drawn is a boundary as mime/multipart draws it. No text of ours can look like
// it: an equals sign is encoded in all of them.
var drawn = regexp.MustCompile("\r\n boundary=([0-9a-f]{60})\r\n")

// bounded puts boundaries that derive from the text in place of those go-mail
// has drawn: it takes but one of ours, and parts in parts need several.
func bounded(raw []byte, boundary string) []byte {
	for i, match := range drawn.FindAllSubmatch(raw, -1) {
		raw = bytes.ReplaceAll(raw, match[1], fmt.Appendf(nil, "%s_%d", boundary, i+1))
	}
	return raw
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
