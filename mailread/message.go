package mailread

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"

	"github.com/countersign/countersign/internal/paper"
)

// A Message is a mail taken apart. Every string in it is clean: valid UTF-8
// without controls but "\n" and "\t".
type Message struct {
	From        Address // zero where FromProblem is set
	FromProblem string  // why From names nobody: [TwoFrom] and the like
	Sender      Address // of the Sender field; zero where there is none
	Recipients  []string
	Subject     string
	MessageID   string   // without <>
	InReplyTo   []string // ids without <>
	References  []string
	Date        time.Time // as the sender's clock had it; zero where unreadable

	Text        string // the text/plain body, "" where there is none
	HTMLText    string // the HTML body as text, quotations marked with "> "
	Attachments []Attachment
	LeftOut     []Attachment // those over the limits
	SHA256      string       // of the raw mail, in hex

	header    message.Header
	html      string // the HTML body's source
	htmlLines []line // the HTML body as lines that know which are quoted
	htmlBad   bool   // the HTML could not be parsed as a whole
	calendar  string // the method of a calendar part
	reaction  bool   // a part is a reaction (RFC 9078)
	unsure    string // why nobody can say what was typed, though something stands there
	tnef      bool   // a part is Outlook's own format
	returned  []returnedPart
}

// An Attachment is a file somebody attached; images shown in the text and
// signatures are none.
type Attachment struct {
	Name   string
	Type   string
	Bytes  []byte
	SHA256 string // in hex
}

// Read takes a raw mail apart. The error is for mail that cannot be read at
// all, among it mail over the limits.
func Read(raw []byte, limits Limits) (*Message, error) {
	if int64(len(raw)) > limits.Size {
		return nil, fmt.Errorf("reading mail of %d bytes: %w", len(raw), ErrTooLarge)
	}
	mended, err := repair(raw, limits)
	if err != nil {
		return nil, fmt.Errorf("reading mail: %w", err)
	}
	entity, err := message.ReadWithOptions(bytes.NewReader(mended), &message.ReadOptions{MaxHeaderBytes: 2 * int64(limits.Header)})
	if entity == nil {
		return nil, fmt.Errorf("reading mail header: %w", err)
	}
	if entity.Header.Len() == 0 {
		return nil, fmt.Errorf("reading mail: %w", ErrNoHeader)
	}
	m := &Message{header: entity.Header, SHA256: hash(raw)}
	m.readHeader()
	m.readBody(entity, limits)
	return m, nil
}

func (m *Message) readHeader() {
	m.From, m.FromProblem = sender(m.Header("From"))
	m.Sender, _ = sender(m.Header("Sender"))
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"} {
		m.Recipients = append(m.Recipients, addresses(m.Header(name)...)...)
	}
	m.Recipients = addresses(m.Recipients...)
	m.Subject = decodedWords(m.first("Subject"))
	m.MessageID = messageID(m.first("Message-Id"))
	m.InReplyTo = ids(m.first("In-Reply-To"))
	m.References = ids(m.first("References"))
	if t, err := mail.ParseDate(m.first("Date")); err == nil {
		m.Date = t.UTC()
	}
}

func messageID(value string) string {
	if list := ids(value); len(list) > 0 {
		return list[0]
	}
	return strings.Trim(oneSpace(Clean(value)), "<> ")
}

// Header gives the values of a header field, unfolded but not decoded, topmost
// first.
func (m *Message) Header(name string) []string {
	return m.header.Values(name)
}

func (m *Message) first(name string) string {
	if values := m.Header(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Tokens lists the paper tokens written anywhere in the recipients and the
// body, each once.
func (m *Message) Tokens() []string {
	places := append(slices.Clone(m.Recipients), m.Text, m.HTMLText, m.html)
	return paper.Find(strings.Join(places, "\n"))
}

// Addressed lists the tokens in the addresses the mail was sent to.
func (m *Message) Addressed() []string {
	return paper.Find(strings.Join(m.Recipients, "\n"))
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
