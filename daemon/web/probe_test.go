package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/countersign/countersign/daemon/web"
)

// The operator asks who answers where people look for the pages.
func TestProbe(t *testing.T) {
	h := newHouse(t)
	answering := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	for url, want := range map[string]string{
		h.url: "answers", "http://" + unused(t): "nobody answers", answering(http.StatusBadGateway): "nobody behind it (502 Bad Gateway)",
		answering(http.StatusNotFound): "another program", answering(http.StatusOK): "another program",
	} {
		if says := web.Probe(t.Context(), url); !strings.Contains(says, want) {
			t.Errorf("of %s it says %q, not %q", url, says, want)
		}
	}
}
