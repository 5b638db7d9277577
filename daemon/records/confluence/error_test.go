package confluence_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records/confluence"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
)

// A refusal is one way in which Confluence refuses: what is done to the site, what
// is then asked of it, and what it means.
type refusal struct {
	name  string
	there fake.Options
	spoil func(*rig, confluence.Page)
	ask   func(*rig, confluence.Page) error
	kind  confluence.Kind
	title string // a piece of what is told on
}

// The ways, as Cloud has them and as a Data Center has them. Each is told with
// the words of the real one, by the fake.
func TestRefusals(t *testing.T) {
	for flavor, refusals := range map[fake.Flavor][]refusal{fake.Cloud: onBoth(onCloud), fake.DataCenter: onBoth(onDataCenter)} {
		for _, c := range refusals {
			t.Run(string(flavor)+"/"+c.name, func(t *testing.T) {
				there := c.there
				there.Flavor = flavor
				r := start(t, there, func(r *rig, o *confluence.Options) {
					if there.Scopes != nil {
						o.API = r.fake.Gateway()
						r.fake.ChangeScopes(nil) // until the page is made
					}
				})
				p := r.made("CHG-1", "<p>one</p>")
				c.spoil(r, p)
				e := wanted(t, c.ask(r, p), c.kind)
				if !strings.Contains(e.Title, c.title) {
					t.Errorf("told is %q", e.Title)
				}
				if e.Unknown() {
					t.Errorf("%v: it is not known whether it took place", e)
				}
			})
		}
	}
}

func read(r *rig, p confluence.Page) error { _, err := r.Page(r.t.Context(), p.ID); return err }

func probe(r *rig, _ confluence.Page) error { _, err := r.Probe(r.t.Context()); return err }

func update(r *rig, p confluence.Page) error { _, err := r.next(p, "<p>two</p>"); return err }

func createAnother(r *rig, _ confluence.Page) error {
	_, err := r.Create(r.t.Context(), confluence.Page{Title: "CHG-2", Body: "<p>two</p>"})
	return err
}

// writing asks for a page's next text.
func writing(body string) func(*rig, confluence.Page) error {
	return func(r *rig, p confluence.Page) error { _, err := r.next(p, body); return err }
}

func nothing(*rig, confluence.Page) {}

func wrongToken(r *rig, _ confluence.Page) { r.setToken("wrong") }

// answers has the next request for a page's text answered so.
func answers(status int, title string) func(*rig, confluence.Page) {
	return func(r *rig, _ confluence.Page) { r.fake.Next(1, r.put(), fake.Refused(status, title)) }
}

func onBoth(more []refusal) []refusal {
	person := func(r *rig, p confluence.Page) {
		must(r.t, r.fake.EditBody(p.ID, func(string) string { return "<p>hers</p>" }))
	}
	return append(more, []refusal{
		{"another page has the title", fake.Options{}, func(r *rig, _ confluence.Page) { r.made("chg-2", "") }, createAnother, confluence.TitleTaken, "already exists"},
		{"an archived page has the title", fake.Options{}, func(r *rig, _ confluence.Page) { must(r.t, r.fake.Archive(r.made("chg-2", "").ID)) }, createAnother, confluence.TitleTaken, "already exists"},
		{"malformed storage", fake.Options{}, nothing, writing("<p>a\n</br></p>"), confluence.Malformed, "Unexpected close tag </br>; expected </p>. at [row,col {unknown-source}]: [2,6]"},
		{"storage the new editor refuses", fake.Options{}, nothing, writing("<x:p>a</x:p>"), confluence.Malformed, ""},
		{"bad type of id", fake.Options{}, answers(400, "Provided value for 'id' is not the correct type. Expected type is ContentId"), update, confluence.Refused, "ContentId"},
		{"somebody wrote in between", fake.Options{}, person, update, confluence.Stale, "Version must be incremented"},
		{"archived", fake.Options{}, func(r *rig, p confluence.Page) { must(r.t, r.fake.Archive(p.ID)) }, update, confluence.Archived, ""},
		{"archived, and told as a bad request", fake.Options{}, func(r *rig, p confluence.Page) {
			must(r.t, r.fake.Archive(p.ID))
			answers(400, "The page cannot be updated")(r, p)
		}, update, confluence.Archived, ""},
		{"body too large", fake.Options{}, nothing, writing("<p>" + strings.Repeat("x", 5<<20) + "</p>"), confluence.TooLarge, "5 MB"},
		{"property too large", fake.Options{}, nothing, func(r *rig, p confluence.Page) error {
			return r.keeps(r.t.Context(), p.ID, confluence.Property{Key: "k", Value: json.RawMessage(`"` + strings.Repeat("x", 32<<10) + `"`)})
		}, confluence.TooLarge, "32 KB"},
		{"no such page", fake.Options{}, func(r *rig, p confluence.Page) { must(r.t, r.fake.Purge(p.ID)) }, read, confluence.Absent, ""},
		{"no such page to write", fake.Options{}, func(r *rig, p confluence.Page) { must(r.t, r.fake.Purge(p.ID)) }, update, confluence.Absent, ""},
		{"no such page to comment", fake.Options{}, func(r *rig, p confluence.Page) { must(r.t, r.fake.Purge(p.ID)) }, func(r *rig, p confluence.Page) error { return r.Comment(r.t.Context(), p.ID, "<p>x</p>") }, confluence.Absent, ""},
		{"a 404 that names another page", fake.Options{}, answers(404, "Cannot find a page with id [1]"), update, confluence.Unclear, "[1]"},
		{"no right to change the page", fake.Options{}, func(r *rig, p confluence.Page) { r.fake.Restrict(p.ID, fake.MayOnlyRead) }, update, confluence.Forbidden, "permi"},
		{"no right to the space", fake.Options{}, func(r *rig, _ confluence.Page) { r.fake.HideSpace(true) }, probe, confluence.Forbidden, ""},
		{"the server's own conflict", fake.Options{}, func(r *rig, _ confluence.Page) { r.fake.Next(1, r.put(), fake.Locked()) }, update, confluence.Passing, "OptimisticLock"},
		{"throttled for longer than we wait", fake.Options{}, func(r *rig, _ confluence.Page) { r.fake.Next(1, r.put(), fake.Throttled("3600")) }, update, confluence.Throttled, "Rate limit"},
		{"501", fake.Options{}, answers(501, "not implemented"), update, confluence.Refused, "not implemented"},
		{"the token's file is gone", fake.Options{}, func(r *rig, _ confluence.Page) { r.setToken("") }, read, confluence.Credentials, ""},
	}...)
}

var onCloud = []refusal{
	{"credentials wrong, reading a page", fake.Options{}, wrongToken, read, confluence.Credentials, "Not Found"},
	{"credentials wrong, writing a page", fake.Options{}, wrongToken, update, confluence.Credentials, "Not Found"},
	{"credentials wrong, in the first API", fake.Options{}, wrongToken, probe, confluence.Credentials, "Current user not permitted to use Confluence"},
	{"credentials revoked, labeling", fake.Options{}, func(r *rig, _ confluence.Page) { r.fake.ChangeToken("another") }, func(r *rig, p confluence.Page) error { return r.Label(r.t.Context(), p.ID, "x") }, confluence.Credentials, "not permitted"},
	{"scope missing", fake.Options{Scopes: []string{}}, func(r *rig, _ confluence.Page) { r.fake.ChangeScopes([]string{"read:confluence-user"}) }, read, confluence.Scope, "scope does not match"},
	{"scope missing to know the account", fake.Options{Scopes: []string{}}, func(r *rig, p confluence.Page) {
		r.fake.ChangeScopes([]string{"read:page:confluence"})
		must(r.t, r.fake.Purge(p.ID))
	}, read, confluence.Absent, ""},
	{"a token with scopes at the site", fake.Options{}, func(r *rig, _ confluence.Page) { r.fake.ChangeScopes([]string{"read:page:confluence"}) }, read, confluence.Credentials, "HTML"},
	{"gateway does not know the token", fake.Options{Scopes: []string{}}, wrongToken, read, confluence.Credentials, "Unauthorized"},
	{"no right to see the page", fake.Options{}, func(r *rig, p confluence.Page) { r.fake.Restrict(p.ID, fake.NoRight) }, read, confluence.Absent, ""},
	{"403 of the second API", fake.Options{}, answers(403, "You do not have permission"), update, confluence.Forbidden, "permission"},
}

var onDataCenter = []refusal{
	{"token wrong, and anybody may read", fake.Options{}, wrongToken, probe, confluence.Credentials, "anonymous"},
	{"token wrong, and anybody may read, writing", fake.Options{}, wrongToken, update, confluence.Credentials, "not permitted"},
	{"token wrong, and a page is not there", fake.Options{}, func(r *rig, p confluence.Page) { r.setToken("wrong"); must(r.t, r.fake.Purge(p.ID)) }, read, confluence.Credentials, "No content found"},
	{"token wrong, and an empty answer", fake.Options{Anonymous: fake.IsEmpty}, wrongToken, probe, confluence.NotConfluence, ""},
	{"token wrong, and nobody may read", fake.Options{Anonymous: fake.IsDenied}, wrongToken, probe, confluence.Credentials, "authenticated"},
	{"password wrong", fake.Options{User: "countersign"}, wrongToken, probe, confluence.Credentials, "AUTHENTICATION_DENIED"},
	{"scope missing", fake.Options{}, answers(401, "Unauthorized; scope does not match"), update, confluence.Scope, "scope"},
	{"no right to see the page", fake.Options{}, func(r *rig, p confluence.Page) { r.fake.Restrict(p.ID, fake.NoRight) }, read, confluence.Forbidden, "not permitted"},
	{"archived, in its own words", fake.Options{}, func(r *rig, p confluence.Page) { must(r.t, r.fake.Archive(p.ID)) }, update, confluence.Archived, "Can not find draft with current content"},
	{"title taken, told as an error of the server", fake.Options{}, answers(500, "A page with this title already exists"), update, confluence.TitleTaken, ""},
	{"an address where it has gone", fake.Options{}, answers(410, "gone"), update, confluence.NotConfluence, ""},
}

// What is no answer of Confluence's, and what a proxy or the network does. None of
// it is told for anything else, and of a write it is said where it may have taken
// place.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		fault   fake.Fault
		kind    confluence.Kind
		unknown bool // whether the write took place
	}{
		"login page":              {fake.LoginPage(), confluence.NotConfluence, true},
		"empty answer":            {fake.Empty(), confluence.NotConfluence, true},
		"redirect":                {fake.Redirected("https://id.example.com/login"), confluence.NotConfluence, false},
		"502":                     {fake.Bare(502), confluence.Passing, true},
		"503":                     {fake.Bare(503), confluence.Passing, true},
		"504":                     {fake.Bare(504), confluence.Passing, true},
		"bare 500":                {fake.Bare(500), confluence.Refused, true},
		"line cut":                {fake.Lost(), confluence.Passing, true},
		"reply lost":              {fake.LostReply(), confluence.Passing, true},
		"optimistic lock":         {fake.Locked(), confluence.Passing, false},
		"404 of a proxy":          {fake.Fault{Status: 404, HTML: "<html>404</html>"}, confluence.Unclear, false},
		"403 of a proxy":          {fake.Fault{Status: 403, HTML: "<html>403</html>"}, confluence.Forbidden, false},
		"400 of a proxy":          {fake.Fault{Status: 400, HTML: "400"}, confluence.Refused, false},
		"login page, and a write": {fake.Fault{Status: 200, HTML: "<html>", Commit: true}, confluence.NotConfluence, true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				p := r.made("CHG-1", "<p>one</p>")
				r.fake.Forget()
				r.fake.Next(1, r.put(), c.fault)
				e := wanted(t, update(r, p), c.kind)
				if e.Unknown() != c.unknown || confluence.Unknown(e) != c.unknown {
					t.Errorf("%v: unknown: %t", e, e.Unknown())
				}
				if n := r.fake.Count()["update page"]; n != 1 || r.pauses != nil {
					t.Errorf("it was asked %d times, after %v", n, r.pauses)
				}
			})
		})
	}
}

// A write that was lost took place or did not: reading the page tells.
func TestLostReply(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		_, err := r.Probe(t.Context())
		must(t, err)
		r.fake.Next(1, r.post(), fake.LostReply())
		err = createAnother(r, confluence.Page{})
		if wantKind(t, err, confluence.Passing); !confluence.Unknown(err) {
			t.Errorf("%v: it is known", err)
		}
		pages, err := r.Find(t.Context(), "CHG-2")
		must(t, err)
		if len(pages) != 1 || r.fake.Count()["create page"] != 1 {
			t.Errorf("found are %+v", pages)
		}
	})
}

// Before a line stands nothing is sent: what was to be written is known not to be.
func TestNoLine(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		must(t, r.fake.Close())
		if e := wanted(t, update(r, confluence.Page{ID: "65601", Title: "CHG-1"}), confluence.Passing); e.Unknown() || e.Status != 0 {
			t.Errorf("%v: unknown: %t", e, e.Unknown())
		}
	})
}

// A space whose key is another's is none.
func TestOtherSpace(t *testing.T) {
	for _, flavor := range []fake.Flavor{fake.Cloud, fake.DataCenter} {
		r := start(t, fake.Options{Flavor: flavor, Space: "OTHER"}, nil)
		wantKind(t, probe(r, confluence.Page{}), confluence.Forbidden)
		if r.isCloud() { // where the space is named by its number
			wantKind(t, createAnother(r, confluence.Page{}), confluence.Forbidden)
		}
	}
}

// Who asks too often waits as long as they are told, whatever they ask for.
func TestThrottled(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		r.fake.Next(1, r.put(), fake.Throttled("7"))
		r.fake.Next(1, r.put(), fake.Throttled(time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat)))
		must(t, update(r, p))
		if len(r.pauses) != 2 || r.pauses[0] != 7*time.Second || r.pauses[1] < 80*time.Second || r.pauses[1] > 91*time.Second {
			t.Errorf("it waited %v", r.pauses)
		}
		if n := len(r.kept(p.ID).Versions); n != 2 {
			t.Errorf("%d versions", n)
		}
	})
}

// Where nobody says how long, the pauses grow; and they end.
func TestThrottledForEver(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		r.fake.Forget()
		r.fake.Next(99, r.put(), fake.Throttled(""))
		wantKind(t, update(r, p), confluence.Throttled)
		if n := r.fake.Count()["update page"]; n != 4 || len(r.pauses) != 3 {
			t.Errorf("it was asked %d times, after %v", n, r.pauses)
		}
		for i, least := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			if r.pauses[i] < least || r.pauses[i] > least*5/4 {
				t.Errorf("pause %d is %v", i, r.pauses[i])
			}
		}
	})
}

// Who is told to come back much later does so later, and says when.
func TestThrottledForLong(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		r.fake.Next(1, r.put(), fake.Throttled("3600"))
		if e := wanted(t, update(r, p), confluence.Throttled); e.After != time.Hour || r.pauses != nil {
			t.Errorf("after %v, having waited %v", e.After, r.pauses)
		}
	})
}

// What only reads is asked again, a few times.
func TestReadingIsTriedAgain(t *testing.T) {
	for name, f := range map[string]fake.Fault{"502": fake.Bare(502), "503": fake.Bare(503), "504": fake.Bare(504), "line cut": fake.Lost()} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				p := r.made("CHG-1", "<p>one</p>")
				r.fake.Next(3, r.get(), f)
				must(t, read(r, p))
				r.fake.Calm()
				r.fake.Next(99, r.get(), f)
				wantKind(t, read(r, p), confluence.Passing)
				if len(r.pauses) < 3 || len(r.pauses) > 6 { // net/http tries once more by itself where a line that stood is cut
					t.Errorf("it waited %v", r.pauses)
				}
			})
		})
	}
}

// An error of the server is tried again only where it asks for that.
func TestBare500(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		r.fake.Forget()
		r.fake.Next(1, r.get(), fake.Bare(500))
		wantKind(t, read(r, p), confluence.Refused)
		later := fake.Bare(500)
		later.Header = map[string]string{"Retry-After": "5"}
		r.fake.Next(1, r.get(), later)
		must(t, read(r, p))
		if n := r.fake.Count()["read page"]; n != 3 || len(r.pauses) != 1 || r.pauses[0] != 5*time.Second {
			t.Errorf("it was asked %d times, after %v", n, r.pauses)
		}
		r.fake.Next(1, r.put(), later)
		wantKind(t, update(r, p), confluence.Refused)
	})
}

// What never gets better is asked once.
func TestNeverAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 413, 501} {
		both(t, func(t *testing.T, r *rig) {
			p := r.made("CHG-1", "<p>one</p>")
			r.fake.Forget()
			r.fake.Next(9, r.get(), fake.Refused(status, "no"))
			if err := read(r, p); err == nil || r.fake.Count()["read page"] != 1 || r.pauses != nil {
				t.Errorf("%d: %v, %v, after %v", status, err, r.fake.Count(), r.pauses)
			}
		})
	}
}

// Nobody waits once the context has ended, and the error says that it has.
func TestEndOfContext(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Page(ctx, p.ID)
		if wantKind(t, err, confluence.Passing); !errors.Is(err, context.Canceled) || r.pauses != nil {
			t.Errorf("the error is %v, after %v", err, r.pauses)
		}
	})
}

// A pause that is ended is the end.
func TestPauseEnds(t *testing.T) {
	r := start(t, fake.Options{Flavor: fake.Cloud}, func(_ *rig, o *confluence.Options) { o.Pause = nil })
	p := r.made("CHG-1", "<p>one</p>")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r.fake.Next(9, "", fake.Throttled("60"))
	_, err := r.Page(ctx, p.ID)
	if wantKind(t, err, confluence.Throttled); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}

// Every kind has a remedy, and an error of somebody else's has no kind.
func TestKinds(t *testing.T) {
	for _, k := range []confluence.Kind{
		confluence.Credentials, confluence.Scope, confluence.Forbidden, confluence.Absent, confluence.TitleTaken, confluence.Stale, confluence.Passing, confluence.Throttled,
		confluence.Malformed, confluence.TooLarge, confluence.Archived, confluence.NotConfluence, confluence.Unclear, confluence.Refused,
	} {
		if k.Remedy() == "" {
			t.Errorf("nobody knows what to do when it is %s", k)
		}
	}
	if err := errors.New("else"); confluence.KindOf(err) != "" || confluence.Unknown(err) || confluence.KindOf(nil) != "" {
		t.Error("it is taken for ours")
	}
}
