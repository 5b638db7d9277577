package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// Carol looks at the plan that came with the proposal: it is saved, whatever it
// says it is; no other file can be had by the link.
func TestAFileIsHandedOut(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: sampleProposal, Files: map[string]string{"plan.html": "<script>alert(1)</script>"}}))
	h.step()
	link := h.link("cto@example.com", policy.AskAuthorization)
	carol := h.visitor().open(link).is(http.StatusOK).says("Files plan.html 25 bytes")
	_, after, _ := strings.Cut(carol.page, link[len(h.url):]+"/files/")
	sha := after[:64]
	carol.open(link + "/files/" + sha).is(http.StatusOK)
	if carol.page != "<script>alert(1)</script>" || carol.header.Get("Content-Type") != "application/octet-stream" ||
		carol.header.Get("Content-Disposition") != "attachment; filename=plan.html" || carol.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the file comes as %q:\n%s", carol.header, carol.page)
	}
	carol.open(link + "/files/" + strings.Repeat("0", 64)).is(http.StatusNotFound)
	h.visitor().open(link[:len(link)-1] + "x/files/" + sha).is(http.StatusNotFound)
}
