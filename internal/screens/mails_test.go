package screens

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/browser"
)

var screenshots = flag.Bool("screenshots", false, "write docs/screenshots anew")

// folder is where the pictures are kept.
const folder = "../../docs/screenshots"

// shown are the mails of which pictures are kept: what is asked, what is told,
// and what management gets.
var shown = []string{
	"authorizer-ask-authorization", "everyone-notice-released", "everyone-notice-released+restricted",
	"everyone-notice-undone", "g7-notice-released", "g7-digest-month", "g7-digest-month+empty", "person-notice-waiting",
}

// screensOf are a phone and a window on a desk, by day and by night.
var screensOf = map[string]browser.Screen{
	"360-light": {Width: 360}, "360-dark": {Width: 360, Dark: true},
	"800-light": {Width: 800}, "800-dark": {Width: 800, Dark: true},
}

// Every mail can be read on every screen, to its last word.
func TestEveryMailIsLegible(t *testing.T) {
	b := start(t)
	for _, name := range samples(t) {
		page := pageOf(t, name)
		for screen, s := range screensOf {
			if err := b.Show(page, s); err != nil {
				t.Fatal(err)
			}
			faults, err := b.Faults()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faults {
				t.Errorf("%s on %s: %s", name, screen, f)
			}
		}
	}
}

// What finds the faults of a page does find them.
func TestFaultsAreFound(t *testing.T) {
	b := start(t)
	page := write(t, "faulty.html", `<!DOCTYPE html><body style="margin:0;background:#ffffff;color:#1b1f23">
		<p style="width:500px">wide</p><p style="color:#999999">pale</p><img src="data:image/png;base64,AAAA">`)
	if err := b.Show(page, browser.Screen{Width: 360}); err != nil {
		t.Fatal(err)
	}
	faults, err := b.Faults()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(faults, "\n")
	for _, want := range []string{"140 pixels wider", "contrast 2.8: pale", "without words", "not there"} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not find %q but\n%s", want, all)
		}
	}
	if len(faults) != 4 {
		t.Errorf("it finds %d faults:\n%s", len(faults), all)
	}
}

// TestScreenshots writes the pictures of the mails in a browser.
func TestScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("make screenshots asks for them")
	}
	b := start(t)
	for _, name := range shown {
		page := pageOf(t, name)
		for screen, s := range screensOf {
			if err := b.Show(page, s); err != nil {
				t.Fatal(err)
			}
			picture, err := b.Picture()
			if err != nil {
				t.Fatal(err)
			}
			keep(t, fmt.Sprintf("%s-%s.png", name, screen), picture)
		}
	}
}

func start(t *testing.T) *browser.Browser {
	t.Helper()
	b, err := browser.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// samples are the names of the mails that templates are tried with.
func samples(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../mailtmpl/testdata/*.html")
	if err != nil || len(files) < 50 {
		t.Fatalf("there are %d mails to look at: %v", len(files), err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".html"))
	}
	return names
}

// token is as long as one, and takes its place in the samples.
const token = "kqr3vw5yq2zbn7mchdxaf4gtsu"

var (
	slot = regexp.MustCompile(`\{(token|page|sign-in)[^}]*\}`)
	code = regexp.MustCompile(`\{code[^}]*\}`)
)

// sample reads a file of a mail.
func sample(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../mailtmpl/testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return code.ReplaceAllString(slot.ReplaceAllString(string(text), token), "481516")
}

// chart is the picture a digest comes with, and its content ID.
const chart, chartID = "@changes.png", "cid:chart@countersign"

// pageOf is the mail as a page, its picture in place.
func pageOf(t *testing.T, name string) (url string) {
	t.Helper()
	html := sample(t, name+".html")
	if strings.Contains(html, chartID) {
		html = strings.ReplaceAll(html, chartID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString([]byte(sample(t, name+chart))))
	}
	return write(t, name+".html", html)
}

func write(t *testing.T, name, text string) (url string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

func keep(t *testing.T, name string, picture []byte) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for everybody
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), picture, 0o644); err != nil { //nolint:gosec // for everybody
		t.Fatal(err)
	}
}
