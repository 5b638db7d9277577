package confluence

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What is too long for Confluence.
const (
	longestBody  = 5 << 20
	longestValue = 32 << 10
	longestTitle = 255
)

// The states of a page.
const (
	Current  = "current"
	Archived = "archived"
	Trashed  = "trashed"
)

// A Page is all there is of a page, or of a folder.
type Page struct {
	ID, Parent, Status string
	Folder             bool
	Versions           []Version // from the first
	Labels             []string
	Properties         []Property
	Attachments        []Attachment
	Comments           []Comment
}

// A Version is one state of a page's text.
type Version struct {
	Number  int
	Title   string
	Body    string // as it is kept, and read
	Sent    string // as it was written
	Message string
	Author  string
	At      time.Time
	ByUs    bool // it came through the API
}

// A Property is a value an application keeps with a page.
type Property struct {
	ID, Key string
	Value   json.RawMessage
	Version int
}

// An Attachment is a file of a page, in its latest version.
type Attachment struct {
	ID, Name, Type, Comment string
	Bytes                   []byte
	Version                 int
}

// A Comment stands under a page, or beside words of it.
type Comment struct {
	ID, Body, Author string
	Inline           bool
	Ref, Selection   string // of the marker in the page's body
	Resolution       string // open, resolved or dangling
}

// Latest is the version people see.
func (p Page) Latest() Version { return p.Versions[len(p.Versions)-1] }

// Title is the page's.
func (p Page) Title() string { return p.Latest().Title }

// copy is a page nobody changes any more.
func (p *Page) copy() Page {
	c := *p
	c.Versions, c.Labels, c.Properties = slices.Clone(p.Versions), slices.Clone(p.Labels), slices.Clone(p.Properties)
	c.Attachments, c.Comments = slices.Clone(p.Attachments), slices.Clone(p.Comments)
	return c
}

// A draft is what somebody wants a page to be.
type draft struct {
	title, body, parent, message, author string
	byUs                                 bool
}

// next makes a number nobody has.
func (s *Site) next() string {
	s.last++
	return strconv.Itoa(s.last)
}

// mark makes an id such as macros and comments have.
func (s *Site) mark() string {
	s.marks++
	return fmt.Sprintf("%08x-5a1e-4b7c-9d3f-%012x", s.marks*2654435761%(1<<32), s.marks)
}

// entities are the named ones that somebody may write: people's editor makes any
// of HTML's, an application is refused all but XML's own.
func (d draft) entities() map[string]string {
	if d.byUs {
		return nil
	}
	return xml.HTMLEntity
}

// sound refuses a text that cannot be kept.
func (s *Site) sound(d draft, except string) *refusal {
	switch {
	case strings.TrimSpace(d.title) == "":
		return badValue.refuse("title is required")
	case len([]rune(d.title)) > longestTitle || strings.ContainsAny(d.title, "\r\n"):
		return badValue.refuse("title is not one line of at most 255 characters")
	case len(d.body) > longestBody:
		return tooLong.refuse("The body exceeds 5 MB")
	case s.titled(d.title, except):
		return taken.refuse(d.title, s.Space)
	}
	return wellFormed(d.body, d.entities())
}

func wellFormed(body string, entities map[string]string) *refusal {
	err := check(body, entities)
	bad, ok := errors.AsType[*badBody](err)
	switch {
	case err == nil:
		return nil
	case ok && bad.namespace:
		return badEditor.refuse(err.Error())
	}
	return badXHTML.refuse(err.Error())
}

// titled says whether another page has the title. An archived one has it still, a
// trashed one does not, and folders do not count.
func (s *Site) titled(title, except string) bool {
	return slices.ContainsFunc(s.all(), func(p *Page) bool {
		return p.ID != except && !p.Folder && p.Status != Trashed && strings.EqualFold(p.Title(), title)
	})
}

// all is every page and folder, the oldest first.
func (s *Site) all() []*Page {
	var pages []*Page
	for _, id := range s.order {
		pages = append(pages, s.pages[id])
	}
	return pages
}

// create makes a page.
func (s *Site) create(d draft) (*Page, *refusal) {
	if r := s.sound(d, ""); r != nil {
		return nil, r
	}
	if d.parent == "" {
		d.parent = s.homepage
	}
	if r := s.adopts(d.parent); r != nil {
		return nil, r
	}
	p := &Page{ID: s.next(), Parent: d.parent, Status: Current}
	s.keep(p)
	s.write(p, d)
	return p, nil
}

// adopts says whether a page may lie under the parent.
func (s *Site) adopts(parent string) *refusal {
	if p := s.pages[parent]; p == nil || p.Status != Current {
		return noParent.refuse(parent)
	}
	return nil
}

func (s *Site) keep(p *Page) {
	s.pages[p.ID] = p
	s.order = append(s.order, p.ID)
}

// write adds a version, and looks which comments still stand beside their words.
func (s *Site) write(p *Page, d draft) {
	p.Versions = append(p.Versions, Version{
		Number: len(p.Versions) + 1, Title: d.title, Sent: d.body, Body: rewrite(d.body, d.entities(), s.mark),
		Message: d.message, Author: d.author, At: s.Now(), ByUs: d.byUs,
	})
	p.anchor()
}

// anchor finds the markers of the comments that are not resolved.
func (p *Page) anchor() {
	for i := range p.Comments {
		c := &p.Comments[i]
		if !c.Inline || c.Resolution == "resolved" {
			continue
		}
		c.Resolution = "dangling"
		if strings.Contains(p.Latest().Body, fmt.Sprintf("ac:ref=%q", c.Ref)) {
			c.Resolution = "open"
		}
	}
}

// update writes a page's next version, which must have the next number.
func (s *Site) update(p *Page, d draft, number int) *refusal {
	if is := len(p.Versions); number != is+1 {
		return stale.refuse(is, number)
	}
	if p.Status == Trashed { // it comes back as it was, whatever was sent
		d.title, d.body = p.Title(), p.Latest().Body
	}
	if r := s.sound(d, p.ID); r != nil {
		return r
	}
	if d.parent != "" && d.parent != p.Parent {
		if r := s.adopts(d.parent); r != nil {
			return r
		}
		p.Parent = d.parent
	}
	p.Status = Current
	s.write(p, d)
	return nil
}

// property finds a property of the page, nil where there is none.
func (p *Page) property(is func(Property) bool) *Property {
	if i := slices.IndexFunc(p.Properties, is); i >= 0 {
		return &p.Properties[i]
	}
	return nil
}

func (p *Page) byKey(key string) *Property {
	return p.property(func(has Property) bool { return has.Key == key })
}

// set keeps a property: a new one with number one, or one that is there with the
// number after its own.
func (s *Site) set(p *Page, has *Property, want Property) (*Property, *refusal) {
	switch {
	case want.Key == "" || len(want.Value) == 0:
		return nil, badValue.refuse("key and value are required")
	case len(want.Value) > longestValue:
		return nil, tooLong.refuse("The value exceeds 32 KB")
	case has == nil:
		want.ID, want.Version = s.next(), 1
		p.Properties = append(p.Properties, want)
		return &p.Properties[len(p.Properties)-1], nil
	case want.Version != has.Version+1:
		return nil, staleValue.refuse(has.Version, want.Version)
	}
	has.Value, has.Version = want.Value, want.Version
	return has, nil
}

// label adds labels. A name with a space in it is taken for several.
func (p *Page) label(names ...string) {
	for _, name := range names {
		for word := range strings.FieldsSeq(strings.ToLower(name)) {
			if !slices.Contains(p.Labels, word) {
				p.Labels = append(p.Labels, word)
			}
		}
	}
}

func (p *Page) file(name string) *Attachment {
	i := slices.IndexFunc(p.Attachments, func(a Attachment) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Attachments[i]
}
