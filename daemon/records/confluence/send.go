package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// The limits of a conversation.
const (
	tries         = 4               // of one request, at most
	firstPause    = time.Second     // where nobody says how long to wait; then twice that, and so on
	longestPause  = 2 * time.Minute // who is told to wait longer gives up, and says how long
	longestAnswer = 32 << 20        // bytes
	longestTalk   = 3 * time.Minute // one request and its answer
	mostPieces    = 200             // of one list
)

// m is a piece of JSON.
type m map[string]any

// The roots of the two versions of the API.
const (
	v1 = "/rest/api"
	v2 = "/api/v2"
)

// A request is one to Confluence.
type request struct {
	doing, method, root, path string
	query                     url.Values
	json                      any    // to send
	form                      []byte // to send instead
	kind                      string // of the form
	names                     string // whose absence a 404 may tell
	plain                     bool   // a refusal is not looked into
}

func (r *request) reads() bool { return r.method == http.MethodGet }

// client is one that follows no redirect: an API has none, and a token is not for
// whoever we might be sent to.
func client(given *http.Client) *http.Client {
	var c http.Client
	if given != nil {
		c = *given
	} else {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxConnsPerHost, t.ResponseHeaderTimeout, t.MaxResponseHeaderBytes = 4, time.Minute, 64<<10
		c.Transport = t
	}
	if c.Timeout == 0 {
		c.Timeout = longestTalk
	}
	c.Jar = nil
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// send makes a request, again where that is allowed, and takes the answer apart.
func (s *Site) send(ctx context.Context, r *request, into any) error {
	body, err := r.body()
	if err != nil {
		return err
	}
	pause := firstPause
	for try := 1; ; try++ {
		e := s.once(ctx, r, body, into)
		if e == nil {
			return nil
		}
		if try == tries || !again(r, e) || ctx.Err() != nil {
			return s.doubt(ctx, r, e)
		}
		wait := e.After
		if wait == 0 {
			wait = pause + rand.N(pause/4)
			pause *= 2
		}
		s.Log.Info("asking Confluence again", "doing", r.doing, "kind", string(e.Kind), "status", e.Status, "wait", wait)
		if err := s.Pause(ctx, wait); err != nil {
			e.cause = errors.Join(e.cause, err)
			return e
		}
	}
}

// wait waits, or ends with ctx.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// again says whether a request is made again: any, if it came too early; one that
// reads, if what failed may come back.
func again(r *request, e *Error) bool {
	switch {
	case e.After > longestPause:
		return false
	case e.Kind == Throttled:
		return true
	case e.Status == http.StatusInternalServerError:
		return r.reads() && e.After > 0
	}
	return r.reads() && e.Kind == Passing
}

func (r *request) body() ([]byte, error) {
	if r.json == nil {
		return r.form, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // which would make a body of tags six times as long
	if err := e.Encode(r.json); err != nil {
		return nil, &Error{Doing: r.doing, Kind: Refused, cause: err}
	}
	r.kind = "application/json"
	return b.Bytes(), nil
}

// once makes a request once.
func (s *Site) once(ctx context.Context, r *request, body []byte, into any) *Error {
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	token, err := s.Token()
	if err != nil {
		return &Error{Doing: r.doing, Kind: Credentials, cause: fmt.Errorf("reading the token: %w", err)}
	}
	asked, err := s.prepare(traced, r, body, token)
	if err != nil {
		return &Error{Doing: r.doing, Kind: Refused, cause: err}
	}
	answer, err := s.http.Do(asked)
	if err != nil {
		return &Error{Doing: r.doing, Kind: Passing, cause: bare(err), lost: sent.Load() && !r.reads()}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer+1))
	if err != nil {
		return &Error{Doing: r.doing, Kind: Passing, Status: answer.StatusCode, cause: bare(err), lost: !r.reads()}
	}
	return r.read(answer, text, into)
}

// bare is a network's error without the address, which says nothing new.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// prepare writes a request.
func (s *Site) prepare(ctx context.Context, r *request, body []byte, token string) (*http.Request, error) {
	address := s.API + r.root + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	asked, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if s.User != "" {
		asked.SetBasicAuth(s.User, token)
	} else {
		asked.Header.Set("Authorization", "Bearer "+token)
	}
	asked.Header.Set("Accept", "application/json")
	asked.Header.Set("User-Agent", "countersign")
	if body != nil {
		asked.Header.Set("Content-Type", r.kind)
	}
	if r.form != nil {
		asked.Header.Set("X-Atlassian-Token", "nocheck")
	}
	return asked, nil
}

// read takes an answer apart: what was asked for, or what went wrong.
func (r *request) read(answer *http.Response, text []byte, into any) *Error {
	e := &Error{Doing: r.doing, Kind: NotConfluence, Status: answer.StatusCode, lost: !r.reads()}
	switch {
	case answer.StatusCode >= 300:
		return r.refused(answer, text)
	case into == nil && answer.StatusCode == http.StatusNoContent:
		return nil
	case len(text) > longestAnswer:
		e.Title = "the answer does not end"
	case !json.Valid(text):
		e.Title = titleOf(text)
	default:
		if e.cause = json.Unmarshal(text, into); e.cause == nil {
			return nil
		}
	}
	return e
}

// refused says what an answer means that is not what was asked for.
func (r *request) refused(answer *http.Response, text []byte) *Error {
	e := &Error{Doing: r.doing, Status: answer.StatusCode, Title: titleOf(text), After: after(answer.Header)}
	if to, err := answer.Location(); err == nil {
		e.Title = "it sends us to " + line(to.Host)
	}
	e.Kind = kindOf(e.Status, e.Title)
	if reason := answer.Header.Get("X-Seraph-LoginReason"); e.Kind == Credentials && reason != "" {
		e.Title += ", " + line(reason)
	}
	e.lost = !r.reads() && fails(e.Status, e.Kind)
	return e
}

// fails says whether an answer is that of a server that failed on its way, rather
// than a refusal.
func fails(status int, k Kind) bool {
	gateway := k == Passing && status != http.StatusConflict
	return gateway || status >= http.StatusInternalServerError && status != http.StatusNotImplemented && k == Refused
}

// doubt looks into a refusal that may mean that we are not known, or that what we
// asked for is not there, and says which.
func (s *Site) doubt(ctx context.Context, r *request, e *Error) error {
	missing := e.Kind == Unclear && names(e.Title, r.names)
	forbidden := e.Kind == Forbidden && s.Flavor == DataCenter
	if r.plain || !missing && !forbidden {
		return e
	}
	switch k := KindOf(s.account(ctx)); {
	case k == Credentials || k == NotConfluence:
		e.Kind = Credentials
	case missing && (k == "" || k == Scope): // we are known, at least
		e.Kind = Absent
	}
	return e
}

// account asks who we are. A Data Center takes a wrong token for none, and answers
// whoever has none.
func (s *Site) account(ctx context.Context) error {
	var user struct{ Type string }
	const doing = "asking Confluence who we are"
	if err := s.send(ctx, &request{doing: doing, method: http.MethodGet, root: v1, path: "/user/current", plain: true}, &user); err != nil {
		return err
	}
	switch user.Type {
	case "known", "user":
		return nil
	case "":
		return &Error{Doing: doing, Kind: NotConfluence, Status: http.StatusOK, Title: "no account in the answer"}
	}
	return &Error{Doing: doing, Kind: Credentials, Status: http.StatusOK, Title: "we are " + line(user.Type)}
}

// A piece is one of a list.
type piece[T any] struct {
	Results []T
	Links   struct{ Next string } `json:"_links"`
}

// all reads a list to its end: as long as there is a link to what follows. Of the
// link it takes where to go on and nothing else, so that nobody sends us anywhere.
func all[T any](ctx context.Context, s *Site, r *request) ([]T, error) {
	var things []T
	for range mostPieces {
		var p piece[T]
		if err := s.send(ctx, r, &p); err != nil {
			return nil, err
		}
		things = append(things, p.Results...)
		next, err := url.Parse(p.Links.Next)
		if err != nil || p.Links.Next == "" {
			return things, nil
		}
		if !r.follow(next.Query()) {
			break
		}
	}
	return nil, &Error{Doing: r.doing, Kind: Refused, Title: "the list does not end"}
}

// follow goes on where the link says, and says whether that is somewhere else.
func (r *request) follow(next url.Values) bool {
	moved := false
	for _, at := range []string{"cursor", "start"} {
		if next.Get(at) != "" && next.Get(at) != r.query.Get(at) {
			moved = true
			r.query.Set(at, next.Get(at))
		}
	}
	return moved
}

// forPeople is where people find a page.
func (s *Site) forPeople(webui, id string) string {
	if strings.HasPrefix(webui, "/") {
		return s.URL + webui
	}
	return s.URL + "/pages/viewpage.action?pageId=" + url.QueryEscape(id)
}
