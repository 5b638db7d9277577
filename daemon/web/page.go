package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

//go:embed templates/*.html
var embedded embed.FS

//go:embed style.css
var styleSheet []byte

// stylePath changes with the stylesheet, so that it can be kept for ever.
var stylePath = "/style-" + short(styleSheet) + ".css"

const styleType = "text/css; charset=utf-8"

func short(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

func (v *visit) style() error {
	v.w.Header().Set("Content-Type", styleType)
	v.w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := v.w.Write(styleSheet)
	return ignoreGone(err)
}

// ignoreGone passes over that a browser went away before it had read all.
func ignoreGone(error) error { return nil }

// pages are the templates, each within the layout.
var pages = func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(embedded, "templates/layout.html", "templates/parts.html"))
	all := map[string]*template.Template{}
	entries, err := embedded.ReadDir("templates")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	for _, entry := range entries {
		if name := strings.TrimSuffix(entry.Name(), ".html"); name != "layout" && name != "parts" {
			all[name] = template.Must(template.Must(layout.Clone()).ParseFS(embedded, "templates/"+entry.Name()))
		}
	}
	return all
}()

// functions are what templates can call.
var functions = template.FuncMap{
	"words": words, "size": mailtmpl.Size,
}

// A page is what a template sees. What the page is about is Body.
type page struct {
	Title        string
	Organization string
	PolicyID     string
	Operator     string
	Style        string
	Person       policy.Person // who has signed in
	SignOut      string        // the token of the form by which to sign out
	Form         string        // the token of the forms that lead back to this address
	Here         string        // this address
	Wide         bool          // the page holds a table
	Body         any
}

// show shows a page.
func (v *visit) show(status int, name, title string, body any) error {
	p := page{
		Title: title, Organization: v.Desk.Org.Name, PolicyID: v.Desk.Org.PolicyID, Operator: v.Desk.Org.Operator,
		Style: stylePath, Person: v.person, SignOut: v.formToken("/sign-out"),
		Form: v.formToken(v.r.URL.Path), Here: v.r.URL.Path, Wide: name == "register", Body: body,
	}
	var b bytes.Buffer
	t, ok := pages[name]
	if !ok {
		return fmt.Errorf("there is no template %s", name)
	}
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("writing page %s: %w", name, err)
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	v.w.WriteHeader(status)
	_, err := v.w.Write(b.Bytes())
	return ignoreGone(err)
}

// A word is a page that says one thing: what happened, then what to do.
type word struct {
	Says, Hint string
	Typed      []typed // what was entered and not taken, so that it is not lost
	Back       string  // where to go on
	BackSays   string
}

// typed is one field as it was entered.
type typed struct{ Label, Text string }

// refuse says why something was not done.
func (v *visit) refuse(status int, says, hint string) error {
	return v.show(status, "word", says, word{Says: says, Hint: hint})
}

// nothing is at an address that is none of ours.
func (v *visit) nothing() error {
	return v.refuse(http.StatusNotFound, "There is no such page", "Look at the link once more: mail programs break long ones in two.")
}

func (v *visit) home() error { return v.see("/ballots") }

// words are those of a line that was written for a mail, without the mark that
// keeps it from being read as an answer there.
func words(line string) string {
	return strings.TrimPrefix(strings.TrimPrefix(line, paper.Mark), strings.TrimSpace(paper.Mark))
}
