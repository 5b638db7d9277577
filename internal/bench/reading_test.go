package bench

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // a bare parser decodes charsets too

	"github.com/countersign/countersign/mailread"
)

// A readable is a kind of mail that is read, beside a parser that only takes it
// apart.
type readable struct {
	Name string
	raw  []byte
	own  string
}

// What people send: text, the HTML of Outlook on the desktop, and files.
func readables() []readable {
	ballot := strings.Repeat("You are asked to authorize this change as CTO (POL-005, 2a). Please answer by Friday, 17:00.\r\n", 37)
	const typed = "APPROVE\r\nJustification: support ends; agreed\r\nSecurity impact: none, same network\r\nRisk: medium, the rebuild is rehearsed\r\nRollback: promote the old standby, 20 minutes\r\n"
	quoted := "On Mon, Nov 23, 2026 at 9:14 AM Changes <changes@example.com> wrote:\r\n\r\n> " + strings.ReplaceAll(ballot, "\r\n", "\r\n> ") + "\r\n"
	word := func(text string) string {
		var b strings.Builder
		for line := range strings.SplitSeq(text, "\r\n") {
			b.WriteString(`<p class=MsoNormal style='margin-bottom:0cm;line-height:normal'><span lang=EN-US style='font-size:11.0pt;font-family:"Calibri",sans-serif;mso-fareast-language:EN-US'>` + html.EscapeString(line) + "<o:p></o:p></span></p>\r\n")
		}
		return b.String()
	}
	header := `<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> Changes<br><b>Sent:</b> Monday<br><b>To:</b> Carol<br><b>Subject:</b> Your decision</p></div></div>`
	const head = "From: Carol Tremblay <cto@example.com>\r\nTo: changes@example.com\r\nSubject: Re: Your decision\r\nMIME-Version: 1.0\r\n"
	text := head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + typed + "\r\n" + quoted
	outlook := head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + typed + "\r\n" + strings.Repeat(ballot, 3) +
		"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>" + word(typed) + header + word(strings.Repeat(ballot, 6)) + "</body></html>\r\n--b--\r\n"
	line := strings.Repeat("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRo", 1) + "ZSBsYXp5IGRvZy4uLi4uLi4uLi4u\r\n"
	file := "\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, 3_300_000/len(line))
	files := head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + typed + "\r\n" + quoted + strings.Repeat(file, 3) + "\r\n--b--\r\n"
	return []readable{{"text", []byte(text), ballot}, {"Outlook's HTML", []byte(outlook), ballot}, {"text and three files", []byte(files), ballot}}
}

// A pace is how many mails of a kind are read a second, and taken apart, in each
// round.
type pace struct {
	readable
	read, parsed []float64
}

// besideParser reads mails and, in turn with that, has the MIME library take the
// same ones apart.
func (m *measured) besideParser(t *testing.T) {
	for _, kind := range readables() {
		p := pace{readable: kind}
		for range m.size.rounds {
			p.parsed = append(p.parsed, paceOf(m.size.reading, kind.parse))
			p.read = append(p.read, paceOf(m.size.reading, kind.read))
		}
		if err := kind.read(); err != nil {
			t.Errorf("reading %s: %v", kind.Name, err)
		}
		m.readings = append(m.readings, p)
	}
}

// paceOf is how often it can be done a second.
func paceOf(long time.Duration, do func() error) float64 {
	n, began := 0, time.Now()
	for ; n == 0 || time.Since(began) < long; n++ {
		do() //nolint:errcheck // looked at once, afterwards
	}
	return float64(n) / time.Since(began).Seconds()
}

func (r readable) read() error {
	m, err := mailread.Read(r.raw, mailread.DefaultLimits)
	if err != nil {
		return err
	}
	if a := mailread.ReadAnswer(mailread.Typed(m, r.own).Text); a.Keyword != "APPROVE" || len(a.Form) != 4 {
		return fmt.Errorf("read as %q with %v", a.Keyword, a.Form)
	}
	return nil
}

func (r readable) parse() error {
	e, err := message.Read(bytes.NewReader(r.raw))
	if err != nil {
		return err
	}
	return e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err == nil && part.MultipartReader() == nil {
			_, err = io.Copy(io.Discard, part.Body)
		}
		return err
	})
}

// A Reading is a line of the page.
type Reading struct{ Name, Size, Read, Parsed, Ratio string }

func (v view) Readings() (rows []Reading) {
	for _, p := range v.readings {
		var ratios []float64
		for i := range p.read {
			ratios = append(ratios, p.read[i]/p.parsed[i])
		}
		size := fmt.Sprintf("%d KB", len(p.raw)/1000)
		rows = append(rows, Reading{p.Name, size, number(median(p.read)), number(median(p.parsed)), ratio(median(ratios))})
	}
	return rows
}
