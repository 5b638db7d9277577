package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/browser"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

var screenshots = flag.Bool("screenshots", false, "write the pictures of the pages in docs/screenshots anew")

// looks are the pages there are to look at, each with the way to it. They are
// gone through in order, by one browser.
var looks = []struct {
	name string
	to   func(*tab)
}{
	{"ballot", func(b *tab) {
		b.open(b.h.link("cto@example.com", policy.AskAuthorization))
		b.click(answer("APPROVE") + " > summary")
	}},
	{"ballot-missing", func(b *tab) {
		b.fill("#approve-justification", "support ends; agreed")
		b.goOn(answer("APPROVE") + " button.first")
	}},
	{"code", func(b *tab) {
		b.open(b.h.link("cto@example.com", policy.AskAuthorization))
		b.click(answer("ASK") + " > summary")
		b.fill("#ask-question", "Who watches replication during the first night?")
		b.goOn(answer("ASK") + " button.first")
	}},
	{"code-wrong", func(b *tab) {
		b.fill("#code", wrongCode(b.h.code("cto@example.com", policy.CodeAnswer)))
		b.goOn("main button.first")
	}},
	{"counted", func(b *tab) {
		b.fill("#code", b.h.code("cto@example.com", policy.CodeAnswer))
		b.goOn("main button.first")
	}},
	{"ballot-correction", func(b *tab) {
		b.h.must(b.h.Write(stageLetter(strings.Replace(sampleProposal, "Risk: ", "Risk: rather ", 1))))
		b.h.step()
		b.open(b.h.link("lead@example.com", policy.AskCorrection))
	}},
	{"closed", func(b *tab) {
		b.h.said("cto@example.com", policy.AskAuthorization, "REJECT: not before the audit\n")
		b.open(b.h.link("cto@example.com", policy.AskAuthorization))
	}},
	{"change", func(b *tab) { b.open(b.h.url + "/changes/CHG-2026-0001") }},
	{"mine", func(b *tab) {
		b.h.must(b.h.Write(stageLetter(strings.Replace(sampleProposal, "Upgrade PostgreSQL 15 to 17", "Renew the certificate", 1))))
		b.h.step()
		b.open(b.h.url + "/ballots")
	}},
	{"register", func(b *tab) { b.open(b.h.url + "/changes") }},
	{"sign-in", func(b *tab) { b.open(b.h.url + "/sign-in") }},
	{"sign-in-code", func(b *tab) {
		b.fill("#address", "itd@example.com")
		b.goOn("main button.first")
		b.h.step()
	}},
	{"sign-in-link", func(b *tab) { b.open(b.h.link("itd@example.com", policy.CodeSignIn)) }},
	{"register", func(b *tab) {
		b.goOn("main button.first")
		b.h.proposes(2)
		b.h.said("cto@example.com", policy.AskAuthorization, approval)
		b.h.said("dev1@example.com", policy.AskOffer, "TAKE\n")
		b.h.said("dev1@example.com", policy.AskImplementation, "FAILED\nReason: the collation differs\nLeft as: the standby runs 17, the primary 15\n")
		b.h.must(b.h.Write(stage.Letter{From: "lead@example.com", Subject: "A rule", Body: restrictedProposal}))
		b.h.step()
		b.open(b.h.url + "/changes")
	}},
	{"register-filter", func(b *tab) { b.open(b.h.url + "/changes?state=open&text=billing&from=2026-11-01&sort=title") }},
	{"register-nothing", func(b *tab) { b.open(b.h.url + "/changes?text=zzz") }},
	{"change", func(b *tab) {
		for _, c := range b.h.changesIn(policy.StateHeldUp) {
			b.open(b.h.url + "/changes/" + c)
		}
		b.says("the collation differs")
	}},
	{"change-draft", func(b *tab) { b.open(b.h.url + "/changes/D-2026-0002") }},
	{"mine", func(b *tab) { b.open(b.h.url + "/ballots") }},
	{"nothing", func(b *tab) { b.open(b.h.url + "/b/none/none") }},
}

var screensOf = map[string]browser.Screen{
	"360-light": {Width: 360}, "360-dark": {Width: 360, Dark: true},
	"1024-light": {Width: 1024}, "1024-dark": {Width: 1024, Dark: true},
}

// Every page can be read on every screen, and used by everybody: nothing is wider
// than the screen, and axe-core finds nothing serious (WCAG 2.2 AA).
func TestEveryPageIsForEverybody(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	b := h.chromium(browser.Screen{Width: 360})
	axe := axeCore(t)
	for _, look := range looks {
		look.to(b)
		for screen, s := range screensOf {
			b.must(b.Look(s))
			faults, err := b.Faults()
			b.must(err)
			faults = append(faults, b.weight()...)
			for _, f := range append(faults, b.violations(axe)...) {
				t.Errorf("%s on %s: %s", look.name, screen, f)
			}
			if *screenshots && screen != "1024-dark" {
				picture, err := b.Picture()
				b.must(err)
				b.must(os.WriteFile(filepath.Join("../../docs/screenshots", fmt.Sprintf("page-%s-%s.png", look.name, screen)), picture, 0o644)) //nolint:gosec // for everybody to see
			}
		}
	}
}

// changesIn are the names of the changes in the state.
func (h *house) changesIn(state policy.State) (names []string) {
	h.t.Helper()
	page, err := h.Store.Register(h.t.Context(), storage.RegisterFilter{States: []policy.State{state}})
	h.must(err)
	for _, row := range page.Rows {
		names = append(names, row.Name)
	}
	return names
}

// heaviest is how much of a page may be sent to a phone in a train.
const heaviest = 50 << 10

// weight is what is wrong with what the page takes: itself, and one stylesheet.
func (b *tab) weight() (faults []string) {
	b.h.t.Helper()
	page, err := browser.Evaluate[int](b.Browser, `new Blob([document.documentElement.outerHTML]).size`)
	b.must(err)
	more, err := browser.Evaluate[[]string](b.Browser, `performance.getEntriesByType("resource").map(r => r.name)`)
	b.must(err)
	if page > heaviest {
		faults = append(faults, fmt.Sprintf("it has %d bytes", page))
	}
	if len(more) != 1 || !strings.HasPrefix(more[0], b.h.url+"/style-") {
		faults = append(faults, fmt.Sprintf("beside itself it takes %q", more))
	}
	return faults
}

// axeCore is the script that finds what keeps people from using a page.
func axeCore(t *testing.T) string {
	t.Helper()
	file, err := exec.CommandContext(t.Context(), "../../.ci/axe-core").Output()
	if err != nil {
		t.Fatal("axe-core:", err)
	}
	script, err := os.ReadFile(strings.TrimSpace(string(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// violations are the serious and critical faults of the page.
func (b *tab) violations(axe string) []string {
	b.h.t.Helper()
	report, err := browser.Await[string](b.Browser, axe+`;
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(
			r.violations.filter(v => v.impact == "serious" || v.impact == "critical")
				.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join("; "))))`)
	b.must(err)
	var found []string
	b.must(json.Unmarshal([]byte(report), &found))
	return found
}

// What finds the faults of a page does find them.
func TestViolationsAreFound(t *testing.T) {
	h := newHouse(t)
	b := h.chromium(browser.Screen{Width: 360})
	b.open(`data:text/html,<html lang=en><title>faulty</title><main><h1>faulty</h1><input><img src="x">`)
	all := strings.Join(b.violations(axeCore(t)), "\n")
	for _, want := range []string{"label: ", "image-alt: "} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not find %q but\n%s", want, all)
		}
	}
}
