package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/countersign/countersign/"

// imports says which of our packages a package may import. "…" stands for
// everything below. Imports point down only, and packages side by side do not
// know each other: each can then be read, tested and replaced by itself.
var imports = []struct {
	from, to, why string
}{
	{"policy", "", "the policy is pure: what it decides depends on what it is handed and on nothing else"},
	{"internal/server", "", "how a server is written lies below those who call it"},
	{"internal/pulse", "", "a pulse is felt from above; it knows nobody"},
	{"internal/failpoint", "", "a failpoint lies in the midst of things and needs nothing"},
	{"internal/paper", "", "marks and tokens lie below everything that writes or reads them"},
	{"mailread", "policy internal/paper", "reading a mail needs no database, no template and no daemon"},
	{"mailtmpl", "policy internal/paper", "what a mail says is handed in; templates look nothing up"},
	{"storage", "policy internal/paper internal/failpoint", "storage keeps what was decided; it neither decides nor renders"},
	{"daemon/config", "policy internal/paper internal/server mailread", "options are read by themselves, and handed to those who use them"},
	{"daemon/desk", "policy internal/paper internal/failpoint mailread mailtmpl storage", "mail, page and clock meet at the desk; it knows none of them"},
	{"daemon/intake", "policy internal/server internal/failpoint internal/pulse daemon/desk storage", "intake fetches and files; what a mail means is the desk's"},
	{"daemon/outbox", "policy internal/paper internal/server internal/failpoint internal/pulse mailtmpl storage", "the outbox sends what was written; it decides nothing"},
	{"daemon/clock", "internal/pulse internal/failpoint storage", "the clock says what is due; what comes of it is the desk's"},
	{"daemon/web", "policy internal/paper mailtmpl daemon/desk storage", "pages show what the mails say, and hand in; what an answer means is the desk's"},
	{"daemon/records/confluence", "", "how Confluence is spoken to lies below what is told it; it knows nothing of ours"},
	{"daemon/records/page", "policy mailtmpl storage", "a page is made of what it is handed, in the words of the mails"},
	{"daemon/records", "policy internal/failpoint internal/pulse mailtmpl storage daemon/desk daemon/records/…", "publishing decides nothing; whom to tell of what goes wrong is the desk's"},
	{"daemon", "policy internal/paper internal/pulse internal/server mailread mailtmpl storage daemon/…", "the daemon wires its parts together"},
	{"cmd/countersign", "policy internal/… mailread mailtmpl storage daemon/…", "verbs build what they need and run it"},
	{"internal/play", "policy internal/testkit/stage storage", "what is played is the stage's"},
	{"internal/testkit/stage", "policy internal/… mailread mailtmpl storage daemon/…", "the stage plays the whole daemon, for the demo and the conversations"},
	{"internal/testkit/…", "policy internal/… mailtmpl storage", "the servers of the tests know nothing of the daemon they serve"},
	{"internal/house", "", "it looks at the others from outside"},
	{"internal/chaos", "", "it drives the program as a process; only its tests know the house"},
	{"internal/abuse", "", "it forges mail for the whole house; only its tests know it"},
	{"internal/screens", "", "tests alone"},
	{"internal/clients", "", "tests alone"},
	{"internal/mbox", "", "a mailbox file is what its format says"},
	{"internal/year", "", "it plays a year of the whole house; only its tests know it"},
	{"internal/bench", "", "it measures the program as a process; only its tests know the house"},
}

// only says who alone may use something: one door for each thing that can go
// wrong. What is named includes what is below it, but for a name after "=".
var only = []struct {
	what, who, why string
}{
	{module + "internal/testkit", "cmd/countersign internal/play internal/testkit/…", "the servers of the tests are for tests and the demo"},
	{module + "internal/testkit/pgtest", "", "it is for tests alone"},
	{module + "internal/testkit/openapi", "", "it is for tests alone"},
	{"github.com/getkin/kin-openapi", "internal/testkit/openapi", "the program does not read documents of what it speaks"},
	{"testing", "internal/testkit/…", "a program is not a test"},
	{"database/sql", "storage internal/testkit/…", "SQL is storage's"},
	{"github.com/jmoiron/sqlx", "storage internal/testkit/…", "SQL is storage's"},
	{"github.com/lib/pq", "storage internal/testkit/…", "SQL is storage's"},
	{"github.com/pressly/goose", "storage", "the schema is storage's"},
	{"github.com/emersion/go-imap", "daemon/intake internal/testkit/…", "IMAP is intake's"},
	{"github.com/wneessen/go-mail", "daemon/outbox", "SMTP is the outbox's"},
	{"github.com/emersion/go-smtp", "internal/testkit/…", "the daemon is no mail server"},
	{"github.com/emersion/go-message", "mailread internal/testkit/…", "the bytes of a mail are mailread's"},
	{"net/smtp", "", "go-mail submits mail, with the errors told apart"},
	{"net/http", "daemon/web daemon/records/… cmd/countersign internal/play internal/testkit/…", "what speaks HTTP is in view"},
	{"github.com/pelletier/go-toml", "daemon/config", "the configuration is read in one place"},
	{"github.com/go-analyze/charts", "mailtmpl", "pictures are part of what a mail says"},
	{"github.com/chromedp", "internal/testkit/browser", "the tests drive a browser through one door"},
	{"github.com/alecthomas/kong", "cmd/countersign", "the command line is read in one place"},
	{"=log", "internal/testkit/…", "the log is slog's: constant messages, ids as attributes"},
	{"=math/rand", "", "math/rand/v2 needs no seed"},
}

// impure is what the policy may not import even of the standard library.
var impure = []string{"context", "crypto/rand", "database", "io", "log", "math/rand", "net", "os", "sync", "syscall"}

// A pkg is what go list says of one package; test files are left aside.
type pkg struct {
	ImportPath, Dir, Doc string
	GoFiles, Imports     []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func TestImportsPointDown(t *testing.T) {
	for _, p := range list(t) {
		i := slices.IndexFunc(imports, func(r struct{ from, to, why string }) bool { return covers(r.from, p.name()) })
		if i < 0 {
			t.Errorf("%s: say in internal/house what it may import, and why", p.name())
			continue
		}
		for _, imported := range p.Imports {
			ours, is := strings.CutPrefix(imported, module)
			if is && !covers(imports[i].to, ours) {
				t.Errorf("%s imports %s: %s", p.name(), ours, imports[i].why)
			}
		}
	}
}

func TestOneDoorForEachThing(t *testing.T) {
	for _, p := range list(t) {
		for _, rule := range only {
			for _, imported := range p.Imports {
				if within(imported, rule.what) && !covers(rule.who, p.name()) {
					t.Errorf("%s imports %s: %s", p.name(), imported, rule.why)
				}
			}
		}
	}
}

func TestPolicyIsPure(t *testing.T) {
	for _, p := range list(t, "-deps", module+"policy") {
		if first, _, _ := strings.Cut(p.ImportPath, "/"); strings.Contains(first, ".") && p.name() != "policy" {
			t.Errorf("policy depends on %s: it is built from the standard library alone", p.ImportPath)
		}
		if p.name() != "policy" {
			continue
		}
		for _, imported := range p.Imports {
			if slices.ContainsFunc(impure, func(what string) bool { return within(imported, what) }) {
				t.Errorf("policy imports %s: it has no clock, no input and no output", imported)
			}
		}
	}
}

// The program people run carries nothing of the tests but what the demo needs.
func TestProgramIsNoTest(t *testing.T) {
	for _, p := range list(t, "-deps", module+"cmd/countersign") {
		if p.ImportPath == "testing" {
			t.Error("countersign is linked with the package testing")
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range list(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}

// covers says whether one of the patterns, with blanks between, names the
// package.
func covers(patterns, name string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		above, all := strings.CutSuffix(pattern, "/…")
		return pattern == name || all && within(name, above)
	})
}

// within says whether the import path is the one above, or below it.
func within(path, above string) bool {
	if exactly, is := strings.CutPrefix(above, "="); is {
		return path == exactly
	}
	return path == above || strings.HasPrefix(path, above+"/")
}

// list asks go list for packages: all of ours, if no other are named.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	look(t)
	if len(args) == 0 {
		args = []string{module + "..."}
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Dir,Doc,GoFiles,Imports"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// look walks the house. Go keeps a test's result until something the test itself
// has opened changes, and does not know what go list opened for it.
func look(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
