package daemon_test

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	wiki "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var (
	update = flag.Bool("update", false, "rewrite what the conversations expect; read the diff")
	mails  = flag.Bool("mails", false, "print every mail of the conversations as its reader sees it; use -v")
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestConversations plays every script of testdata/conversations, whose
// README.md describes the language. A script fails if any mail left that it did
// not name, and if the record does not rebuild exactly. Then it looks whether
// anything the policy promises was never played.
func TestConversations(t *testing.T) {
	seen := &coverage{}
	names := scripts(t)
	t.Run("play", func(t *testing.T) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				seen.add(play(t, name, stage.Options{}))
			})
		}
	})
	if len(seen.plays) == len(names) && !t.Failed() { // not with -run one of them
		seen.check(t)
	}
}

func scripts(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".txtar"))
	}
	return names
}

// start is when every play begins: a Monday morning in Montréal.
var start = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

// play plays one script on a stage of its own, and gives what was seen.
func play(t testing.TB, name string, o stage.Options) *seenPlay {
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	o.Start, o.WebURL = start, pages
	script := readScript(t, name)
	c := &conversation{t: t, options: o, script: script, seen: newSeenPlay(script), browsers: map[string]chromium{}, diary: &diary{}}
	c.options.Log = slog.New(slog.NewTextHandler(c.diary, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if c.company, err = newCompany(); err != nil {
		t.Fatal(err)
	}
	c.run(c.script)
	c.where = c.script.path
	c.unnamed()
	c.rebuild()
	c.keepsSecrets()
	c.collect()
	if *update && o.IMAP == nil && !t.Failed() {
		if err := c.script.save(); err != nil {
			t.Fatal(err)
		}
	}
	return c.seen
}

// A conversation is a script being played.
type conversation struct {
	t       testing.TB
	options stage.Options
	script  *script // whose files are used
	company company
	stage   *stage.Stage // nil until the first command that needs it
	where   string
	prelude bool             // another conversation is being played to where this begins
	fresh   []stage.Received // mail that left and was not named yet
	last    []byte           // the last mail that was delivered
	verdict stage.Verdict    // what the provider finds out about the next
	result  string           // what became of it, or of the last firing
	seen    *seenPlay
	diary   *diary

	browsers map[string]chromium // by whose they are
	wiki     *wiki.Site          // nil where nothing is published
}

func (c *conversation) fatalf(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("%s\n\t%s", c.where, fmt.Sprintf(format, args...))
}

func (c *conversation) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s\n\t%s", c.where, fmt.Sprintf(format, args...))
}

// A command carries out one line. What it gives back stands in the line's place
// under -update; "" leaves it.
type command func(*conversation, line) string

var commands map[string]command

func init() {
	commands = map[string]command{
		"as": (*conversation).as, "company": (*conversation).companyChanges, "proof": (*conversation).proof, "clock": (*conversation).clock, "step": (*conversation).breathe,
		"write": (*conversation).write, "reply": (*conversation).reply, "answer": (*conversation).reply, "press": (*conversation).press,
		"page": (*conversation).page, "sign-in": (*conversation).signIn, "code": (*conversation).code,
		"raw": (*conversation).raw, "again": (*conversation).again, "bounce": (*conversation).bounce, "returns": (*conversation).returns,
		"tamper": (*conversation).tamper, "cancel": (*conversation).cancel, "wiki": (*conversation).confluence, "edits": (*conversation).edits, "republish": (*conversation).republish, "excuse": (*conversation).excuse, "silence": (*conversation).silence,
		"sent": (*conversation).sent, "disposition": (*conversation).disposition, "state": (*conversation).state, "reads": (*conversation).reads, "reaches": (*conversation).reaches,
		"open": (*conversation).open, "delivery": (*conversation).delivery, "mark": (*conversation).mark, "published": (*conversation).published,
		"says": (*conversation).says, "silent": (*conversation).says,
	}
}

// expecting are the commands that only look.
var expecting = []string{"sent", "disposition", "state", "reads", "reaches", "open", "delivery", "mark", "says", "silent", "published"}

func (c *conversation) run(s *script) {
	for i, l := range s.lines {
		if len(l.words) > 0 {
			c.where = fmt.Sprintf("%s:%d: %s", s.path, l.number, l.text)
			if text := c.do(l); text != "" {
				s.lines[i].text = text
			}
		}
	}
}

func (c *conversation) do(l line) string {
	command, ok := commands[l.words[0]]
	switch looks := slices.Contains(expecting, l.words[0]); {
	case !ok:
		c.fatalf("there is no command %q", l.words[0])
	case c.prelude && looks:
		return ""
	case !looks:
		c.unnamed()
	}
	if c.stage == nil && !slices.Contains([]string{"company", "proof", "wiki", "as"}, l.words[0]) {
		c.begin()
	}
	return command(c, l)
}

// begin sets the stage. The policy owner is told of the first directory in
// every play; that is not part of any.
func (c *conversation) begin() {
	var err error
	if c.options.Company, err = c.company.toml(); err != nil {
		c.fatalf("%v", err)
	}
	if c.stage, err = stage.New(c.t.Context(), c.options); err != nil {
		c.fatalf("%v", err)
	}
	c.t.Cleanup(func() {
		if err := c.stage.Close(); err != nil {
			c.t.Error(err)
		}
	})
	if _, err := c.stage.Step(c.t.Context()); err != nil {
		c.fatalf("%v", err)
	}
}

// proof has senders proven in another way than by the token alone, from the
// beginning.
func (c *conversation) proof(l line) string {
	if c.stage != nil || len(l.words) != 2 || stage.Proofs[l.words[1]] == "" {
		c.fatalf("it is written: proof PROFILE, before anything else happens")
	}
	c.options.Proof = l.words[1]
	return ""
}

// as plays another conversation until its change stands where this one begins:
// NAME until STATE.
func (c *conversation) as(l line) string {
	if len(l.words) < 4 || l.words[2] != "until" || c.stage != nil {
		c.fatalf("it is written: as NAME until STATE, before anything else happens")
	}
	until := policy.State(strings.Join(l.words[3:], " "))
	mine, where, prelude := c.script, c.where, c.prelude
	other := readScript(c.t, l.words[1])
	maps.Copy(other.files, mine.files)
	c.script, c.prelude = other, true
	for _, line := range other.lines {
		if len(line.words) == 0 {
			continue
		}
		c.do(line)
		c.fresh = nil
		if change, err := c.firstChange(); err == nil && change.State == until {
			c.seen.before[change.ID] = change.Events
			c.script, c.prelude, c.where = mine, prelude, where
			return ""
		}
	}
	c.fatalf("%s never stands at %q", l.words[1], until)
	return ""
}

func (c *conversation) firstChange() (policy.Change, error) {
	if c.stage == nil {
		return policy.Change{}, fmt.Errorf("nothing happened yet")
	}
	change, err := c.stage.Store.Change(c.t.Context(), "CHG-2026-0001")
	if err != nil {
		return c.stage.Store.Change(c.t.Context(), "D-2026-0001")
	}
	return change, nil
}

func (c *conversation) step() {
	fresh, err := c.stage.Step(c.t.Context())
	if err != nil {
		c.fatalf("%v", err)
	}
	c.fresh = append(c.fresh, fresh...)
	for _, m := range fresh {
		if !c.prelude {
			c.seen.saw(noticeFact(m.Notice))
		}
		if *mails {
			c.t.Logf("%s\n=== %s to %s\nSubject: %s\n\n%s", c.where, m.Notice, person(m.To), m.Subject, m.Text)
		}
	}
}

// rebuild holds the projection against the record.
func (c *conversation) rebuild() {
	report, err := c.stage.Store.Rebuild(c.t.Context(), nil)
	if err != nil {
		c.fatalf("%v", err)
	}
	for _, difference := range report.Differences {
		c.errorf("rebuild --check: %s", difference)
	}
}

// address is a person's address; a whole address is itself.
func address(person string) string {
	if strings.Contains(person, "@") {
		return person
	}
	return person + "@example.com"
}

// person is an address as scripts write it.
func person(address string) string { return strings.TrimSuffix(address, "@example.com") }
