package openapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/openapi"
)

// A witness hears what a test would be failed for.
type witness struct {
	testing.TB
	heard []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

// What the documents see: of requests, of answers, and of a server that takes
// what it should not.
func TestTransport(t *testing.T) {
	openapi.Need(t)
	const page = `{"id":"1","status":"current","title":"x","parentId":null,"parentType":null}`
	const body = `"title":"x","body":{"representation":"storage","value":""}`
	for name, c := range map[string]struct {
		cloud               bool
		method, path, sent  string
		status              int
		answer              string
		asClient, asAServer string // what is heard; empty: nothing
	}{
		"as documented":          {true, "POST", "/api/v2/pages", `{"spaceId":"1",` + body + `}`, 200, page, "", ""},
		"number for text":        {true, "POST", "/api/v2/pages", `{"spaceId":1,` + body + `}`, 200, page, "spaceId", "is answered with 200"},
		"and refused":            {true, "POST", "/api/v2/pages", `{"spaceId":1,` + body + `}`, 400, `{}`, "spaceId", ""},
		"no version":             {true, "PUT", "/api/v2/pages/1", `{"id":"1","status":"current",` + body + `}`, 200, page, "version", "is answered with 200"},
		"a status not known":     {true, "GET", "/api/v2/pages?status=draft", "", 200, `{"results":[]}`, "status", "is answered with 200"},
		"a number in answers":    {true, "GET", "/api/v2/pages/1", "", 200, strings.Replace(page, `"1"`, `1`, 1), "the answer to GET", "the answer to GET"},
		"quoted to archive":      {true, "POST", "/rest/api/content/archive", `{"pages":[{"id":"1"}]}`, 202, `{"id":"7","links":{}}`, "id", "is answered with 202"},
		"an endpoint nobody has": {true, "GET", "/api/v2/nothing", "", 404, `{}`, "no document has it", ""},
		"labels of a center":     {false, "POST", "/rest/api/content/1/label", `[{"prefix":"global","name":"x"}]`, 200, `{"results":[]}`, "", ""},
		"update of a center":     {false, "PUT", "/rest/api/content/1", `{"id":"1","type":"page"}`, 200, `{"id":"1"}`, "", ""},
		"number from a center":   {false, "GET", "/rest/api/content/1", "", 200, `{"id":1}`, "the answer to GET", "the answer to GET"},
	} {
		t.Run(name, func(t *testing.T) {
			for strict, want := range map[openapi.Strict]string{openapi.Client: c.asClient, openapi.Server: c.asAServer} {
				w := &witness{TB: t}
				ask(t, w, strict, c.cloud, c.method, c.path, c.sent, c.status, c.answer)
				got := strings.Join(w.heard, "; ")
				if want == "" && got != "" || !strings.Contains(got, want) {
					t.Errorf("heard %q, want %q", got, want)
				}
			}
		})
	}
}

func ask(t *testing.T, w *witness, strict openapi.Strict, cloud bool, method, path, sent string, status int, answer string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer s.Close()
	site := openapi.Site{Cloud: cloud, URL: s.URL + map[bool]string{true: "/wiki", false: "/confluence"}[cloud]}
	r, err := http.NewRequestWithContext(t.Context(), method, site.URL+path, strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	got, err := openapi.Transport(w, site, strict).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != answer {
		t.Errorf("what came is %q, %v", text, err)
	}
}
