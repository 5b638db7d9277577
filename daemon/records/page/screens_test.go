package page

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/countersign/countersign/internal/testkit/browser"
	"github.com/countersign/countersign/policy"
)

var screenshots = flag.Bool("screenshots", false, "write the pictures of the pages in docs/screenshots anew")

// An auditor who opens the page of a change on a small screen has the four
// statements of its authorizer before them (3), and everything can be read.
func TestAnAuditorFindsTheAssessmentsAtOnce(t *testing.T) {
	b := chromium(t)
	for name := range stories {
		p := pageOf(t, played(t, name))
		show(t, b, rendered(t, p.Title, Whole(p.Machine, "")))
		if slices.Contains([]string{"rejected", "withdrawn", "restricted"}, name) {
			continue // nobody has approved it, or it is not told
		}
		for _, l := range []policy.Label{policy.LabelJustification, policy.LabelSecurityImpact, policy.LabelRisk, policy.LabelRollback} {
			bottom, err := browser.Evaluate[float64](b, `[...document.querySelectorAll("th")].find(th => th.textContent == "`+string(l)+`").parentNode.getBoundingClientRect().bottom`)
			if err != nil {
				t.Fatal(err)
			}
			if bottom > 768 {
				t.Errorf("%s: %s ends %.0f pixels from the top, below a screen of 1024 by 768", name, l, bottom)
			}
		}
		if name == "closed" {
			picture(t, b, "confluence-change")
		}
	}
}

func TestTheRegisterCanBeRead(t *testing.T) {
	var pages []Page
	for i, name := range []string{"held-up", "both-halves", "restricted", "closed", "amended", "rolled-back", "rejected", "withdrawn"} {
		s := played(t, name)
		s.Data.Change.Number = fmt.Sprintf("CHG-2026-%04d", 46-i)
		pages = append(pages, pageOf(t, s))
	}
	b := chromium(t)
	show(t, b, rendered(t, "Changes", Register("CHG", Label), pages...))
	picture(t, b, "confluence-register")
}

func chromium(t *testing.T) *browser.Browser {
	t.Helper()
	b, err := browser.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// show opens a page, on which everything must be legible.
func show(t *testing.T, b *browser.Browser, html string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Show("file://"+file, browser.Screen{Width: 1024}); err != nil {
		t.Fatal(err)
	}
	faults, err := b.Faults()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

func picture(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	if !*screenshots {
		return
	}
	png, err := b.Picture()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../../../docs/screenshots", name+"-1024-light.png"), png, 0o644); err != nil { //nolint:gosec // for everybody to see
		t.Fatal(err)
	}
}
