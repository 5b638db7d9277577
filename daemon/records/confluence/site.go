package confluence

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A Flavor is which Confluence it is.
type Flavor string

// The flavors.
const (
	Cloud      Flavor = "cloud"
	DataCenter Flavor = "dc"
)

// Options say where Confluence is, and who speaks to it.
type Options struct {
	Flavor Flavor
	// URL is the site as people see it, with its context path:
	// https://example.atlassian.net/wiki, https://wiki.example.com/confluence.
	URL string
	// API is the gateway for tokens with scopes:
	// https://api.atlassian.com/ex/confluence/{cloudId}/wiki. Empty: URL.
	API   string
	Space string // its key
	// User is the address of a Cloud account, which goes with its token (Basic).
	// Empty: the token stands for itself (Bearer).
	User string
	// Token gives the token as it is now.
	Token func() (string, error)
	HTTP  *http.Client // nil: one with sane limits
	Log   *slog.Logger // nil: none
	// Pause waits, or ends with ctx. Nil: it really waits.
	Pause func(ctx context.Context, d time.Duration) error
}

// A Space is where pages lie.
type Space struct{ ID, Key, Name, Homepage string }

// The states of a page.
const (
	StatusCurrent  = "current"
	StatusArchived = "archived"
	StatusTrashed  = "trashed"
)

// A Page is one page, in storage format.
type Page struct {
	ID, Title, Parent, Body, Status string
	Version                         int
	URL                             string // for people
}

// A Property is a value kept with a page, where people do not see it.
type Property struct {
	ID, Key string
	Value   json.RawMessage
	Version int // 0: there is none yet
}

// An Attachment is a file of a page.
type Attachment struct {
	ID, Name, Comment string
	Size              int64
}

// A File is one to attach.
type File struct {
	Name, Type string // Type is a media type
	Bytes      []byte
	Comment    string
}

// An Inline is an open comment beside words of a page.
type Inline struct {
	Ref  string // of the marker around the words: ac:ref
	Text string // the words, as they were when somebody wrote beside them
}

// api is what the flavors do differently.
type api interface {
	space(context.Context) (Space, error)
	page(ctx context.Context, id string) (Page, error)
	find(ctx context.Context, title string) ([]Page, error)
	create(context.Context, Page) (Page, error)
	update(ctx context.Context, p Page, message string) (Page, error)
	property(ctx context.Context, page, key string) (Property, error)
	setProperty(ctx context.Context, page string, p Property) (Property, error)
	labels(ctx context.Context, page string) ([]string, error)
	attachments(ctx context.Context, page, name string) ([]Attachment, error)
	attach(ctx context.Context, page string, f File) error
	comment(ctx context.Context, page, storage string) error
	openInline(ctx context.Context, page string) ([]Inline, error)
}

// A Site is one Confluence, and one space of it. It may be used by many at once.
type Site struct {
	Options
	api  api
	http *http.Client

	mu    sync.Mutex
	known *Space // once it was found
}

// New speaks to nobody yet.
func New(o Options) *Site {
	o.URL, o.API = strings.TrimRight(o.URL, "/"), strings.TrimRight(o.API, "/")
	if o.API == "" {
		o.API = o.URL
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Pause == nil {
		o.Pause = wait
	}
	s := &Site{Options: o, http: client(o.HTTP)}
	if s.api = (cloud{s}); o.Flavor == DataCenter {
		s.api = center{s}
	}
	return s
}

// Probe finds out whether Confluence knows us, and then whether it shows us the
// space.
func (s *Site) Probe(ctx context.Context) (Space, error) {
	if err := s.account(ctx); err != nil {
		return Space{}, err
	}
	space, err := s.api.space(ctx)
	if err != nil {
		return Space{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = &space
	return space, nil
}

// here is the space, which is looked for once.
func (s *Site) here(ctx context.Context) (Space, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	return s.Probe(ctx)
}

// Page reads a page with its body. One that was archived or trashed is read, too:
// its status says so.
func (s *Site) Page(ctx context.Context, id string) (Page, error) {
	if err := numbered("reading page", id); err != nil {
		return Page{}, err
	}
	return s.api.page(ctx, id)
}

// Find finds the pages of the space that have exactly the title, in whatever
// letters: current ones and archived ones, without their bodies.
func (s *Site) Find(ctx context.Context, title string) ([]Page, error) {
	pages, err := s.api.find(ctx, title)
	var found []Page
	for _, p := range pages {
		if p.Status == StatusCurrent || p.Status == StatusArchived {
			found = append(found, p)
		}
	}
	return found, err
}

// Create makes a page of a title, a parent and a body. Without a parent it lies
// under the homepage of the space.
func (s *Site) Create(ctx context.Context, p Page) (Page, error) {
	return s.api.create(ctx, p)
}

// Update replaces a page's title and body; Version is the number the page shall
// have, which must be the next one. Where the page lies is left as it is. A page
// that lies in the trash comes back by this, so whoever updates has read it.
func (s *Site) Update(ctx context.Context, p Page, message string) (Page, error) {
	if err := numbered("updating page", p.ID); err != nil {
		return Page{}, err
	}
	updated, err := s.api.update(ctx, p, message)
	if e := fault(err); e != nil && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound) {
		s.putAway(ctx, e, p.ID)
	}
	return updated, err
}

// putAway looks whether a page did not take its update because it is archived,
// which Confluence says in ways that mean anything.
func (s *Site) putAway(ctx context.Context, e *Error, id string) {
	if e.Kind != Absent && e.Kind != Unclear && e.Kind != Refused {
		return
	}
	if p, err := s.api.page(ctx, id); err == nil && p.Status != StatusCurrent {
		e.Kind = Archived
	}
}

// Property reads what is kept with a page under a key; where there is nothing,
// the error's kind is Absent.
func (s *Site) Property(ctx context.Context, page, key string) (Property, error) {
	if err := numbered("reading a property of page", page); err != nil {
		return Property{}, err
	}
	return s.api.property(ctx, page, key)
}

// SetProperty keeps a value with a page: a new one, if the version is 0, or one
// in place of that version. It gives the property as it is then.
func (s *Site) SetProperty(ctx context.Context, page string, p Property) (Property, error) {
	if err := numbered("keeping a property of page", page); err != nil {
		return Property{}, err
	}
	return s.api.setProperty(ctx, page, p)
}

// Label adds labels to a page, made of the letters a label may have.
func (s *Site) Label(ctx context.Context, page string, names ...string) error {
	if err := numbered("labeling page", page); err != nil {
		return err
	}
	var labels []m
	for _, name := range names {
		if name = label(name); name != "" {
			labels = append(labels, m{"prefix": "global", "name": name})
		}
	}
	if labels == nil {
		return nil
	}
	return s.send(ctx, &request{doing: "labeling page " + page, method: http.MethodPost, root: v1, path: "/content/" + page + "/label", names: page, json: labels}, &m{})
}

// Unlabel takes a label from a page. One that it does not have is no error.
func (s *Site) Unlabel(ctx context.Context, page, name string) error {
	if err := numbered("unlabeling page", page); err != nil {
		return err
	}
	return s.send(ctx, &request{
		doing: "unlabeling page " + page, method: http.MethodDelete, root: v1, path: "/content/" + page + "/label",
		query: url.Values{"name": {label(name)}}, names: page,
	}, nil)
}

// Labels reads the labels of a page.
func (s *Site) Labels(ctx context.Context, page string) ([]string, error) {
	if err := numbered("reading the labels of page", page); err != nil {
		return nil, err
	}
	return s.api.labels(ctx, page)
}

// Attachments lists the files of a page.
func (s *Site) Attachments(ctx context.Context, page string) ([]Attachment, error) {
	if err := numbered("listing the files of page", page); err != nil {
		return nil, err
	}
	return s.api.attachments(ctx, page, "")
}

// Attach attaches a file to a page: a new one, or a new version of the one with
// its name.
func (s *Site) Attach(ctx context.Context, page string, f File) error {
	if err := numbered("attaching to page", page); err != nil {
		return err
	}
	return s.api.attach(ctx, page, f)
}

// Comment writes under a page.
func (s *Site) Comment(ctx context.Context, page, storage string) error {
	if err := numbered("commenting page", page); err != nil {
		return err
	}
	return s.api.comment(ctx, page, storage)
}

// OpenInline lists the comments beside words of a page that are open.
func (s *Site) OpenInline(ctx context.Context, page string) ([]Inline, error) {
	if err := numbered("reading the comments of page", page); err != nil {
		return nil, err
	}
	return s.api.openInline(ctx, page)
}

// numbered refuses an id that is no number, which every page has, before anybody
// is asked.
func numbered(doing, id string) error {
	if id != "" && strings.Trim(id, "0123456789") == "" {
		return nil
	}
	return &Error{Doing: doing + " " + id, Kind: Refused, Title: "the id of a page is a number"}
}

// label makes a label of a name: of anything else than small letters, digits and
// hyphens Confluence makes several.
func label(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}
