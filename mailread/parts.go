package mailread

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// A body is what a part contributes to the text of a mail, in one or both
// forms.
type body struct{ plain, html string }

// beside joins bodies that follow each other. Where one form is missing, the
// other stands in for it, so that both forms tell everything.
func beside(bodies []body) body {
	bodies = slices.DeleteFunc(bodies, func(b body) bool { return b == body{} })
	if len(bodies) < 2 {
		return append(bodies, body{})[0]
	}
	var plain, html []string
	anyHTML := false
	for _, b := range bodies {
		plain, html = append(plain, b.asPlain()), append(html, b.asHTML())
		anyHTML = anyHTML || b.html != ""
	}
	joined := body{plain: strings.Join(plain, "\n")}
	if anyHTML {
		joined.html = strings.Join(html, "<br>")
	}
	return joined
}

func (b body) asPlain() string {
	if b.plain == "" && b.html != "" {
		lines, _ := htmlLines(b.html)
		return marked(lines)
	}
	return b.plain
}

func (b body) asHTML() string {
	if b.html == "" {
		return plainHTML(b.plain)
	}
	return b.html
}

func (m *Message) readBody(e *message.Entity, limits Limits) {
	var p partReader
	b := p.read(e)
	m.Text, m.html = b.plain, b.html
	m.calendar, m.reaction, m.unsure = p.calendar, p.reaction, p.unsure
	m.tnef, m.returned = p.tnef, p.returned
	if blank(m.Text) && blank(m.html) {
		m.unsure = p.sealed
	} else if m.unsure == "" && strings.Contains(m.Text, "-----BEGIN PGP MESSAGE-----") {
		m.unsure = SealedPGP
	}
	if m.html != "" {
		m.htmlLines, m.htmlBad = htmlLines(m.html)
		m.htmlBad = m.htmlBad || p.tooLong
		m.HTMLText = marked(m.htmlLines)
	}
	m.Attachments, m.LeftOut = within(limits, p.attachments(m.html))
}

type partReader struct {
	files       []file
	calendar    string
	reaction    bool
	tnef        bool
	returned    []returnedPart
	plain, html int // bytes of text so far
	tooLong     bool
	unsure      string // why a text is not known for sure
	sealed      string // why a text may be in a part we cannot open
}

// Why nobody can say what was typed.
const (
	UnknownCharset = "its characters are in a code we do not know"
	SealedSMIME    = "it is encrypted, or signed in one piece (S/MIME), and we cannot open it"
	SealedPGP      = "it is encrypted (PGP), and we cannot open it"
	SealedTNEF     = "its text is packed into a file of Outlook's (winmail.dat)"
)

// sealed are parts in which the text itself may be.
var sealed = map[string]string{
	"application/pkcs7-mime": SealedSMIME, "application/x-pkcs7-mime": SealedSMIME, "application/pgp-encrypted": SealedPGP,
	"application/ms-tnef": SealedTNEF, "application/vnd.ms-tnef": SealedTNEF,
}

// A file is a part that may turn out to be an attachment.
type file struct {
	Attachment
	contentID string
	inline    bool
}

func (p *partReader) read(e *message.Entity) body {
	kind, params, _ := e.Header.ContentType()
	disposition, _, _ := e.Header.ContentDisposition()
	disposition = strings.ToLower(disposition)
	if parts := e.MultipartReader(); parts != nil {
		return p.multipart(kind, parts)
	}
	p.noteKind(kind, disposition, params)
	data, err := io.ReadAll(e.Body)
	p.noteReturned(kind, data)
	if name := filename(e.Header); name != "" || disposition == "attachment" || !strings.HasPrefix(kind, "text/") {
		p.keep(e.Header, kind, disposition, name, data)
		return body{}
	}
	if label := params["charset"]; !ascii(data) && knownCharset(label, bytes.NewReader(nil)) == nil && (kind == "text/html" || kind == "text/plain") {
		p.unsure = UnknownCharset
	}
	switch {
	case disposition == "reaction":
	case kind == "text/html":
		return body{html: p.textOf(data, err, &p.html, maxHTML)}
	case kind == "text/plain":
		text := p.textOf(data, err, &p.plain, maxPlain)
		if strings.EqualFold(params["format"], "flowed") {
			text = unflow(text, strings.EqualFold(params["delsp"], "yes"))
		}
		return body{plain: text}
	}
	return body{} // calendars and the like: neither text nor file
}

// textOf is the text of a part, cut off where all parts together are too long.
func (p *partReader) textOf(data []byte, err error, used *int, limit int) string {
	rest := max(limit-*used, 0)
	cutOff := len(data) > rest
	text := decoded(data[:min(len(data), rest)])
	*used += len(data)
	p.tooLong = p.tooLong || cutOff
	if cutOff || err != nil {
		text += undecoded
	}
	return text
}

// undecoded stands where a broken encoding or a limit cut a text off, so that
// half a line can never be taken for a whole one.
const undecoded = " [the rest could not be read]"

func (p *partReader) multipart(kind string, parts message.MultipartReader) body {
	var bodies []body
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || part == nil { // a part that cannot be read ends the multipart
			break
		}
		bodies = append(bodies, p.read(part))
	}
	if kind != "multipart/alternative" {
		return beside(bodies)
	}
	var whole body
	for _, b := range bodies {
		whole = whole.or(b)
	}
	return whole
}

// or takes the other form from an alternative.
func (b body) or(next body) body {
	if blank(b.plain) {
		b.plain = next.plain
	}
	if blank(b.html) {
		b.html = next.html
	}
	return b
}

func (p *partReader) noteKind(kind, disposition string, params map[string]string) {
	if kind == "text/calendar" && p.calendar == "" {
		p.calendar = strings.ToUpper(params["method"])
	}
	if disposition == "reaction" || kind == "text/vnd.google.email-reaction+json" {
		p.reaction = true
	}
	if why := sealed[kind]; why != "" && p.sealed == "" {
		p.sealed = why
	}
	p.tnef = p.tnef || kind == "application/ms-tnef" || kind == "application/vnd.ms-tnef"
}

// wrappings are parts mail programs add by themselves; they are no evidence.
var wrappings = map[string]bool{
	"application/pkcs7-signature": true, "application/x-pkcs7-signature": true,
	"application/pgp-signature": true, "application/pgp-encrypted": true, "application/pgp-keys": true,
	"application/ms-tnef": true, "application/vnd.ms-tnef": true,
	"application/pkcs7-mime": true, "application/x-pkcs7-mime": true,
	"text/vcard": true, "text/x-vcard": true, "text/directory": true,
	"message/delivery-status": true, "message/disposition-notification": true,
	"text/calendar": true,
}

func (p *partReader) keep(h message.Header, kind, disposition, name string, data []byte) {
	if wrappings[kind] || len(data) == 0 {
		return
	}
	if name == "" {
		name = nameless[kind]
	}
	if name == "" {
		name = "file"
	}
	p.files = append(p.files, file{
		Attachment: Attachment{Name: name, Type: kind, Bytes: data, SHA256: hash(data)},
		contentID:  strings.Trim(h.Get("Content-Id"), "<> "),
		inline:     disposition == "inline",
	})
}

// attachments leaves out the images shown in the text. Other files marked
// inline are attachments: Apple Mail marks every PDF so.
func (p *partReader) attachments(html string) []Attachment {
	var list []Attachment
	shown := contentIDs(html)
	for _, f := range p.files {
		if strings.HasPrefix(f.Type, "image/") && (f.inline || shown[f.contentID]) {
			continue
		}
		list = append(list, f.Attachment)
	}
	return list
}

// contentIDs lists the images an HTML text shows, as "cid:..." URLs.
func contentIDs(html string) map[string]bool {
	shown := map[string]bool{}
	for i, piece := range strings.Split(html, "cid:") {
		if i > 0 {
			id, _, _ := strings.Cut(piece[:min(len(piece), 500)], `"`)
			id, _, _ = strings.Cut(id, `'`)
			shown[id] = true
		}
	}
	return shown
}

// filename is the part's file name without any folder (RFC 2183, 2.3).
func filename(h message.Header) string {
	name, err := (&mail.AttachmentHeader{Header: h}).Filename()
	if err != nil && name == "" {
		return ""
	}
	return FileName(decodedWords(name))
}

var nameless = map[string]string{
	"message/rfc822": "mail.eml", "text/plain": "text.txt", "application/pdf": "file.pdf",
	"image/png": "image.png", "image/jpeg": "image.jpg",
}

// plainHTML is plain text as HTML that reads the same.
func plainHTML(text string) string {
	var b bytes.Buffer
	b.WriteString("<pre>")
	b.WriteString(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text))
	b.WriteString("</pre>")
	return b.String()
}

func ascii(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}
