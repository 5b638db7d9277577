package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folders is all there is at the top of the house, beside files whose name
// begins with a dot. A new one is a decision, not an accident.
var folders = []string{
	"cmd", "daemon", "docs", "internal", "mailread", "mailtmpl", "policy", "storage", "systemd",
	"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum",
	"bin", // made by make build, not kept
}

func TestTopOfTheHouse(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(folders, e.Name()) {
			t.Errorf("%s does not belong at the top: see internal/house", e.Name())
		}
	}
}

// calls says who may use a name of another package; "!" says who may not.
var calls = []struct {
	pkg, name, who, why string
}{
	{"policy", "Decide", "daemon/desk", "every decision is made at the desk, inside the transaction that keeps it"},
	{"policy", "Apply", "policy storage daemon/desk", "a change is what its events make: the desk decides them, storage plays them again"},
	{"time", "Now", "! policy mailread mailtmpl", "the time is handed in, so that the same mail is read and written the same way again"},
	{"time", "Sleep", "! policy mailread mailtmpl storage daemon/desk daemon/intake daemon/outbox daemon", "a sleep cannot be ended by a context"},
}

func TestNamesAreUsedWhereTheyBelong(t *testing.T) {
	for _, p := range list(t) {
		for _, file := range p.GoFiles {
			for _, used := range selectors(t, filepath.Join(p.Dir, file)) {
				for _, c := range calls {
					if used == c.pkg+"."+c.name && !allowed(c.who, p.name()) {
						t.Errorf("%s/%s uses %s: %s", p.name(), file, used, c.why)
					}
				}
			}
		}
	}
}

func allowed(who, name string) bool {
	not, forbids := strings.CutPrefix(who, "!")
	return covers(not, name) != forbids
}

// selectors lists every "package.Name" in the file.
func selectors(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if s, is := n.(*ast.SelectorExpr); is {
			if x, is := s.X.(*ast.Ident); is {
				all = append(all, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return all
}

// The rules are only as good as the way they are matched.
func TestCovers(t *testing.T) {
	for _, c := range []struct {
		patterns, name string
		want           bool
	}{
		{"policy storage", "storage", true},
		{"policy storage", "store", false},
		{"daemon", "daemon/desk", false},
		{"daemon/…", "daemon/desk", true},
		{"daemon/…", "daemon", true},
		{"daemon/…", "daemonic", false},
		{"", "policy", false},
	} {
		if got := covers(c.patterns, c.name); got != c.want {
			t.Errorf("covers(%q, %q) = %v", c.patterns, c.name, got)
		}
	}
	if within("math/rand/v2", "=math/rand") || !within("math/rand", "=math/rand") || !within("net/http/httptest", "net/http") || within("network", "net") {
		t.Error("within does not tell import paths apart")
	}
}
