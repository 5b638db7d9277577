package play_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/countersign/countersign/internal/testkit/browser"
)

var screenshots = flag.Bool("screenshots", false, "write the pictures of the company to play with in docs/screenshots anew")

// What there is to play with can be read on a phone and on a desk, by day and by
// night.
func TestItCanBeRead(t *testing.T) {
	n := sitDown(t)
	n.to("main .button")
	n.to("main button.first")
	for name, path := range map[string]string{"overview": "/", "mailbox": "/m/cto@example.com", "mail": "/m/cto@example.com/0", "write": "/write?from=lead@example.com&sample=1"} {
		n.must(n.Open(n.url + path))
		for screen, s := range map[string]browser.Screen{
			"360-light": {Width: 360}, "360-dark": {Width: 360, Dark: true}, "1024-light": {Width: 1024}, "1024-dark": {Width: 1024, Dark: true},
		} {
			n.must(n.Look(s))
			faults, err := n.Faults()
			n.must(err)
			for _, f := range faults {
				t.Errorf("%s on %s: %s", name, screen, f)
			}
			if *screenshots && screen == "1024-light" {
				picture, err := n.Picture()
				n.must(err)
				n.must(os.WriteFile(filepath.Join("../../docs/screenshots", fmt.Sprintf("play-%s-%s.png", name, screen)), picture, 0o644)) //nolint:gosec // for everybody to see
			}
		}
	}
}
