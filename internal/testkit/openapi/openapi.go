// Package openapi holds what goes between a client and a Confluence to Atlassian's
// own OpenAPI documents, both ways: what is asked, and what is answered.
//
// The documents are Atlassian's and do not lie in this repository. They are looked
// for in ../shared/confluence, beside it; without them nothing is checked, and
// the tests that are about nothing else say so and are skipped.
package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// A Site is what a transport leads to.
type Site struct {
	Cloud   bool
	URL     string // with its context path
	Gateway string // where tokens with scopes are taken; may be empty
}

// bases are the roots that paths of each document stand below.
func (s Site) bases() map[string][]string {
	if !s.Cloud {
		return map[string][]string{"dc-10.0.3": {s.URL}}
	}
	all := map[string][]string{}
	for _, site := range []string{s.URL, s.Gateway} {
		if site != "" {
			all["cloud-v2"] = append(all["cloud-v2"], site+"/api/v2")
			all["cloud-v1"] = append(all["cloud-v1"], strings.TrimSuffix(site, "/wiki"))
		}
	}
	return all
}

// Folder is where the documents are, or an error that says what is missing.
func Folder() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return "", errors.New("no go.mod above the working directory")
		}
		root = filepath.Dir(root)
	}
	folder := filepath.Join(root, "..", "shared", "confluence")
	for _, name := range []string{"cloud-v1", "cloud-v2", "dc-10.0.3"} {
		if _, err := os.Stat(file(folder, name)); err != nil {
			return "", fmt.Errorf("../shared/confluence/%s.openapi.json is missing beside the repository", name)
		}
	}
	return folder, nil
}

func file(folder, name string) string { return filepath.Join(folder, name+".openapi.json") }

// Need skips a test that is about the documents alone where they are missing.
func Need(t testing.TB) {
	t.Helper()
	if _, err := Folder(); err != nil {
		t.Skipf("NOT CHECKED against Atlassian's documents: %v", err)
	}
}

// Strict says who is held to the documents.
type Strict int

// Who that may be.
const (
	Client Strict = iota // no request goes out that is not as documented
	Server               // a request that is not as documented is refused
)

// A transport hands on, and looks at what it hands on.
type transport struct {
	t       testing.TB
	next    http.RoundTripper
	strict  Strict
	routers []routers.Router
}

// Transport gives a transport that fails the test for whatever is not as it is
// documented. Without the documents it hands on, and the test's log says so.
func Transport(t testing.TB, site Site, strict Strict) http.RoundTripper {
	t.Helper()
	next := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(next.CloseIdleConnections)
	folder, err := Folder()
	if err != nil {
		t.Logf("not checked against Atlassian's documents: %v", err)
		return next
	}
	tr := &transport{t: t, next: next, strict: strict}
	for name, bases := range site.bases() {
		router, err := load(file(folder, name), bases)
		if err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		tr.routers = append(tr.routers, router)
	}
	return tr
}

func load(file string, bases []string) (routers.Router, error) {
	doc, err := read(file)
	if err != nil {
		return nil, err
	}
	here := *doc
	here.Servers = nil
	for _, base := range bases {
		here.Servers = append(here.Servers, &openapi3.Server{URL: base})
	}
	return gorillamux.NewRouter(&here)
}

// library is the documents that were read: each takes a while.
var library = struct {
	sync.Mutex
	docs map[string]*openapi3.T
}{docs: map[string]*openapi3.T{}}

func read(file string) (*openapi3.T, error) {
	library.Lock()
	defer library.Unlock()
	if doc := library.docs[file]; doc != nil {
		return doc, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	mend(doc)
	library.docs[file] = doc
	return doc, nil
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Path, "/api/") {
		return tr.next.RoundTrip(r)
	}
	body, err := drain(r.Body)
	if err != nil {
		return nil, err
	}
	asked, wrong := tr.request(r, body)
	if wrong != nil && tr.strict == Client {
		tr.t.Errorf("%s %s is not as documented: %v", r.Method, r.URL.Path, wrong)
	}
	sent := r.Clone(r.Context())
	if r.Body != nil {
		sent.Body = io.NopCloser(bytes.NewReader(body))
	}
	answer, err := tr.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if wrong != nil && answer.StatusCode < 300 {
		tr.t.Errorf("%s %s is answered with %d, though it is not as documented: %v", r.Method, r.URL.Path, answer.StatusCode, wrong)
	}
	return answer, tr.response(asked, answer)
}

func drain(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer body.Close()
	return io.ReadAll(body)
}

// request says what is wrong with a request.
func (tr *transport) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	looked := r.Clone(r.Context())
	looked.Body = io.NopCloser(bytes.NewReader(body))
	for _, router := range tr.routers {
		route, params, err := router.FindRoute(looked)
		if err != nil {
			continue
		}
		in := &openapi3filter.RequestValidationInput{
			Request: looked, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
		}
		return in, openapi3filter.ValidateRequest(r.Context(), in)
	}
	return nil, errors.New("no document has it")
}

// response fails the test for an answer that is not as documented. What is no
// JSON is none of Confluence's: a proxy's, or a fault.
func (tr *transport) response(asked *openapi3filter.RequestValidationInput, answer *http.Response) error {
	body, err := drain(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || asked == nil || kind != "application/json" {
		return err
	}
	in := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: answer.StatusCode, Header: answer.Header, Options: asked.Options}
	if err := openapi3filter.ValidateResponse(asked.Request.Context(), in.SetBodyBytes(body)); err != nil {
		tr.t.Errorf("the answer to %s %s is not as documented: %v", asked.Request.Method, asked.Request.URL.Path, err)
	}
	return nil
}

// mend makes good in memory what the documents have wrong.
func mend(doc *openapi3.T) {
	for _, repair := range []func(*openapi3.T){either, orNull, once, moved, forms, told} {
		repair(doc)
	}
}

// either: no body of a page or comment requires anything, so that each valid one
// matches "more than one" of those it may be.
func either(doc *openapi3.T) {
	loosen := func(s *openapi3.Schema) {
		if s != nil && s.Properties["body"] != nil && s.Properties["body"].Value != nil {
			body := s.Properties["body"].Value
			body.AnyOf, body.OneOf = append(body.AnyOf, body.OneOf...), nil
		}
	}
	if doc.Components == nil {
		return
	}
	for _, body := range doc.Components.RequestBodies {
		if content := body.Value.Content["application/json"]; content != nil && content.Schema != nil {
			loosen(content.Schema.Value)
		}
	}
	if s := doc.Components.Schemas["CreateFooterCommentModel"]; s != nil {
		loosen(s.Value)
	}
}

// orNull: what is documented as "or null" in words alone.
func orNull(doc *openapi3.T) {
	if doc.Components == nil {
		return
	}
	for _, s := range doc.Components.Schemas {
		for _, name := range []string{"parentId", "parentType", "homepageId"} {
			if p := s.Value.Properties[name]; p != nil && p.Value != nil {
				p.Value.Nullable = true
				if p.Value.Enum != nil && !slices.Contains(p.Value.Enum, any(nil)) {
					p.Value.Enum = append(p.Value.Enum, nil)
				}
			}
		}
	}
}

// once: parameters that are listed twice; the latter is the better.
func once(doc *openapi3.T) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			var kept openapi3.Parameters
			for i, p := range op.Parameters {
				again := slices.ContainsFunc(op.Parameters[i+1:], func(q *openapi3.ParameterRef) bool {
					return q.Value.Name == p.Value.Name && q.Value.In == p.Value.In
				})
				if !again {
					kept = append(kept, p)
				}
			}
			op.Parameters = kept
		}
	}
}

// moved: two paths that are one.
func moved(doc *openapi3.T) {
	from, to := doc.Paths.Value("/rest/api/content/{contentId}"), doc.Paths.Value("/rest/api/content/{id}")
	if from == nil || to == nil {
		return
	}
	for _, p := range from.Put.Parameters {
		if p.Value.Name == "contentId" {
			p.Value.Name = "id"
		}
	}
	to.Put = from.Put
	doc.Paths.Delete("/rest/api/content/{contentId}")
}

// forms: schemas of forms that do not say they are objects, and of which the
// parts are text, whatever they say.
func forms(doc *openapi3.T) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["multipart/form-data"] == nil {
				continue
			}
			form := op.RequestBody.Value.Content["multipart/form-data"].Schema.Value
			form.Type = &openapi3.Types{"object"}
			for _, part := range form.Properties {
				part.Value.Type = &openapi3.Types{"string"}
			}
		}
	}
	for _, kind := range []string{"message/rfc822", "application/pdf", "image/png", "text/html"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}

// told: what a Data Center really does. A list of attachments is 200, labels come
// in an array, and errors are a list.
func told(doc *openapi3.T) {
	if item := doc.Paths.Value("/rest/api/content/{id}/child/attachment"); item != nil && item.Get != nil {
		if r := item.Get.Responses.Value("201"); r != nil {
			item.Get.Responses.Set("200", r)
			item.Get.Responses.Delete("201")
		}
	}
	if item := doc.Paths.Value("/rest/api/content/{id}/label"); item != nil && item.Post != nil {
		content := item.Post.RequestBody.Value.Content["application/json"]
		many := openapi3.NewArraySchema()
		many.Items = content.Schema
		content.Schema = openapi3.NewSchemaRef("", many)
	}
	if doc.Components == nil {
		return
	}
	if s := doc.Components.Schemas["ValidationResult"]; s != nil && s.Value.Properties["errors"] != nil {
		s.Value.Properties["errors"].Value.Type = nil
	}
}
