package daemon_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var update = flag.Bool("update", false, "rewrite what the conversations expect; read the diff")

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestConversations plays every script of testdata/conversations. The language
// is described in testdata/conversations/README.md. A script fails if any mail
// left that it did not name, and if the record does not rebuild exactly.
func TestConversations(t *testing.T) {
	for _, path := range scripts(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, path, stage.Options{})
		})
	}
}

func scripts(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/conversations/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	return paths
}

// play plays one script on a stage of its own.
func play(t *testing.T, path string, o stage.Options) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	o.Start = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	c := &conversation{t: t, files: map[string]string{}}
	for _, f := range archive.Files {
		c.files[f.Name] = string(f.Data)
	}
	o.Company = c.files["company.toml"]
	if c.stage, err = stage.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.stage.Close(); err != nil {
			t.Error(err)
		}
	})
	c.step()
	c.fresh = nil // the policy owner is told of the first directory in every play
	lines := strings.Split(string(archive.Comment), "\n")
	for i, line := range lines {
		c.where = fmt.Sprintf("%s:%d: %s", path, i+1, line)
		lines[i] = c.run(line)
	}
	c.where = path
	c.unnamed()
	c.rebuild()
	if *update && !t.Failed() {
		archive.Comment = []byte(strings.Join(lines, "\n"))
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A conversation is a script being played.
type conversation struct {
	t     *testing.T
	stage *stage.Stage
	files map[string]string
	where string
	fresh []stage.Received // mail that left and was not named yet
}

func (c *conversation) fatalf(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("%s\n\t%s", c.where, fmt.Sprintf(format, args...))
}

func (c *conversation) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s\n\t%s", c.where, fmt.Sprintf(format, args...))
}

// run carries out one line and gives it back, with what it expects brought up
// to date under -update.
func (c *conversation) run(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return line
	}
	command, ok := map[string]func([]string) string{
		"clock": c.clock, "write": c.write, "reply": c.reply, "answer": c.reply, "raw": c.raw, "sent": c.sent,
		"disposition": c.disposition, "state": c.state, "says": c.says, "silent": c.says, "open": c.open,
		"company": c.company, "cancel": c.cancel, "widen": c.firing, "expire": c.firing, "mark": c.mark,
	}[words[0]]
	if !ok {
		c.fatalf("there is no command %q", words[0])
	}
	if rewritten := command(words); rewritten != "" {
		return rewritten
	}
	return line
}

func (c *conversation) step() {
	fresh, err := c.stage.Step(c.t.Context())
	if err != nil {
		c.fatalf("%v", err)
	}
	c.fresh = append(c.fresh, fresh...)
}

func (c *conversation) file(name string) string {
	text, ok := c.files[name]
	if !ok {
		c.fatalf("there is no file %q", name)
	}
	return text
}

// clock 2026-03-02T09:00Z, clock +24h
func (c *conversation) clock(words []string) string {
	if d, err := time.ParseDuration(words[1]); err == nil {
		c.stage.Clock.Advance(d)
		return ""
	}
	at, err := time.Parse("2006-01-02T15:04Z07:00", words[1])
	if err != nil {
		c.fatalf("%v", err)
	}
	c.stage.Clock.Set(at)
	return ""
}

// write PERSON FILE [option...]
func (c *conversation) write(words []string) string {
	l := c.letter(words[1], words[2])
	c.options(&l, words[3:])
	c.send(l)
	return ""
}

// reply PERSON NOTICE FILE [option...], answer likewise with nothing quoted
func (c *conversation) reply(words []string) string {
	l := c.letter(words[1], words[3])
	from := address(words[1])
	for _, o := range words[4:] {
		if owner, ok := strings.CutPrefix(o, "of="); ok {
			from = address(owner)
		}
	}
	to, ok := c.stage.Latest(from, policy.NoticeKind(words[2]))
	if !ok {
		c.fatalf("%s has no mail %s", from, words[2])
	}
	c.options(&l, words[4:])
	if words[0] == "reply" {
		l = l.Reply(to)
	} else {
		l = l.Answer(to)
	}
	c.send(l)
	return ""
}

// send delivers a letter; what left before must have been named.
func (c *conversation) send(l stage.Letter) {
	c.unnamed()
	if err := c.stage.Write(l); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
}

func (c *conversation) letter(person, file string) stage.Letter {
	l := stage.Letter{From: address(person), Body: c.file(file)}
	if subject, body, ok := strings.Cut(l.Body, "\n\n"); ok && strings.HasPrefix(subject, "Subject: ") && !strings.Contains(subject, "\n") {
		l.Subject, l.Body = strings.TrimPrefix(subject, "Subject: "), body
	}
	return l
}

func (c *conversation) options(l *stage.Letter, options []string) {
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		switch name {
		case "of":
		case "to":
			l.To = value
		case "subject":
			l.Subject = strings.ReplaceAll(value, "_", " ")
		case "attach":
			if l.Files == nil {
				l.Files = map[string]string{}
			}
			l.Files[value] = c.file(value)
		case "header":
			l.Headers = append(l.Headers, strings.TrimSpace(c.file(value)))
		default:
			c.fatalf("there is no option %q", name)
		}
	}
}

// raw FILE
func (c *conversation) raw(words []string) string {
	c.unnamed()
	if err := c.stage.Deliver([]byte(strings.ReplaceAll(c.file(words[1]), "\n", "\r\n"))); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}

// sent PERSON:NOTICE...
func (c *conversation) sent(words []string) string {
	got := []string{"sent"}
	for _, m := range c.fresh {
		got = append(got, person(m.To)+":"+string(m.Notice))
	}
	c.fresh = nil
	slices.Sort(got[1:])
	want := slices.Clone(words)
	slices.Sort(want[1:])
	if *update {
		return strings.Join(got, " ")
	}
	if !slices.Equal(got, want) {
		c.errorf("these mails left: %s", strings.Join(got[1:], " "))
	}
	return ""
}

// unnamed fails if a mail left that no line named.
func (c *conversation) unnamed() {
	c.t.Helper()
	for _, m := range c.fresh {
		c.errorf("before this line, a mail left that the script does not name: %s:%s %q", person(m.To), m.Notice, m.Subject)
	}
	c.fresh = nil
}

// disposition counted
func (c *conversation) disposition(words []string) string {
	mails, err := c.stage.Store.Mails(c.t.Context(), 1)
	if err != nil || len(mails) != 1 {
		c.fatalf("the last mail: %v", err)
	}
	return c.compare(words, words[:1], mails[0].Disposition)
}

// state CHG-2026-0001 authorized
func (c *conversation) state(words []string) string {
	return c.compare(words, words[:2], string(c.change(words[1]).State))
}

// open CHG-2026-0001 cto:authorization itd:authorization
func (c *conversation) open(words []string) string {
	var open []string
	for _, b := range c.change(words[1]).OpenBallots() {
		open = append(open, string(b.Person)+":"+string(b.Kind))
	}
	slices.Sort(open)
	return c.compare(words, words[:2], strings.Join(open, " "))
}

// mark CHG-2026-0001 emergency
func (c *conversation) mark(words []string) string {
	var marks []string
	for _, m := range c.change(words[1]).Marks {
		marks = append(marks, string(m.Kind))
	}
	return c.compare(words, words[:2], strings.Join(marks, ", "))
}

func (c *conversation) compare(words, head []string, got string) string {
	if *update {
		return strings.TrimSpace(strings.Join(head, " ") + " " + got)
	}
	if want := strings.Join(words[len(head):], " "); got != want {
		c.errorf("it is %q", got)
	}
	return ""
}

func (c *conversation) change(name string) policy.Change {
	change, err := c.stage.Store.Change(c.t.Context(), name)
	if err != nil {
		c.fatalf("%v", err)
	}
	return change
}

// says PERSON NOTICE words: the latest such mail holds the words; silent: not
func (c *conversation) says(words []string) string {
	m, ok := c.stage.Latest(address(words[1]), policy.NoticeKind(words[2]))
	if !ok {
		c.fatalf("%s has no mail %s", words[1], words[2])
	}
	want := strings.Join(words[3:], " ")
	text := strings.Join(strings.Fields(strings.ReplaceAll(m.Subject+" "+m.Text, "│", "")), " ")
	if strings.Contains(text, want) != (words[0] == "says") {
		c.errorf("the mail:\n%s\n\n%s", m.Subject, m.Text)
	}
	return ""
}

// company FILE: the directory changes
func (c *conversation) company(words []string) string {
	c.unnamed()
	if err := c.stage.Reload(c.t.Context(), c.file(words[1])); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}

// cancel CHG-2026-0001 reason
func (c *conversation) cancel(words []string) string {
	c.unnamed()
	d, err := c.stage.Desk.Cancel(c.t.Context(), words[1], strings.Join(words[2:], " "))
	if err != nil {
		c.fatalf("%v", err)
	}
	if d.Refusal != nil {
		c.t.Logf("%s: refused: %s", c.where, d.Refusal.Reason)
	}
	c.step()
	return ""
}

// widen CHG-2026-0001 PERSON, expire CHG-2026-0001: as the clock will
func (c *conversation) firing(words []string) string {
	c.unnamed()
	change := c.change(words[1])
	cmd := policy.Command{Kind: policy.CommandKind(words[0]), Seed: c.where}
	if len(words) > 2 {
		for _, b := range change.OpenFor(policy.PersonID(words[2])) {
			cmd.Ballot = b.ID
		}
	}
	if _, err := c.stage.Desk.Command(c.t.Context(), change.ID, cmd); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}

// rebuild holds the projection against the record.
func (c *conversation) rebuild() {
	report, err := c.stage.Store.Rebuild(context.Background(), nil)
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
