package confluence_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records/confluence"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/openapi"
)

const (
	account = "countersign@example.com"
	secret  = "a-token-nobody-may-read"
)

// A rig is a client and the Confluence it speaks to. The client's pauses take no
// time, and are noted.
type rig struct {
	*confluence.Site
	fake *fake.Site
	t    *testing.T

	mu     sync.Mutex
	pauses []time.Duration
	token  string
	log    strings.Builder
}

// start begins a story; shape changes what the client is told, and may be nil.
func start(t *testing.T, there fake.Options, shape func(*rig, *confluence.Options)) *rig {
	t.Helper()
	there.Token = secret
	if there.Flavor == fake.Cloud {
		there.User = account
	}
	r := &rig{fake: fake.New(there), t: t, token: secret}
	must(t, r.fake.Start())
	t.Cleanup(func() { r.fake.Close() })
	documents := openapi.Site{Cloud: there.Flavor == fake.Cloud, URL: r.fake.URL(), Gateway: r.fake.Gateway()}
	o := confluence.Options{
		Flavor: confluence.Flavor(there.Flavor), URL: r.fake.URL(), Space: "CHG", User: there.User, Token: r.readToken, Pause: r.pause,
		HTTP: &http.Client{Transport: openapi.Transport(t, documents, openapi.Client)}, Log: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if shape != nil {
		shape(r, &o)
	}
	r.Site = confluence.New(o)
	t.Cleanup(r.saysNoSecret)
	return r
}

func cloud(t *testing.T) *rig { t.Helper(); return start(t, fake.Options{Flavor: fake.Cloud}, nil) }
func center(t *testing.T) *rig {
	t.Helper()
	return start(t, fake.Options{Flavor: fake.DataCenter}, nil)
}

// both tells a story of a Cloud and of a Data Center.
func both(t *testing.T, story func(*testing.T, *rig)) {
	t.Helper()
	t.Run("cloud", func(t *testing.T) { story(t, cloud(t)) })
	t.Run("dc", func(t *testing.T) { story(t, center(t)) })
}

func (r *rig) readToken() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == "" {
		return "", errors.New("no such file")
	}
	return r.token, nil
}

func (r *rig) setToken(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
}

func (r *rig) pause(ctx context.Context, d time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pauses = append(r.pauses, d)
	return ctx.Err()
}

// Write takes what is logged.
func (r *rig) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

// saysNoSecret holds for every story: what is logged names no token and nothing
// of what pages say.
func (r *rig) saysNoSecret() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, hidden := range []string{secret, "<p>", "Basic ", "Bearer "} {
		if strings.Contains(r.log.String(), hidden) {
			r.t.Errorf("the log says %q: %s", hidden, r.log.String())
		}
	}
}

func (r *rig) isCloud() bool { return r.Flavor == confluence.Cloud }

// made is a new page of ours.
func (r *rig) made(title, body string) confluence.Page {
	r.t.Helper()
	p, err := r.Create(r.t.Context(), confluence.Page{Title: title, Body: body})
	must(r.t, err)
	return p
}

// next has a page get its next text.
func (r *rig) next(p confluence.Page, body string) (confluence.Page, error) {
	p.Body, p.Version = body, p.Version+1
	return r.Update(r.t.Context(), p, "countersign: approved")
}

// kept is what Confluence has of a page.
func (r *rig) kept(id string) fake.Page {
	r.t.Helper()
	p, err := r.fake.Page(id)
	must(r.t, err)
	return p
}

// put says whether requests to update a page are meant, below either API.
func (r *rig) put() string {
	return map[bool]string{true: "PUT /pages/*", false: "PUT /content/*"}[r.isCloud()]
}

func (r *rig) get() string {
	return map[bool]string{true: "GET /pages/*", false: "GET /content/*"}[r.isCloud()]
}

func (r *rig) post() string {
	return map[bool]string{true: "POST /pages", false: "POST /content"}[r.isCloud()]
}

// keeps keeps a property, whatever it is given back as.
func (r *rig) keeps(ctx context.Context, id string, p confluence.Property) error {
	_, err := r.SetProperty(ctx, id, p)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind holds an error to its kind, and to being one an operator can act upon.
func wantKind(t *testing.T, err error, kind confluence.Kind) {
	t.Helper()
	_ = wanted(t, err, kind)
}

// wanted does, and gives the error.
func wanted(t *testing.T, err error, kind confluence.Kind) *confluence.Error {
	t.Helper()
	e, ok := errors.AsType[*confluence.Error](err)
	if !ok || e.Kind != kind {
		t.Fatalf("the error is %v, of kind %q; want %q", err, confluence.KindOf(err), kind)
	}
	if e.Kind.Remedy() == "" || e.Doing == "" || strings.Contains(e.Error(), secret) {
		t.Errorf("the error says %q; its remedy is %q", e.Error(), e.Kind.Remedy())
	}
	return e
}
