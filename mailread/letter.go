package mailread

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"
)

// A Letter is a mail as a person would have written it: what was entered on a
// page is kept as one, so that every answer can be looked at in the same way.
type Letter struct {
	From, FromName, To string
	Subject            string
	MessageID          string // without <>
	Date               time.Time
	Headers            []Header // further ones
	Text               string
	Files              []Attachment
}

// A Header is one field of a mail's header.
type Header struct{ Name, Value string }

// Bytes writes the letter as RFC 5322 has it.
func (l Letter) Bytes() ([]byte, error) {
	var h mail.Header
	h.Set("MIME-Version", "1.0")
	for _, more := range l.Headers {
		h.SetText(more.Name, strings.Join(strings.Fields(more.Value), " "))
	}
	h.SetMessageID(l.MessageID)
	h.SetSubject(l.Subject)
	h.SetDate(l.Date)
	h.SetAddressList("To", []*mail.Address{{Address: l.To}})
	h.SetAddressList("From", []*mail.Address{{Name: l.FromName, Address: l.From}})
	var raw bytes.Buffer
	w, err := mail.CreateWriter(&raw, h)
	if err != nil {
		return nil, fmt.Errorf("writing a mail: %w", err)
	}
	for _, write := range l.parts(w) {
		if err := write(); err != nil {
			return nil, fmt.Errorf("writing a mail: %w", err)
		}
	}
	return raw.Bytes(), nil
}

func (l Letter) parts(w *mail.Writer) []func() error {
	writes := []func() error{func() error {
		var h mail.InlineHeader
		h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
		part, err := w.CreateSingleInline(h)
		return filled(part, err, []byte(strings.ReplaceAll(l.Text, "\n", "\r\n")))
	}}
	for _, f := range l.Files {
		writes = append(writes, func() error {
			var h mail.AttachmentHeader
			h.SetContentType(kindOf(f.Type), nil)
			h.SetFilename(f.Name)
			part, err := w.CreateAttachment(h)
			return filled(part, err, f.Bytes)
		})
	}
	return append(writes, w.Close)
}

func filled(part io.WriteCloser, err error, content []byte) error {
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		return err
	}
	return part.Close()
}

// kindOf is the media type a browser gave a file, if it is one.
func kindOf(given string) string {
	if kind, _, err := mime.ParseMediaType(given); err == nil && !strings.HasPrefix(kind, "multipart/") && !strings.HasPrefix(kind, "message/") {
		return kind
	}
	return "application/octet-stream"
}
