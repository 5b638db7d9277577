package confluence_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/countersign/countersign/daemon/records/confluence"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
)

// A new token counts from the next request on.
func TestTokenIsReadAnew(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		r.fake.ChangeToken("the next one")
		if err := update(r, p); confluence.KindOf(err) != confluence.Credentials {
			t.Errorf("with the old one: %v", err)
		}
		r.setToken("the next one")
		must(t, update(r, p))
	})
}

// A token without a user stands for itself, on Cloud, too.
func TestBearer(t *testing.T) {
	r := start(t, fake.Options{Flavor: fake.Cloud, Scopes: []string{"read:confluence-user", "read:space:confluence"}}, func(r *rig, o *confluence.Options) {
		o.User, o.API = "", r.fake.Gateway()
	})
	_, err := r.Probe(t.Context())
	must(t, err)
}

// Whoever sends us elsewhere, or names a page elsewhere, never sees our token: not
// even on another port of the same host.
func TestTokenGoesNowhereElse(t *testing.T) {
	visited := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer elsewhere.Close()
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		for _, f := range []fake.Fault{fake.Redirected(elsewhere.URL + "/login?secret=1"), {Status: 307, Header: map[string]string{"Location": elsewhere.URL}}} {
			r.fake.Next(1, r.get(), f)
			if e := wanted(t, read(r, p), confluence.NotConfluence); !strings.Contains(e.Title, "it sends us to 127.0.0.1:") || strings.Contains(e.Title, "secret") {
				t.Errorf("told is %q", e.Title)
			}
			r.fake.Next(1, r.put(), f)
			wantKind(t, update(r, p), confluence.NotConfluence)
		}
	})
	if visited {
		t.Error("we went there")
	}
}

// speak is a client of a server that is none of Confluence's.
func speak(t *testing.T, flavor confluence.Flavor, handler http.HandlerFunc) *confluence.Site {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return confluence.New(confluence.Options{Flavor: flavor, URL: server.URL + "/", Space: "CHG", Token: func() (string, error) { return secret, nil }})
}

// A list whose links lead elsewhere is read on here, and one that leads in circles
// ends.
func TestListsThatLeadAstray(t *testing.T) {
	for _, flavor := range []confluence.Flavor{confluence.Cloud, confluence.DataCenter} {
		var asked []string
		s := speak(t, flavor, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query().Get("cursor")+r.URL.Query().Get("start"))
			fmt.Fprint(w, `{"results":[{"name":"x"}],"_links":{"next":"https://elsewhere.example.com/labels?cursor=7&start=7"}}`)
		})
		_, err := s.Labels(t.Context(), "1")
		if wantKind(t, err, confluence.Refused); len(asked) != 2 || !strings.HasSuffix(asked[1], "7") {
			t.Errorf("%s: asked was %v: %v", flavor, asked, err)
		}
	}
}

// An answer without end is not read to its end.
func TestAnswerWithoutEnd(t *testing.T) {
	s := speak(t, confluence.Cloud, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"title":"`)
		for piece := strings.Repeat("x", 1<<20); ; {
			if _, err := fmt.Fprint(w, piece); err != nil {
				return
			}
		}
	})
	_, err := s.Page(t.Context(), "1")
	if e := wanted(t, err, confluence.NotConfluence); e.Title != "the answer does not end" {
		t.Errorf("the error is %v", err)
	}
}

// JSON that is not Confluence's is taken for nothing: neither for a page that was
// made, nor for an account.
func TestOtherJSON(t *testing.T) {
	for _, flavor := range []confluence.Flavor{confluence.Cloud, confluence.DataCenter} {
		for _, says := range []string{`{}`, `[]`, `"hello"`, `{"id":7}`, `null`} {
			s := speak(t, flavor, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, says) })
			_, probed := s.Probe(t.Context())
			wantKind(t, probed, confluence.NotConfluence)
			_, err := s.Update(t.Context(), confluence.Page{ID: "7", Title: "x", Version: 2}, "")
			if e := wanted(t, err, confluence.NotConfluence); !e.Unknown() {
				t.Errorf("%s: it is known: %v", says, err)
			}
		}
	}
}

// What Confluence says is told on in one line of some length.
func TestTitlesAreBounded(t *testing.T) {
	s := speak(t, confluence.Cloud, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[{"title":"one\n\u001b[31mtwo %s","detail":{"a":1}}]}`, strings.Repeat("ä", 1000))
	})
	_, err := s.Page(t.Context(), "1")
	if e := wanted(t, err, confluence.Refused); !strings.HasPrefix(e.Title, "one [31mtwo ä") || len([]rune(e.Title)) != 400 {
		t.Errorf("told is %q", e.Title)
	}
}
