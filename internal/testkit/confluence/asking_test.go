package confluence_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/openapi"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	account = "countersign@example.com"
	secret  = "a-token"
)

// An asker asks a site, as a client does.
type asker struct {
	*confluence.Site
	t     *testing.T
	login func(*http.Request) // nil: nobody
	http  *http.Client
}

func start(t *testing.T, o confluence.Options) asker {
	t.Helper()
	o.Token, o.Now = secret, func() time.Time { return nine }
	if o.Flavor != confluence.DataCenter && o.User == "" {
		o.User = account
	}
	s := confluence.New(o)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	documents := openapi.Site{Cloud: o.Flavor != confluence.DataCenter, URL: s.URL(), Gateway: s.Gateway()}
	client := &http.Client{
		Transport:     openapi.Transport(t, documents, openapi.Server),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a := asker{Site: s, t: t, http: client, login: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }}
	if o.User != "" {
		a.login = func(r *http.Request) { r.SetBasicAuth(o.User, secret) }
	}
	return a
}

func cloud(t *testing.T) asker { t.Helper(); return start(t, confluence.Options{}) }
func center(t *testing.T) asker {
	t.Helper()
	return start(t, confluence.Options{Flavor: confluence.DataCenter})
}

// both tells a story of a Cloud and of a Data Center.
func both(t *testing.T, story func(*testing.T, asker)) {
	t.Run("cloud", func(t *testing.T) { story(t, cloud(t)) })
	t.Run("dc", func(t *testing.T) { story(t, center(t)) })
}

// as asks in another's name.
func (a asker) as(login func(*http.Request)) asker {
	a.login = login
	return a
}

// An answer is what came.
type answer struct {
	status int
	header http.Header
	body   string
}

// of is a value in an answer: "results.0.id".
func (a answer) of(path string) string {
	var value any
	if json.Unmarshal([]byte(a.body), &value) != nil {
		return "(no JSON)"
	}
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(v) {
				return "(none)"
			}
			value = v[i]
		}
	}
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprintf("#%v", v)
	default:
		return fmt.Sprint(v)
	}
}

// title is what a refusal says, whichever API it is of.
func (a answer) title() string {
	if title := a.of("errors.0.title"); title != "" && title != "(no JSON)" {
		return title
	}
	return a.of("message")
}

func (a asker) send(method, path, kind string, body io.Reader, more ...string) answer {
	a.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = a.URL() + path
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	if a.login != nil {
		a.login(r)
	}
	got, err := a.http.Do(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// ask asks with JSON, or with nothing.
func (a asker) ask(method, path, body string) answer {
	a.t.Helper()
	if body == "" {
		return a.send(method, path, "", nil)
	}
	return a.send(method, path, "application/json", strings.NewReader(body))
}

// isCloud says which it is.
func (a asker) isCloud() bool { return a.Flavor == confluence.Cloud }

// text is a string in JSON.
func text(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// create asks for a page.
func (a asker) create(title, body string) answer {
	a.t.Helper()
	if a.isCloud() {
		return a.ask("POST", "/api/v2/pages", fmt.Sprintf(`{"spaceId":"98306","status":"current","title":%s,"parentId":%q,"body":{"representation":"storage","value":%s}}`, text(title), a.Homepage(), text(body)))
	}
	return a.ask("POST", "/rest/api/content", fmt.Sprintf(`{"type":"page","title":%s,"space":{"key":"CHG"},"ancestors":[{"id":%q}],"body":{"storage":{"value":%s,"representation":"storage"}}}`, text(title), a.Homepage(), text(body)))
}

// update asks for a page's next text.
func (a asker) update(id, title, body string, number int) answer {
	a.t.Helper()
	if a.isCloud() {
		return a.ask("PUT", "/api/v2/pages/"+id, fmt.Sprintf(`{"id":%q,"status":"current","title":%s,"body":{"representation":"storage","value":%s},"version":{"number":%d,"message":"m"}}`, id, text(title), text(body), number))
	}
	return a.ask("PUT", "/rest/api/content/"+id, fmt.Sprintf(`{"id":%q,"type":"page","title":%s,"version":{"number":%d,"message":"m","minorEdit":false},"body":{"storage":{"value":%s,"representation":"storage"}}}`, id, text(title), number, text(body)))
}

// read asks for a page with its body, in whatever state it is.
func (a asker) read(id string) answer {
	a.t.Helper()
	if a.isCloud() {
		return a.ask("GET", "/api/v2/pages/"+id+"?body-format=storage", "")
	}
	return a.ask("GET", "/rest/api/content/"+id+"?expand=body.storage,version,ancestors,space,metadata.labels&status=any", "")
}

// find asks for pages with a title.
func (a asker) find(title string) answer {
	a.t.Helper()
	if a.isCloud() {
		return a.ask("GET", "/api/v2/pages?space-id=98306&title="+title+"&status=current&status=archived&limit=25", "")
	}
	return a.ask("GET", "/rest/api/content?spaceKey=CHG&title="+title+"&type=page&status=any&expand=version", "")
}

// made is the id of a new page.
func (a asker) made(title, body string) string {
	a.t.Helper()
	return a.create(title, body).want(a.t, 200, "").of("id")
}

// want holds an answer to its status, and to a piece of what it says.
func (a answer) want(t *testing.T, status int, says string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, says) && !strings.Contains(a.title(), says) {
		t.Fatalf("the answer is %d %s; want %d with %q", a.status, a.body, status, says)
	}
	return a
}

// wantOf holds values in an answer.
func (a answer) wantOf(t *testing.T, values map[string]string) answer {
	t.Helper()
	for path, want := range values {
		if got := a.of(path); got != want {
			t.Errorf("%s is %q, want %q, in %s", path, got, want, a.body)
		}
	}
	return a
}

// A part is one of a form.
type part struct{ disposition, kind, content string }

func file(name, content string) part {
	return part{fmt.Sprintf(`form-data; name="file"; filename=%q`, name), "message/rfc822", content}
}

func field(name, content string) part {
	return part{fmt.Sprintf(`form-data; name=%q`, name), "text/plain; charset=UTF-8", content}
}

var minor = field("minorEdit", "true")

// upload sends a form.
func (a asker) upload(method, path, token string, parts ...part) answer {
	a.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {p.disposition}}
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		out, err := w.CreatePart(h)
		if err != nil {
			a.t.Fatal(err)
		}
		fmt.Fprint(out, p.content)
	}
	if err := w.Close(); err != nil {
		a.t.Fatal(err)
	}
	return a.send(method, "/rest/api"+path, w.FormDataContentType(), &body, "X-Atlassian-Token", token)
}

func (a asker) page(id string) confluence.Page {
	a.t.Helper()
	p, err := a.Page(id)
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantSame[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
