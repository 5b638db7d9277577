package confluence

import (
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// A Fault is what becomes of a request instead of its answer.
type Fault struct {
	Status int
	Header map[string]string
	Title  string // in an envelope of the API that was asked
	HTML   string // instead of an envelope
	Commit bool   // what was asked for takes place all the same
	Cut    bool   // the line is cut, and nothing is said
}

// Throttled is a refusal for having asked too often. How long to wait is in
// seconds or an HTTP date; empty, nothing is said of it.
func Throttled(wait string) Fault {
	f := Fault{Status: http.StatusTooManyRequests, Title: "Rate limit exceeded", Header: map[string]string{"X-RateLimit-Remaining": "0", "RateLimit-Reason": "confluence-burst-based"}}
	if wait != "" {
		f.Header["Retry-After"] = wait
	}
	return f
}

// Bare is an error of a server that has nothing to say: a proxy's 502, 503 or
// 504, a 500 of Tomcat's.
func Bare(status int) Fault {
	return Fault{Status: status, HTML: page(http.StatusText(status))}
}

// Locked is the conflict that is none: two threads of the server met.
func Locked() Fault {
	return Fault{Status: http.StatusConflict, Title: "org.springframework.orm.hibernate5.HibernateOptimisticLockingFailureException: Batch update returned unexpected row count from update [0]; nested exception is javax.persistence.OptimisticLockException: org.hibernate.StaleObjectStateException"}
}

// LostReply lets a request take place, and cuts the line before anybody is told.
func LostReply() Fault { return Fault{Commit: true, Cut: true} }

// Lost cuts the line before the request takes place.
func Lost() Fault { return Fault{Cut: true} }

// LoginPage is what stands before a site that wants people to sign in.
func LoginPage() Fault { return Fault{Status: http.StatusOK, HTML: page("Log In - Confluence")} }

// Empty is an answer without anything in it.
func Empty() Fault { return Fault{Status: http.StatusOK} }

// Redirected sends whoever asks somewhere else.
func Redirected(to string) Fault {
	return Fault{Status: http.StatusFound, Header: map[string]string{"Location": to}}
}

// Refused is any refusal, in an envelope of the API that was asked.
func Refused(status int, title string) Fault { return Fault{Status: status, Title: title} }

// A plan is a fault for the requests to come.
type plan struct {
	method, path string
	left         int
	fault        Fault
}

// Next has the next so many requests that are meant go wrong. Meant is a method
// and a path below the API's root, in which * is any one segment: "PUT /pages/*",
// "POST /content/*/label". Either may be "*" alone: any. Empty means every
// request.
func (s *Site) Next(requests int, meant string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method, where, _ := strings.Cut(meant, " ")
	s.plans = append(s.plans, &plan{method: method, path: where, left: requests, fault: f})
}

// Calm voids what is left of every plan.
func (s *Site) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = nil
}

// Unmet is how many requests that were to go wrong did not come.
func (s *Site) Unmet() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.plans {
		n += p.left
	}
	return n
}

func (p *plan) meets(c *call) bool {
	if p.left == 0 || p.method != "" && p.method != "*" && p.method != c.Method {
		return false
	}
	if p.path == "" || p.path == "*" {
		return true
	}
	is, err := path.Match(p.path, c.path)
	return err == nil && is
}

// planned takes the fault that is planned for a call.
func (s *Site) planned(c *call) *Fault {
	i := slices.IndexFunc(s.plans, func(p *plan) bool { return p.meets(c) })
	if i < 0 {
		return nil
	}
	s.plans[i].left--
	return &s.plans[i].fault
}

func (f *Fault) give(w http.ResponseWriter, c *call) {
	if f.Cut {
		panic(http.ErrAbortHandler) // which is how net/http wants a line cut
	}
	for key, value := range f.Header {
		w.Header().Set(key, value)
	}
	switch c.status = f.Status; {
	case f.HTML != "":
		giveHTML(w, f.Status, f.HTML)
	case f.Title != "":
		r := wording{f.Status, codes[f.Status], f.Title, f.Title}.refuse()
		give(w, f.Status, r.envelope(c.v2))
	default:
		w.WriteHeader(f.Status)
	}
}

// codes are what the second version of the API calls its refusals.
var codes = map[int]string{
	400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT",
	413: "REQUEST_TOO_LARGE", 429: "TOO_MANY_REQUESTS", 500: "INTERNAL_SERVER_ERROR",
}

// A Right is what the account may do with a page.
type Right int

// The rights.
const (
	MayEdit Right = iota
	MayOnlyRead
	NoRight
)

// Restrict says what the account may do with a page.
func (s *Site) Restrict(id string, to Right) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits[id] = to
}

// HideSpace says whether the account may not see the space.
func (s *Site) HideSpace(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = is
}

// ChangeToken has the site take another token, and no longer the one it took.
func (s *Site) ChangeToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Token = token
}

// ChangeScopes gives the token other scopes; nil makes it one without.
func (s *Site) ChangeScopes(scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Scopes = scopes
}

// A Request is one that came.
type Request struct {
	Method, Path string // below the API's root
	Query        url.Values
	Kind         string // what it asked for: "create page", "read page" and so on
	Body         []byte
	Status       int // of the answer; 0 where there was none
	Fault        bool
}

// Writes says whether the request asks for a change.
func (r Request) Writes() bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// Requests are those that came, since Forget.
func (s *Site) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count is how many requests of each kind came, since Forget.
func (s *Site) Count() map[string]int {
	kinds := map[string]int{}
	for _, r := range s.Requests() {
		kinds[r.Kind]++
	}
	return kinds
}

// Kinds are the kinds of request that the site knows.
func (s *Site) Kinds() []string {
	kinds := map[string]bool{}
	for _, e := range append(s.endpoints(false), s.endpoints(s.Flavor == Cloud)...) {
		kinds[e.kind] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// Forget lets go of the requests that came.
func (s *Site) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
