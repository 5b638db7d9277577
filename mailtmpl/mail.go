package mailtmpl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Mail is a rendered notice, as an outbox row keeps it. The outbox fills the
// slots and encodes it for the wire at the moment of sending.
type Mail struct {
	MessageID   string            `json:"message_id"` // without <>
	Date        time.Time         `json:"date"`
	From        string            `json:"from"`
	FromName    string            `json:"from_name,omitempty"`
	To          string            `json:"to"`
	ToName      string            `json:"to_name,omitempty"`
	Subject     string            `json:"subject"`
	ReplyTo     Segments          `json:"reply_to,omitempty"`      // empty: answers go to From
	ReplyToName string            `json:"reply_to_name,omitempty"` // empty: FromName
	Text        Segments          `json:"text"`
	HTML        Segments          `json:"html"`
	InReplyTo   string            `json:"in_reply_to,omitempty"` // without <>
	References  []string          `json:"references,omitempty"`  // without <>
	Headers     map[string]string `json:"headers,omitempty"`
	Files       []File            `json:"files,omitempty"`
}

// A File is an attachment, or a picture that the HTML part shows.
type File struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	ContentID string `json:"content_id,omitempty"` // of a picture, without <>
	Bytes     []byte `json:"bytes"`
}

// Encode gives the mail as the outbox keeps it.
func (m Mail) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // nobody reads it as HTML, and it would be half as long again
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("encoding the mail: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads a mail the outbox has kept.
func Decode(body []byte) (m Mail, err error) {
	if err := json.Unmarshal(body, &m); err != nil {
		return Mail{}, fmt.Errorf("reading the rendered mail: %w", err)
	}
	return m, nil
}

// DecodeText reads only the text of a mail the outbox has kept.
func DecodeText(body []byte) (Segments, error) {
	var m struct {
		Text Segments `json:"text"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("reading the text of the rendered mail: %w", err)
	}
	return m.Text, nil
}

// A slot is filled at the moment of sending, with what nothing that is kept may
// hold. Its name says what it takes; in a mail with several papers it also says
// whose: "token CHANGE BALLOT". A code's or a sign-in link's says for which
// errand: "code ERRAND".
const (
	SlotToken  = "token"   // of the paper the mail stands for, good for answers by mail
	SlotPage   = "page"    // of the same paper, good for looking at its page
	SlotCode   = "code"    // six digits
	SlotSignIn = "sign-in" // the end of the link by which a person signs in
)

// SlotOf is the slot for another paper than the mail's own, a ballot of the
// reader's.
func SlotOf(what string, change policy.ChangeID, ballot policy.BallotID) string {
	return what + " " + string(change) + " " + string(ballot)
}

// ParseSlot says what a slot takes, and of what: a change and a ballot, an
// errand, or nothing for the mail's own paper.
func ParseSlot(slot string) (what string, of []string) {
	parts := strings.Split(slot, " ")
	return parts[0], parts[1:]
}

// A Segment is a piece of text or a slot to be filled, never both.
type Segment struct {
	Text string `json:"t,omitempty"`
	Slot string `json:"s,omitempty"`
}

// Segments are a text with slots in it.
type Segments []Segment

// Fill gives the text with its slots filled; a slot without a value is an error.
func (s Segments) Fill(values map[string]string) (string, error) {
	var b strings.Builder
	for _, segment := range s {
		if segment.Slot == "" {
			b.WriteString(segment.Text)
			continue
		}
		value := values[segment.Slot]
		if value == "" {
			return "", fmt.Errorf("filling slot %q: no value", segment.Slot)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// Lookalike is the text with something of the kind in each slot: what comes back
// quoted is compared with it.
func (s Segments) Lookalike() string {
	var b strings.Builder
	for _, segment := range s {
		b.WriteString(segment.Text)
		if segment.Slot != "" {
			b.WriteString(strings.Repeat("a", 26))
		}
	}
	return b.String()
}

// Slots lists the slots there are, each once.
func (m Mail) Slots() []string {
	var slots []string
	for _, segment := range slices.Concat(m.ReplyTo, m.Text, m.HTML) {
		if segment.Slot != "" && !slices.Contains(slots, segment.Slot) {
			slots = append(slots, segment.Slot)
		}
	}
	return slots
}

// onPaper puts another paper in place of the mail's own.
func (s Segments) onPaper(change policy.ChangeID, ballot policy.BallotID) Segments {
	moved := slices.Clone(s)
	for i := range moved {
		if slot := moved[i].Slot; slot == SlotToken || slot == SlotPage {
			moved[i].Slot = SlotOf(slot, change, ballot)
		}
	}
	return moved
}

// String shows the text with each slot as its name in braces, for people.
func (s Segments) String() string {
	var b strings.Builder
	for _, segment := range s {
		b.WriteString(segment.Text)
		if segment.Slot != "" {
			b.WriteString("{" + segment.Slot + "}")
		}
	}
	return b.String()
}

// A cutter collects what a template writes and cuts it where Slot is called.
// Templates write in order, so a slot lands where it stands in the template.
type cutter struct {
	done    Segments
	current bytes.Buffer
}

func (c *cutter) Write(p []byte) (int, error) { return c.current.Write(p) }

// Slot cuts the text and puts a slot there. It returns the nothing that a
// template prints in its place.
func (c *cutter) Slot(name string) string {
	c.flush()
	c.done = append(c.done, Segment{Slot: name})
	return ""
}

func (c *cutter) flush() {
	if c.current.Len() > 0 {
		c.done = append(c.done, Segment{Text: c.current.String()})
		c.current.Reset()
	}
}

// segments is what was written so far, and makes room for the next text.
func (c *cutter) segments() Segments {
	c.flush()
	done := c.done
	c.done = nil
	return done
}
