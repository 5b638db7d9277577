package confluence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// m is a piece of an answer.
type m map[string]any

// A call is one request on its way.
type call struct {
	*http.Request
	site      *Site
	v2        bool // it is for the second version of the API
	byGateway bool
	anonymous bool
	path      string // below the API's root
	kind      string
	body      []byte
	status    int // of the answer
}

// An endpoint is one row of an API. What it gives is the answer's body; a
// refusal, if it errs.
type endpoint struct {
	kind, pattern, scope string
	status               int
	serve                func(*call) (any, *refusal)
}

// fits says whether the endpoint has the path, and puts what stands in the places
// in braces into the request.
func (e endpoint) fits(c *call) (method string, is bool) {
	method, pattern, _ := strings.Cut(e.pattern, " ")
	want, have := strings.Split(pattern, "/"), strings.Split(c.path, "/")
	if len(want) != len(have) {
		return method, false
	}
	for i, segment := range want {
		name, braced := strings.CutPrefix(segment, "{")
		if braced {
			c.SetPathValue(strings.TrimSuffix(name, "}"), have[i])
		} else if segment != have[i] {
			return method, false
		}
	}
	return method, true
}

// find finds the endpoint of a call; of several that fit, the first.
func (s *Site) find(c *call) endpoint {
	missing := http.StatusNotFound
	for _, e := range s.endpoints(c.v2) {
		method, is := e.fits(c)
		if is && method == c.Method {
			return e
		}
		if is {
			missing = http.StatusMethodNotAllowed
		}
	}
	return endpoint{kind: "unknown", serve: func(c *call) (any, *refusal) {
		r := noRoute.refuse(c.path)
		r.status = missing
		return nil, r
	}}
}

func (s *Site) endpoints(v2 bool) []endpoint {
	switch {
	case v2:
		return second()
	case s.Flavor == Cloud:
		return remainder()
	}
	return first()
}

// meant is what a call asks for. To the first version of the API a comment is
// content like a page.
func (c *call) meant(e endpoint) string {
	var sent struct{ Type string }
	if e.kind == "create page" && json.Unmarshal(c.body, &sent) == nil && sent.Type == "comment" {
		return "comment"
	}
	return e.kind
}

// longestRequest is more than anything Confluence takes.
const longestRequest = 64 << 20

// handle answers a call, or does to it what is planned.
func (s *Site) handle(w http.ResponseWriter, c *call) {
	body, err := io.ReadAll(io.LimitReader(c.Body, longestRequest))
	if err != nil {
		return // whoever asked has gone
	}
	c.body = body
	e := s.find(c)
	c.kind = c.meant(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.planned(c)
	note := Request{Method: c.Method, Path: c.path, Query: c.URL.Query(), Kind: c.kind, Body: body, Fault: fault != nil}
	defer func() { note.Status = c.status; s.requests = append(s.requests, note) }()
	if fault != nil && !fault.Commit {
		fault.give(w, c)
		return
	}
	answer, r := s.answer(c, e)
	if fault != nil {
		fault.give(w, c)
		return
	}
	s.give(w, c, e, answer, r)
}

func (s *Site) answer(c *call, e endpoint) (any, *refusal) {
	if r := s.admit(c, e.scope); r != nil {
		return nil, r
	}
	return e.serve(c)
}

func (s *Site) give(w http.ResponseWriter, c *call, e endpoint, answer any, r *refusal) {
	for key, value := range limits[s.Flavor] {
		w.Header().Set(key, value)
	}
	if r != nil {
		for key := range r.header {
			w.Header().Set(key, r.header.Get(key))
		}
		if c.status = r.status; r.html != "" {
			giveHTML(w, r.status, r.html)
			return
		}
		give(w, r.status, r.envelope(c.v2))
		return
	}
	if c.status = e.status; c.status == 0 {
		c.status = http.StatusOK
	}
	if to, is := answer.(redirect); is {
		w.Header().Set("Location", string(to))
		answer = nil
	}
	give(w, c.status, answer)
}

// redirect is an answer that lies somewhere else.
type redirect string

// limits are the headers of an ordinary answer. A Data Center says "retry-after:
// 0" with every one.
var limits = map[Flavor]map[string]string{
	Cloud:      {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999"},
	DataCenter: {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-RateLimit-Interval-Seconds": "1", "X-RateLimit-FillRate": "10", "Retry-After": "0"},
}

func give(w http.ResponseWriter, status int, answer any) {
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(answer) //nolint:errcheck // whoever asked has gone, then
}

func giveHTML(w http.ResponseWriter, status int, html string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprint(w, html)
}

// read takes the call's body apart. What has the wrong type is refused.
func (c *call) read(into any) *refusal {
	if kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &refusal{wording: wording{415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type is not application/json", "Unsupported Media Type"}}
	}
	if len(c.body) > 2*longestBody {
		return tooLong.refuse("The request exceeds 5 MB")
	}
	err := json.Unmarshal(c.body, into)
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return badValue.refuse(fmt.Sprintf("Provided value for '%s' is not the correct type. Expected type is %s", wrong.Field, wrong.Type))
	}
	if err != nil {
		return badValue.refuse("Could not parse JSON: " + err.Error())
	}
	return nil
}

// page is the page a call is about, which whoever asks must see.
func (c *call) page() (*Page, *refusal) {
	id := c.PathValue("id")
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		r := badID.refuse(id)
		if !c.v2 {
			r.status = http.StatusNotFound
		}
		return nil, r
	}
	p := c.site.pages[id]
	switch {
	case p == nil || p.Folder:
		return nil, absent.refuse(id)
	case c.site.limits[id] == NoRight && c.v2:
		return nil, absent.refuse(id)
	case c.site.limits[id] == NoRight:
		return nil, noRight.refuse()
	}
	return p, nil
}

// writable is the page a call changes.
func (c *call) writable() (*Page, *refusal) {
	p, r := c.page()
	if r == nil && c.site.limits[p.ID] == MayOnlyRead {
		return nil, noRight.refuse()
	}
	return p, r
}

// expands says whether a Data Center is to show something.
func (c *call) expands(what string) bool {
	return slices.Contains(c.many("expand"), what)
}
