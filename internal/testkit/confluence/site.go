package confluence

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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

// Anonymous is what a Data Center does with whoever it does not know, and with a
// wrong token, which it takes for no token.
type Anonymous int

// What becomes of those.
const (
	MayRead  Anonymous = iota // they are answered, with what everybody may see
	IsEmpty                   // they are answered, with nothing
	IsDenied                  // they are refused; nobody has written down how
)

// Options are what a site is.
type Options struct {
	Flavor Flavor // Cloud, if empty
	Space  string // the key of its one space; CHG, if empty
	Name   string // of the space
	// User and Token are the account that may work in the space. On Cloud the two
	// go together (Basic), or the token stands for itself (Bearer). A Data Center
	// wants the token alone; with a user it takes Basic, too.
	User, Token string
	// Scopes are what the token is good for, by the names of the documents; nil
	// is a token without scopes, good for everything. One with scopes is taken at
	// the gateway alone.
	Scopes    []string
	Anonymous Anonymous
	Limit     int // the most one answer lists; 0: 250
	Now       func() time.Time
}

// A Site is one Confluence.
type Site struct {
	Options
	address string
	server  *http.Server

	mu       sync.Mutex
	pages    map[string]*Page
	order    []string // of the pages' making
	homepage string
	spaceID  string
	last     int
	marks    uint64
	index    map[string]Page // what searching finds
	tasks    map[string]func()
	limits   map[string]Right
	hidden   bool
	plans    []*plan
	requests []Request
}

// cloudID names the site at the gateway.
const cloudID = "11223344-a1b2-4c3d-8e5f-0123456789ab"

// New makes a site with a space and its homepage; nothing listens yet.
func New(o Options) *Site {
	if o.Flavor == "" {
		o.Flavor = Cloud
	}
	if o.Space == "" {
		o.Space = "CHG"
	}
	if o.Name == "" {
		o.Name = "Changes"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limit == 0 {
		o.Limit = 250
	}
	s := &Site{Options: o, spaceID: "98306", last: 65600, address: "127.0.0.1", pages: map[string]*Page{}, tasks: map[string]func(){}, limits: map[string]Right{}}
	home := &Page{ID: s.next(), Status: Current}
	s.keep(home)
	s.homepage = home.ID
	s.write(home, draft{title: o.Name, author: somebody})
	return s
}

// Start listens on a port of this machine.
func (s *Site) Start() error {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting a Confluence: %w", err)
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.server.Serve(listener) //nolint:errcheck // it ends with Close
	return nil
}

// Close ends what Start began.
func (s *Site) Close() error {
	if s.server == nil {
		return nil
	}
	if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing a Confluence: %w", err)
	}
	return nil
}

// context is the path below which everything lies.
func (s *Site) context() string {
	if s.Flavor == Cloud {
		return "/wiki"
	}
	return "/confluence"
}

// URL is where people find the site.
func (s *Site) URL() string { return "http://" + s.address + s.context() }

// Gateway is where tokens with scopes are taken.
func (s *Site) Gateway() string { return "http://" + s.address + gateway + "/wiki" }

// Homepage is the page of the space under which others lie.
func (s *Site) Homepage() string { return s.homepage }

const gateway = "/ex/confluence/" + cloudID

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, byGateway := strings.CutPrefix(r.URL.Path, gateway)
	for _, api := range []struct {
		root   string
		second bool
	}{{s.context() + "/api/v2", true}, {s.context() + "/rest/api", false}} {
		below, is := strings.CutPrefix(path, api.root)
		if !is || !strings.HasPrefix(below, "/") || api.second && s.Flavor != Cloud {
			continue
		}
		s.handle(w, &call{Request: r, site: s, v2: api.second, byGateway: byGateway, path: below})
		return
	}
	s.elsewhere(w, r)
}

// elsewhere answers what is no API: which site this is, and pages for people.
func (s *Site) elsewhere(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/_edge/tenant_info" && s.Flavor == Cloud:
		give(w, http.StatusOK, m{"cloudId": cloudID})
	case strings.HasPrefix(r.URL.Path, media):
		s.download(w, r)
	default:
		giveHTML(w, http.StatusNotFound, page("HTTP Status 404 – Not Found"))
	}
}
