package play

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/internal/testkit/stage"
)

//go:embed templates/*.html style.css
var embedded embed.FS

var pages = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"overview", "box", "mail", "write"} {
		all[name] = template.Must(template.ParseFS(embedded, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
}()

// Handler serves the mailboxes and the clock.
func (p *Play) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}": p.overview, "GET /m/{address}": p.box, "GET /m/{address}/{n}": p.mail, "GET /m/{address}/{n}/html": p.html,
		"POST /m/{address}/{n}": p.reply, "GET /write": p.form, "POST /write": p.write, "POST /clock": p.clock, "GET /style.css": p.style,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if r.Method == http.MethodPost && http.NewCrossOriginProtection().Check(r) != nil {
				http.Error(w, "This was sent from another place.", http.StatusForbidden)
				return
			}
			if err := serve(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return mux
}

func (p *Play) style(w http.ResponseWriter, _ *http.Request) error {
	css, err := embedded.ReadFile("style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err = w.Write(css)
	return err
}

// A view is what every page shows beside its own.
type view struct {
	Title string
	Boxes []box
	At    string // the address whose mailbox is open
	Clock string
	Leaps []leap
	News  []stage.Received
	Error string
	Body  any
}

func (p *Play) show(w http.ResponseWriter, name, title, at string, body any) error {
	v := view{
		Title: title, Boxes: p.mailboxes(), At: at, Clock: p.now().Format("Monday 2 January 2006, 15:04"), Leaps: leaps,
		News: p.news, Error: p.error, Body: body,
	}
	p.error = ""
	var b bytes.Buffer
	if err := pages[name].ExecuteTemplate(&b, "layout.html", v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'")
	_, err := w.Write(b.Bytes())
	return err
}

func (p *Play) overview(w http.ResponseWriter, r *http.Request) error {
	open, err := p.open(r.Context())
	if err != nil {
		return err
	}
	return p.show(w, "overview", "A company to play with", "", p.todo(open))
}

// A listed is a mail in a mailbox.
type listed struct {
	stage.Received
	N    int
	Read bool
}

func (p *Play) box(w http.ResponseWriter, r *http.Request) error {
	address := r.PathValue("address")
	var list []listed
	for n, m := range p.stage.Inbox(address) {
		list = append(list, listed{m, n, p.read[address+" "+m.MessageID]})
	}
	slices.Reverse(list)
	return p.show(w, "box", address, address, list)
}

// found is the mail a request is about.
func (p *Play) found(r *http.Request) (m stage.Received, n int, err error) {
	all := p.stage.Inbox(r.PathValue("address"))
	n, err = strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(all) {
		return m, 0, fmt.Errorf("there is no such mail")
	}
	return all[n], n, nil
}

// An opened mail is one that is looked at.
type opened struct {
	stage.Received
	At    string
	N     int
	Links []link
}

// A link is one that a mail has in it, for who cannot use it inside the mail.
type link struct{ Says, To string }

func (p *Play) mail(w http.ResponseWriter, r *http.Request) error {
	m, n, err := p.found(r)
	if err != nil {
		return err
	}
	address := r.PathValue("address")
	p.read[address+" "+m.MessageID] = true
	return p.show(w, "mail", m.Subject, address, opened{m, address, n, linksIn(m, address)})
}

var anchors = regexp.MustCompile(`(?s)<a [^>]*href="((?:mailto:|https?:)[^"]*)"[^>]*>(.*?)</a>`)

// linksIn are the buttons of a mail: those that write a mail do so here.
func linksIn(m stage.Received, address string) (links []link) {
	for _, a := range anchors.FindAllStringSubmatch(m.HTML, -1) {
		links = append(links, link{Says: unescape(a[2]), To: here(unescape(a[1]), address)})
	}
	return links
}

var unescape = strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace

// here is where a link leads from here: a mail is written on a page of ours (RFC
// 6068).
func here(to, from string) string {
	rest, is := strings.CutPrefix(to, "mailto:")
	if !is {
		return to
	}
	address, query, _ := strings.Cut(rest, "?")
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	values := url.Values{"from": {from}, "to": {address}}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if text, err := url.PathUnescape(value); err == nil && name != "" {
			values.Set(name, text)
		}
	}
	return "/write?" + values.Encode()
}

// html is the mail as its sender made it, in a frame that can do nothing but be
// left by a click.
func (p *Play) html(w http.ResponseWriter, r *http.Request) error {
	m, _, err := p.found(r)
	if err != nil {
		return err
	}
	page := anchors.ReplaceAllStringFunc(m.HTML, func(a string) string {
		to := anchors.FindStringSubmatch(a)[1]
		return strings.Replace(a, to, template.HTMLEscapeString(here(unescape(to), r.PathValue("address"))), 1)
	})
	page = strings.Replace(page, "<head>", `<head><base target="_top">`, 1)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	_, err = io.WriteString(w, page)
	return err
}

// reply has somebody answer a mail, quoting it.
func (p *Play) reply(w http.ResponseWriter, r *http.Request) error {
	m, _, err := p.found(r)
	if err != nil {
		return err
	}
	files, err := attached(r)
	if err != nil {
		return err
	}
	l := stage.Letter{From: r.PathValue("address"), Body: plain(r.PostFormValue("text")), Files: files}
	return p.send(w, r, l.Reply(m))
}

// A draft is a mail that is being written.
type draft struct{ From, To, Subject, Text string }

func (p *Play) form(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := draft{From: q.Get("from"), To: q.Get("to"), Subject: q.Get("subject"), Text: q.Get("body")}
	if d.To == "" {
		d.To = stage.Mailbox
	}
	if q.Get("sample") != "" {
		d.Subject, d.Text = "PostgreSQL 17 for billing", sample
	}
	return p.show(w, "write", "A new mail", d.From, d)
}

func (p *Play) write(w http.ResponseWriter, r *http.Request) error {
	files, err := attached(r)
	if err != nil {
		return err
	}
	return p.send(w, r, stage.Letter{
		From: r.PostFormValue("from"), To: r.PostFormValue("to"), Subject: r.PostFormValue("subject"), Body: plain(r.PostFormValue("text")), Files: files,
	})
}

// send carries a letter to the change mailbox, and lets the daemon answer.
func (p *Play) send(w http.ResponseWriter, r *http.Request, l stage.Letter) error {
	p.news = nil
	if err := p.stage.Write(l); err != nil {
		return err
	}
	if err := p.step(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (p *Play) clock(w http.ResponseWriter, r *http.Request) error {
	p.news = nil
	if err := p.leap(r.Context(), r.PostFormValue("leap")); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// plain is what was typed, with lines as mails have them here.
func plain(text string) string {
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + "\n"
}

const mostAttached = 8 << 20

func attached(r *http.Request) (map[string]string, error) {
	if err := r.ParseMultipartForm(mostAttached); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, h := range r.MultipartForm.File["files"] {
		f, err := h.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(f)
		f.Close() //nolint:errcheck // it was read
		if err != nil {
			return nil, err
		}
		if len(content) > 0 {
			files[h.Filename] = string(content)
		}
	}
	return files, nil
}
