package mailtmpl

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"

	"github.com/countersign/countersign/policy"
)

//go:embed notices/*.tmpl layout.txt layout.html
var embedded embed.FS

// Render makes the mail of a notice.
func Render(d Data) (Mail, error) {
	mail, err := render(d)
	if err != nil {
		return Mail{}, fmt.Errorf("rendering %s: %w", d.Notice.Kind, err)
	}
	return mail, nil
}

func render(d Data) (Mail, error) {
	w, err := word(d)
	if err != nil {
		return Mail{}, err
	}
	letter, err := compose(d, w)
	if err != nil {
		return Mail{}, err
	}
	mail := envelope(d)
	mail.Subject, mail.Files = letter.Subject, letter.files()
	if d.isDigest() {
		mail.Files = append(mail.Files, d.tableOfMonth())
	}
	if len(d.Copy) > 0 {
		mail.Files = append(mail.Files, File{Name: CopyName, Type: "application/json", Bytes: d.Copy})
	}
	if mail.To == "" {
		return Mail{}, errors.New("nobody to send it to")
	}
	page := &cutter{}
	page.current.Grow(largePage)
	if mail.Text, err = layOut(page, textLayout, letter); err != nil {
		return Mail{}, fmt.Errorf("laying out the text: %w", err)
	}
	if mail.HTML, err = layOut(page, htmlLayout, letter); err != nil {
		return Mail{}, fmt.Errorf("laying out the HTML: %w", err)
	}
	return mail, nil
}

// CopyName is the file in which an answer given on a page is kept.
const CopyName = "answer.json"

// wording is what the template of a notice says.
type wording struct{ subject, lead, note, facts, acts string }

// notices are the templates of the notices, each on top of empty defaults.
var notices = func() map[policy.NoticeKind]*texttemplate.Template {
	base := texttemplate.Must(texttemplate.New("notice").Parse(
		`{{define "note"}}{{end}}{{define "facts"}}{{end}}{{define "acts"}}{{end}}`))
	parsed := map[policy.NoticeKind]*texttemplate.Template{}
	entries, err := embedded.ReadDir("notices")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	for _, entry := range entries {
		t := texttemplate.Must(texttemplate.Must(base.Clone()).ParseFS(embedded, "notices/"+entry.Name()))
		parsed[policy.NoticeKind(strings.TrimSuffix(entry.Name(), ".tmpl"))] = t
	}
	return parsed
}()

// word asks the notice's template for its words.
func word(d Data) (wording, error) {
	t, ok := notices[d.Notice.Kind]
	if !ok {
		return wording{}, errors.New("there is no template of that name")
	}
	var w wording
	var data any = d // once for all five
	for name, into := range map[string]*string{
		"subject": &w.subject, "lead": &w.lead, "note": &w.note, "facts": &w.facts, "acts": &w.acts,
	} {
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, name, data); err != nil {
			return wording{}, err
		}
		*into = b.String()
	}
	return w, nil
}

// A template of text/template or html/template.
type executor interface{ Execute(io.Writer, any) error }

var (
	textLayout = texttemplate.Must(texttemplate.New("layout.txt").
			Funcs(texttemplate.FuncMap{"wrap": wrapped, "columns": inColumns, "table": inTable}).ParseFS(embedded, "layout.txt"))
	htmlLayout = htmltemplate.Must(htmltemplate.New("layout.html").
			Funcs(htmltemplate.FuncMap{"href": href, "tied": tied, "picture": picture}).ParseFS(embedded, "layout.html"))
)

// A sheet is a letter on its way through a layout. The layouts name the letter
// once, since a template is slow to find what lies in an embedded field.
type sheet struct {
	Letter
	*cutter
}

// largePage is more than most mails have between two slots.
const largePage = 12 << 10

func layOut(c *cutter, t executor, letter Letter) (Segments, error) {
	if err := t.Execute(c, sheet{letter, c}); err != nil {
		return nil, err
	}
	return c.segments(), nil
}

// envelope is everything of the mail that no template writes.
func envelope(d Data) Mail {
	mail := Mail{
		MessageID: d.MessageID, Date: d.Now,
		From: d.Org.Mailbox, FromName: flat(d.Org.Name + " changes"),
		To: d.Notice.Address, InReplyTo: or(d.Thread.Parent, d.Thread.Root), References: references(d.Thread),
		Headers: map[string]string{"Auto-Submitted": submitted(d), "X-Countersign-Notice": string(d.Notice.Kind)},
	}
	if len(d.Reader.Addresses) > 0 && mail.To == "" {
		mail.To, mail.ToName = d.Reader.Addresses[0], flat(d.Reader.Name)
	}
	if d.Papered {
		mail.ReplyTo = d.answersTo(func(s string) string { return s })
	} else if owner := d.Owner(); d.isReported() && owner.ID != "" {
		mail.ReplyTo, mail.ReplyToName = Segments{{Text: owner.Addresses[0]}}, flat(owner.Name)
	}
	if d.Number() != "" {
		mail.Headers["X-Countersign-Change"] = d.Number()
		mail.Headers["Thread-Topic"] = d.Tag() + d.Title()
	}
	return mail
}

// submitted is the value of Auto-Submitted (RFC 3834, 5): an answer to a mail
// is a reply, everything else is generated.
func submitted(d Data) string {
	if d.Given != (Given{}) {
		return "auto-replied"
	}
	return "auto-generated"
}

// longestThread is how many ids References holds at most; some servers refuse
// very long header lines.
const longestThread = 20

// references lists the ids of the thread (RFC 5322, 3.6.4), each once, the root
// first and the parent last; of a long thread the oldest but the root are left
// out.
func references(t Thread) []string {
	var ids []string
	seen := map[string]bool{"": true, t.Parent: true}
	for _, id := range append([]string{t.Root}, t.References...) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if t.Parent != "" {
		ids = append(ids, t.Parent)
	}
	if len(ids) > longestThread {
		ids = append(ids[:1:1], ids[len(ids)-longestThread+1:]...)
	}
	return ids
}
