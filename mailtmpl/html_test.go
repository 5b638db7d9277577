package mailtmpl

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/countersign/countersign/internal/paper"
)

// A page is what a reader of an HTML part sees, by blocks.
type page struct {
	text    string // visible, without buttons
	hidden  string
	buttons []string
	foreign bool // it has elements no mail of ours has
}

// styled says whether an element looks as ours do, which people's never could.
func styled(n *html.Node) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "style" })
}

func seen(t *testing.T, source string) page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var p page
	var walk func(n *html.Node, into *string)
	walk = func(n *html.Node, into *string) {
		switch {
		case n.Type == html.TextNode:
			*into += strings.ReplaceAll(n.Data, "\n", " ")
			return
		case n.Type == html.ElementNode && slices.Contains([]string{"head", "style", "title"}, n.Data):
			return
		case n.Type == html.ElementNode && slices.Contains([]string{"script", "form", "link", "iframe"}, n.Data),
			slices.Contains([]string{"img", "table", "td"}, n.Data) && !styled(n):
			p.foreign = true
		case n.Data == "a":
			button := ""
			for c := range n.ChildNodes() {
				walk(c, &button)
			}
			p.buttons = append(p.buttons, button)
			return
		case slices.Contains([]string{"br", "p", "div", "tr"}, n.Data):
			*into += "\n"
		}
		for _, a := range n.Attr {
			if a.Key == "style" && strings.Contains(a.Val, "display:none") {
				into = &p.hidden
			}
		}
		for c := range n.ChildNodes() {
			walk(c, into)
		}
		if slices.Contains([]string{"p", "div", "tr"}, n.Data) {
			*into += "\n"
		}
	}
	walk(root, &p.text)
	return p
}

// words is a text without its layout: spaces, breaks and marks.
func words(text string) string {
	fields := strings.FieldsFunc(text, unicode.IsSpace)
	return strings.Join(slices.DeleteFunc(fields, func(w string) bool { return w == strings.TrimSpace(paper.Mark) }), " ")
}

// pageLines name a page: in the HTML that is a link.
var pageLines = regexp.MustCompile(`(?m)^.*:\nhttps://\S+( \S+)*\n`)

func TestTextAndHTMLSayTheSame(t *testing.T) {
	for name, d := range examples() {
		m := rendered(t, d)
		p := seen(t, m.HTML.String())
		if text, page := words(pageLines.ReplaceAllString(m.Text.String(), "")), words(p.text); text != page {
			t.Errorf("%s: the text says\n%s\nthe HTML says\n%s", name, text, page)
		}
		if d.Papered && d.Notice.Ballot != "" && len(p.buttons) == 0 {
			t.Errorf("%s has no button", name)
		}
		for _, b := range p.buttons {
			if answersAs(b) != "" || isLabel(b) {
				t.Errorf("%s: a button reads as an answer: %q", name, b)
			}
		}
	}
}

// Every element of the HTML is closed where it was opened.
func TestTheHTMLIsWellFormed(t *testing.T) {
	void := []string{"meta", "br", "img"}
	for name, d := range examples() {
		var open []string
		z := html.NewTokenizer(strings.NewReader(rendered(t, d).HTML.String()))
		for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
			tag, _ := z.TagName()
			switch {
			case tt == html.StartTagToken && !slices.Contains(void, string(tag)):
				open = append(open, string(tag))
			case tt == html.EndTagToken && (len(open) == 0 || open[len(open)-1] != string(tag)):
				t.Fatalf("%s: </%s> closes %v", name, tag, open)
			case tt == html.EndTagToken:
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: %v is never closed", name, open)
		}
	}
}
