package outbox_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/mailtmpl"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// ballot is a mail that uses everything a mail can have.
func ballot() mailtmpl.Mail {
	m := letter("ballot", "cto@example.com")
	m.ToName = "Çelik, Jo"
	m.Subject = "[CHG-2026-0042] Your decision by Fri 27 November: Upgrade PostgreSQL 15 → 17 on the billing cluster"
	m.Text = mailtmpl.Segments{
		{Text: "== your answer goes above this line ==\n\nYou are asked to authorize this change as CTO (POL-005, 2a).\n\n" +
			"  What             │ Upgrade PostgreSQL 15 → 17\n.\nFrom here on, trailing space: \n(ref b-"},
		{Slot: mailtmpl.SlotToken}, {Text: ")\n"},
	}
	m.HTML = mailtmpl.Segments{{Text: "<p>You are asked… <a href=\"mailto:changes+b-"}, {Slot: mailtmpl.SlotToken}, {Text: "@example.com\">Approve</a></p>\n"}}
	m.ReplyTo = mailtmpl.Segments{{Text: "changes+b-"}, {Slot: mailtmpl.SlotToken}, {Text: "@example.com"}}
	m.InReplyTo = "m2@countersign.example.com"
	m.References = []string{"m0@countersign.example.com", "a-long-one-of-somebody-else@mail.example.com", "m2@countersign.example.com"}
	m.Headers = map[string]string{"Auto-Submitted": "auto-replied", "Thread-Topic": "Upgrade", "X-Countersign-Change": "CHG-2026-0042"}
	return m
}

var token = map[string]string{mailtmpl.SlotToken: "abcdefghijklmnopqrstuvwxyz"}

// The whole mail, as it goes out.
func TestComposeGolden(t *testing.T) {
	raw, err := outbox.Compose(ballot(), token)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/ballot.eml"
	if *update {
		if err := os.WriteFile(golden, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, want) {
		t.Errorf("the mail is not as in %s (-update writes it):\n%s", golden, raw)
	}
}

// An answer may go to somebody else than the sender, under their own name.
func TestComposeNamesWhoAnswersReach(t *testing.T) {
	m := ballot()
	m.ReplyTo, m.ReplyToName = mailtmpl.Segments{{Text: "ines@example.com"}}, "Inès Moreau"
	raw, err := outbox.Compose(m, token)
	if err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := read.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 || to[0].Name != "Inès Moreau" || to[0].Address != "ines@example.com" {
		t.Errorf("answers go to %v, %v", to, err)
	}
}

// A reader of mail finds in it what was put in, and a second try is the same to
// the last byte.
func TestComposeAndRead(t *testing.T) {
	m := ballot()
	raw, err := outbox.Compose(m, token)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := outbox.Compose(m, token); !bytes.Equal(raw, again) {
		t.Error("the same mail gives other bytes the second time")
	}
	for n, line := range strings.Split(string(raw), "\r\n") {
		if strings.ContainsAny(line, "\r\n") || len(line) > 200 {
			t.Errorf("line %d: %q", n+1, line)
		}
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<" + m.MessageID + ">", "In-Reply-To": "<" + m.InReplyTo + ">",
		"References":     "<m0@countersign.example.com> <a-long-one-of-somebody-else@mail.example.com> <m2@countersign.example.com>",
		"Auto-Submitted": "auto-replied", "Thread-Topic": "Upgrade", "X-Countersign-Change": "CHG-2026-0042",
		"User-Agent": "Countersign", "X-Mailer": "Countersign", "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
		"Reply-To": `"Changes at Example" <changes+b-abcdefghijklmnopqrstuvwxyz@example.com>`,
	} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	var words mime.WordDecoder
	if subject, err := words.DecodeHeader(read.Header.Get("Subject")); err != nil || subject != m.Subject {
		t.Errorf("the subject is %q, %v", subject, err)
	}
	if to, err := read.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != m.ToName || to[0].Address != m.To {
		t.Errorf("it is to %v, %v", to, err)
	}
	parts := partsOf(t, read)
	for n, segments := range []mailtmpl.Segments{m.Text, m.HTML} {
		if want, _ := segments.Fill(token); parts[n] != want {
			t.Errorf("part %d reads\n%q, want\n%q", n, parts[n], want)
		}
	}
}

func partsOf(t *testing.T, m *mail.Message) (parts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %s, %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
}

// A mail with a picture and a table has parts in parts, and is the same to the
// last byte at every try.
func TestComposeWithFiles(t *testing.T) {
	m := ballot()
	m.Text = append(m.Text, mailtmpl.Segment{Text: "\n boundary=" + strings.Repeat("a", 60) + "\n"})
	m.Files = []mailtmpl.File{
		{Name: "chart.png", Type: "image/png", ContentID: "chart.m1@example.com", Bytes: []byte("a picture")},
		{Name: "changes-2026-11.csv", Type: "text/csv; charset=UTF-8", Bytes: []byte("number\r\nCHG-2026-0001\r\n")},
	}
	raw, err := outbox.Compose(m, token)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := outbox.Compose(m, token); !bytes.Equal(raw, again) {
		t.Error("the same mail gives other bytes the second time")
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := m.Text.Fill(token)
	html, _ := m.HTML.Fill(token)
	want := []string{
		"multipart/mixed", "multipart/related", "multipart/alternative", "text/plain  " + text, "text/html  " + html,
		"image/png <chart.m1@example.com> a picture", "text/csv  number\nCHG-2026-0001\n",
	}
	if got := leaves(t, read.Header.Get("Content-Type"), "", read.Body); !slices.Equal(got, want) {
		t.Errorf("its parts are %q, want %q", got, want)
	}
}

// leaves lists the parts of a mail in order, with their content ids and texts.
func leaves(t *testing.T, contentType, id string, body io.Reader) []string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return []string{kind + " " + id + " " + strings.ReplaceAll(string(text), "\r\n", "\n")}
	}
	list := []string{kind}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		var content io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			content = quotedprintable.NewReader(part)
		case "base64":
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		list = append(list, leaves(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Id"), content)...)
	}
}

// Text that people wrote stays text: it makes no header and no boundary.
func TestComposeHostile(t *testing.T) {
	m := letter("m1", "cto@example.com")
	m.Subject = "Harmless\r\nBcc: everyone@example.com\r\n\r\nand a body"
	m.ToName = "CTO\r\nX-Evil: yes"
	m.Headers = map[string]string{"Thread-Topic": "topic\r\nX-Evil: yes"}
	raw, err := outbox.Compose(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if read.Header.Get("Bcc") != "" || read.Header.Get("X-Evil") != "" {
		t.Errorf("foreign text became a header:\n%s", raw)
	}
	for _, wrong := range []func(*mailtmpl.Mail){
		func(m *mailtmpl.Mail) { m.To = "cto@example.com>\r\nRCPT TO:<eve@example.com" },
		func(m *mailtmpl.Mail) { m.To = "" },
		func(m *mailtmpl.Mail) { m.From = "nobody" },
		func(m *mailtmpl.Mail) { m.ReplyTo = mailtmpl.Segments{{Text: "a@b, c@d"}} },
		func(m *mailtmpl.Mail) { m.Text = mailtmpl.Segments{{Slot: mailtmpl.SlotToken}} },
	} {
		m := letter("m1", "cto@example.com")
		wrong(&m)
		if raw, err := outbox.Compose(m, nil); err == nil {
			t.Errorf("it was composed:\n%s", raw)
		}
	}
}
