package page

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The pages of changes of every kind are kept, to be read when they change.
func TestPages(t *testing.T) {
	for name := range stories {
		t.Run(name, func(t *testing.T) {
			p := pageOf(t, played(t, name))
			golden(t, name+".xml", p.Title+"\n"+strings.Join(p.Labels, " ")+"\n\n"+Whole(p.Machine, ""))
		})
	}
	golden(t, "register.xml", Register("CHG", Label))
}

func pageOf(t *testing.T, s Source) Page {
	t.Helper()
	p, err := Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil { //nolint:gosec // for everybody to see
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another page now (go test -update writes it):\n%s", name, Diff(string(want), got))
	}
}

// Who looks at a page and when makes no difference to it: it changes when the
// record does.
func TestAPageHasNoClock(t *testing.T) {
	for name := range stories {
		s := played(t, name)
		before := pageOf(t, s)
		s.Data.Now = s.Data.Now.AddDate(1, 0, 0)
		s.Data.Reader, _ = s.Data.Directory.Person("cto")
		s.Data.Away = map[policy.PersonID]time.Time{"cto": s.Data.Now}
		if after := pageOf(t, s); after.Machine != before.Machine || after.Title != before.Title {
			t.Errorf("%s reads otherwise a year later:\n%s", name, Diff(before.Machine, after.Machine))
		}
	}
}
