package stage

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	_ "github.com/emersion/go-message/charset" // subjects and texts in other charsets
	"github.com/emersion/go-message/mail"

	"github.com/countersign/countersign/policy"
)

// A Received is one mail a person got from us.
type Received struct {
	Notice     policy.NoticeKind
	To         string
	Subject    string
	MessageID  string // without <>
	ReplyTo    string
	References []string
	Text       string // the plain part
	HTML       string
	Raw        []byte
}

// Read takes one of our mails apart; whom it reached it cannot tell.
func Read(raw []byte) (Received, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return Received{}, err
	}
	m := Received{Raw: raw, Notice: policy.NoticeKind(r.Header.Get("X-Countersign-Notice"))}
	m.Subject, _ = r.Header.Subject()
	m.MessageID, _ = r.Header.MessageID()
	m.References, _ = r.Header.MsgIDList("References")
	if to, err := r.Header.AddressList("Reply-To"); err == nil && len(to) > 0 {
		m.ReplyTo = to[0].Address
	} else if from, err := r.Header.AddressList("From"); err == nil && len(from) > 0 {
		m.ReplyTo = from[0].Address
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		inline, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue // a file
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return m, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		switch kind, _, _ := inline.ContentType(); kind {
		case "text/plain":
			m.Text = text
		case "text/html":
			m.HTML = text
		}
	}
}

// A Letter is what a person writes.
type Letter struct {
	From, To, Subject string
	Headers           []string // whole lines, such as "Auto-Submitted: auto-replied"
	Body              string
	HTML              string // the body instead, where it is formatted and nothing else
	InReplyTo         string
	References        []string
	Files             map[string]string
	Parts             []string // of a report in place of the body, each with its header
}

// Attach attaches a file.
func (l *Letter) Attach(name, content string) {
	if l.Files == nil {
		l.Files = map[string]string{}
	}
	l.Files[name] = content
}

// Write has a person send a letter to the change mailbox.
func (s *Stage) Write(l Letter) error { return s.Deliver(s.Compose(l)) }

// Compose writes a letter as the person's client does, with a Message-ID of its
// own.
func (s *Stage) Compose(l Letter) []byte {
	s.tick++
	return l.Bytes(fmt.Sprintf("person-%d@mail.example.com", s.tick), s.Clock.Now())
}

// Deliver puts a raw mail into the change mailbox.
func (s *Stage) Deliver(raw []byte) error {
	_, err := s.Carry(raw)
	return err
}

// Carry is Deliver, and gives the mail as it lies in the mailbox.
func (s *Stage) Carry(raw []byte) ([]byte, error) {
	return s.post.Deliver(s.options.User, raw, s.Clock.Now())
}

// Reply makes the letter a reply to a mail: to its Reply-To, in its thread,
// with the mail quoted below what was typed.
func (l Letter) Reply(to Received) Letter {
	l = l.Answer(to)
	l.Body = strings.TrimRight(l.Body, "\n") + "\n\n" + Quoted(to)
	return l
}

// Quoted is a mail as clients quote it.
func Quoted(m Received) string {
	var b strings.Builder
	fmt.Fprintf(&b, "On Mon, 2 Mar 2026 at 10:00, Countersign <%s> wrote:\n", Mailbox)
	for line := range strings.Lines(strings.TrimRight(m.Text, "\n")) {
		b.WriteString(strings.TrimRight("> "+strings.TrimRight(line, "\n"), " ") + "\n")
	}
	return b.String()
}

// ReplyHTML makes the letter a reply as a webmail client writes one: formatted,
// with no plain part, the mail quoted in a blockquote.
func (l Letter) ReplyHTML(to Received) Letter {
	l = l.Answer(to)
	typed := strings.ReplaceAll(html.EscapeString(strings.TrimRight(l.Body, "\n")), "\n", "<br>\n")
	l.HTML = "<div dir=\"ltr\">" + typed + "</div><br>\n" +
		"<div class=\"gmail_quote\"><div class=\"gmail_attr\">On Mon, 2 Mar 2026 at 10:00, Countersign wrote:<br></div>\n" +
		"<blockquote class=\"gmail_quote\">" + to.HTML + "</blockquote></div>\n"
	return l
}

// Answer makes the letter a reply with nothing quoted.
func (l Letter) Answer(to Received) Letter {
	if l.To == "" {
		l.To = to.ReplyTo
	}
	if l.Subject == "" {
		l.Subject = "Re: " + to.Subject
	}
	l.InReplyTo, l.References = to.MessageID, append(to.References, to.MessageID)
	return l
}

// Bytes writes the letter as RFC 5322 has it, to the change mailbox if it names
// nobody else.
func (l Letter) Bytes(id string, at time.Time) []byte {
	if l.To == "" {
		l.To = Mailbox
	}
	var b bytes.Buffer
	header := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	header("From", l.From)
	header("To", l.To)
	header("Subject", l.Subject)
	header("Date", at.Format(time.RFC1123Z))
	header("Message-ID", "<"+id+">")
	if l.InReplyTo != "" {
		header("In-Reply-To", "<"+l.InReplyTo+">")
		header("References", "<"+strings.Join(l.References, ">\r\n <")+">")
	}
	for _, line := range l.Headers {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	switch {
	case len(l.Parts) > 0:
		l.report(&b)
		return b.Bytes()
	case len(l.Files) == 0:
		l.text(&b)
		return b.Bytes()
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=parts\r\n\r\n--parts\r\n")
	l.text(&b)
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		content := l.Files[name]
		fmt.Fprintf(&b, "\r\n--parts\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", name, base64.StdEncoding.EncodeToString([]byte(content)))
	}
	b.WriteString("\r\n--parts--\r\n")
	return b.Bytes()
}

// report writes the parts of a report (RFC 6522).
func (l Letter) report(b *bytes.Buffer) {
	b.WriteString("Content-Type: multipart/report; report-type=delivery-status; boundary=reported\r\n")
	for _, part := range l.Parts {
		b.WriteString("\r\n--reported\r\n" + strings.ReplaceAll(part, "\n", "\r\n"))
	}
	b.WriteString("\r\n--reported--\r\n")
}

func (l Letter) text(b *bytes.Buffer) {
	kind, body := "plain", l.Body
	if l.HTML != "" {
		kind, body = "html", l.HTML
	}
	b.WriteString("Content-Type: text/" + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(strings.ReplaceAll(body, "\n", "\r\n"))
}
