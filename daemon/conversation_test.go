package daemon_test

import (
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
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
func play(t *testing.T, name string, o stage.Options) *seenPlay {
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	o.Start = start
	script := readScript(t, name)
	c := &conversation{t: t, options: o, script: script, seen: newSeenPlay(script)}
	var err error
	if c.company, err = newCompany(); err != nil {
		t.Fatal(err)
	}
	c.run(c.script)
	c.where = c.script.path
	c.unnamed()
	c.rebuild()
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
	t       *testing.T
	options stage.Options
	script  *script // whose files are used
	company company
	stage   *stage.Stage // nil until the first command that needs it
	where   string
	prelude bool             // another conversation is being played to where this begins
	fresh   []stage.Received // mail that left and was not named yet
	last    []byte           // the last mail that was delivered
	result  string           // what became of it, or of the last firing
	seen    *seenPlay
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
		"as": (*conversation).as, "company": (*conversation).companyChanges, "clock": (*conversation).clock,
		"write": (*conversation).write, "reply": (*conversation).reply, "answer": (*conversation).reply,
		"raw": (*conversation).raw, "again": (*conversation).again, "bounce": (*conversation).bounce,
		"tamper": (*conversation).tamper, "cancel": (*conversation).cancel, "widen": (*conversation).firing, "expire": (*conversation).firing,
		"sent": (*conversation).sent, "disposition": (*conversation).disposition, "state": (*conversation).state,
		"open": (*conversation).open, "mark": (*conversation).mark,
		"says": (*conversation).says, "silent": (*conversation).says,
	}
}

// expecting are the commands that only look.
var expecting = []string{"sent", "disposition", "state", "open", "mark", "says", "silent"}

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
	if c.stage == nil && l.words[0] != "company" && l.words[0] != "as" {
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

// as NAME until STATE: everything as in another conversation until its change
// stands there.
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

// clock 2026-03-02T09:00Z, clock +24h.
func (c *conversation) clock(l line) string {
	if d, err := time.ParseDuration(l.words[1]); err == nil {
		c.stage.Clock.Advance(d)
		return ""
	}
	at, err := time.Parse("2006-01-02T15:04Z07:00", l.words[1])
	if err != nil {
		c.fatalf("%v", err)
	}
	c.stage.Clock.Set(at)
	return ""
}

// write PERSON [FILE] [OPTION...].
func (c *conversation) write(l line) string {
	letter := c.letter(l, l.words[1], l.words[2:])
	c.deliver(c.stage.Compose(letter))
	return ""
}

// reply PERSON NOTICE [FILE] [OPTION...], answer likewise with nothing quoted.
func (c *conversation) reply(l line) string {
	letter := c.letter(l, l.words[1], l.words[3:])
	to := c.received(l)
	switch {
	case option(l.words, "html") != "":
		letter = letter.ReplyHTML(to)
	case l.words[0] == "reply":
		letter = letter.Reply(to)
	default:
		letter = letter.Answer(to)
	}
	c.deliver(c.stage.Compose(letter))
	return ""
}

// received is the mail a line names: the last of its kind, or the one its
// options choose.
func (c *conversation) received(l line) stage.Received {
	owner := l.words[1]
	if of := option(l.words, "of"); of != "" {
		owner = of
	}
	all := c.stage.All(address(owner), notice(l.words[2]))
	if about := option(l.words, "about"); about != "" {
		all = slices.DeleteFunc(all, func(m stage.Received) bool { return !strings.Contains(m.Subject, about) })
	}
	if len(all) == 0 {
		c.fatalf("%s has no such mail", owner)
	}
	if option(l.words, "mail") == "first" {
		return all[0]
	}
	return all[len(all)-1]
}

// notice reads the name of a mail, or of a ballot for the mail that brings it.
func notice(word string) policy.NoticeKind {
	if ask := policy.AskOf(policy.BallotKind(word)); ask != "" {
		return ask
	}
	return policy.NoticeKind(word)
}

func option(words []string, name string) string {
	for _, w := range words {
		if value, ok := strings.CutPrefix(w, name+"="); ok {
			return value
		}
	}
	return ""
}

// letter is what the person writes: the line's file and indented lines.
func (c *conversation) letter(l line, from string, words []string) stage.Letter {
	file := ""
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		file, words = words[0], words[1:]
	}
	text, err := c.script.text(file, l.body)
	if err != nil {
		c.fatalf("%v", err)
	}
	letter := stage.Letter{From: address(from), Body: text}
	if subject, body, ok := strings.Cut(text, "\n\n"); ok && strings.HasPrefix(subject, "Subject: ") && !strings.Contains(subject, "\n") {
		letter.Subject, letter.Body = strings.TrimPrefix(subject, "Subject: "), body
	}
	for _, w := range words {
		c.option(&letter, w)
	}
	return letter
}

func (c *conversation) option(l *stage.Letter, word string) {
	switch name, value, _ := strings.Cut(word, "="); name {
	case "of", "about", "mail", "html":
	case "from":
		l.From = value
	case "to":
		l.To = value
	case "subject":
		l.Subject = value
	case "header":
		l.Headers = append(l.Headers, value)
	case "quotes":
		l.Body += "\n" + stage.Quoted(c.received(line{words: append([]string{""}, strings.Split(value, ":")...)}))
	case "fill":
		l.Body += strings.Repeat("all work and no play\n", 60_000)
	case "attach":
		text, ok := c.script.files[value]
		if !ok {
			c.fatalf("there is no file %q", value)
		}
		if l.Files == nil {
			l.Files = map[string]string{}
		}
		l.Files[value] = text
	default:
		c.fatalf("there is no option %q", name)
	}
}

// raw [FILE].
func (c *conversation) raw(l line) string {
	text, err := c.script.text(strings.Join(l.words[1:], " "), l.body)
	if err != nil {
		c.fatalf("%v", err)
	}
	c.deliver([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	return ""
}

// again ["Header: value"]: the last mail arrives once more.
func (c *conversation) again(l line) string {
	raw := c.last
	if len(l.words) > 1 {
		raw = append([]byte(strings.Join(l.words[1:], " ")+"\r\n"), raw...)
	}
	c.deliver(raw)
	return ""
}

// deliver puts a mail into the change mailbox and lets the daemon take it in.
// What becomes of it is what explain says of it before.
func (c *conversation) deliver(raw []byte) {
	in := desk.Incoming{Raw: raw, Size: int64(len(raw)), Received: c.stage.Clock.Now()}
	if in.Oversize = len(raw) > 1<<20; in.Oversize {
		in.Raw = raw[:bytes.Index(raw, []byte("\r\n\r\n"))+4]
	}
	told, err := c.stage.Desk.Explain(c.t.Context(), in)
	if err != nil {
		c.fatalf("explain: %v", err)
	}
	c.last = raw
	if err := c.stage.Deliver(raw); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	mails, err := c.stage.Store.Mails(c.t.Context(), 1)
	if err != nil || len(mails) != 1 {
		c.fatalf("the last mail: %v", err)
	}
	is := desk.Disposition(mails[0].Disposition)
	if is != told.Disposition || mails[0].Reason != told.Reason {
		c.errorf("it was %s (%s), but explain said %s (%s)", is, mails[0].Reason, told.Disposition, told.Reason)
	}
	c.result = string(is)
	if !c.prelude {
		c.seen.saw(dispositionFact(is))
		c.refused(told.Refusal)
		c.asked(told)
	}
	if is != desk.Accepted && is != desk.Counted && mails[0].Reason != "" {
		c.result += ": " + mails[0].Reason
	}
}

func (c *conversation) refused(r *policy.Refusal) {
	if r != nil {
		c.seen.saw(refusalFact(r.Code))
	}
}

// asked takes note of STATUS and HELP, which leave no event.
func (c *conversation) asked(told desk.Outcome) {
	for _, n := range told.Notices {
		if n.Kind == policy.AnswerStatus || n.Kind == policy.AnswerHelp {
			c.seen.saw(actFact(told.Answer.Keyword))
		}
	}
}

// sent PERSON:NOTICE...
func (c *conversation) sent(l line) string {
	got := []string{"sent"}
	for _, m := range c.fresh {
		got = append(got, person(m.To)+":"+string(m.Notice))
	}
	c.fresh = nil
	slices.Sort(got[1:])
	want := slices.Clone(l.words)
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

// disposition answered: not eligible.
func (c *conversation) disposition(l line) string { return c.compare(l, 1, c.result) }

// state CHG-2026-0001 authorized.
func (c *conversation) state(l line) string {
	return c.compare(l, 2, string(c.change(l.words[1]).State))
}

// open CHG-2026-0001 cto:authorization itd:authorization.
func (c *conversation) open(l line) string {
	var open []string
	for _, b := range c.change(l.words[1]).OpenBallots() {
		open = append(open, string(b.Person)+":"+string(b.Kind))
	}
	slices.Sort(open)
	return c.compare(l, 2, strings.Join(open, " "))
}

// mark CHG-2026-0001 emergency.
func (c *conversation) mark(l line) string {
	var marks []string
	for _, m := range c.change(l.words[1]).Marks {
		marks = append(marks, string(m.Kind))
	}
	return c.compare(l, 2, strings.Join(marks, ", "))
}

// compare holds what follows the first words of the line against what is.
func (c *conversation) compare(l line, head int, got string) string {
	if *update {
		return strings.TrimSpace(strings.Join(l.words[:head], " ") + " " + got)
	}
	if want := strings.Join(l.words[head:], " "); got != strings.TrimSpace(want) {
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

// says PERSON NOTICE words: the latest such mail holds the words; silent: not.
func (c *conversation) says(l line) string {
	m, ok := c.stage.Latest(address(l.words[1]), notice(l.words[2]))
	if !ok {
		c.fatalf("%s has no mail %s", l.words[1], l.words[2])
	}
	want := strings.Join(l.words[3:], " ")
	text := strings.Join(strings.Fields(strings.ReplaceAll(m.Subject+" "+m.Text, "│", "")), " ")
	if strings.Contains(text, want) != (l.words[0] == "says") {
		c.errorf("the mail:\n%s\n\n%s", m.Subject, m.Text)
	}
	return ""
}

// company: the directory is altered as the indented lines say
func (c *conversation) companyChanges(l line) string {
	for _, text := range l.body {
		if err := c.company.alter(text); err != nil {
			c.fatalf("%v", err)
		}
	}
	if c.stage == nil {
		return ""
	}
	text, err := c.company.toml()
	if err != nil {
		c.fatalf("%v", err)
	}
	if err := c.stage.Reload(c.t.Context(), text); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}

// bounce PERSON: mail to them is refused from now on.
func (c *conversation) bounce(l line) string {
	c.stage.Provider.Refuse(address(l.words[1]), 550, 0)
	return ""
}

// cancel CHG-2026-0001 reason.
func (c *conversation) cancel(l line) string {
	d, err := c.stage.Desk.Cancel(c.t.Context(), l.words[1], strings.Join(l.words[2:], " "))
	c.fired(d, err)
	return ""
}

// widen CHG-2026-0001 PERSON, expire CHG-2026-0001: as the clock will.
func (c *conversation) firing(l line) string {
	change := c.change(l.words[1])
	cmd := policy.Command{Kind: policy.CommandKind(l.words[0]), Seed: c.where}
	if len(l.words) > 2 {
		for _, b := range change.OpenFor(policy.PersonID(l.words[2])) {
			cmd.Ballot = b.ID
		}
	}
	c.fired(c.stage.Desk.Command(c.t.Context(), change.ID, cmd))
	return ""
}

func (c *conversation) fired(d policy.Decision, err error) {
	if err != nil {
		c.fatalf("%v", err)
	}
	c.result = "done"
	if d.Refusal != nil {
		c.result = "refused: " + string(d.Refusal.Code)
	}
	c.refused(d.Refusal)
	c.step()
}

// tamper SQL: somebody with the daemon's own database role alters the record.
func (c *conversation) tamper(l line) string {
	db, err := sql.Open("postgres", c.options.AppURL)
	if err != nil {
		c.fatalf("%v", err)
	}
	defer db.Close()
	c.result = "done"
	if _, err := db.ExecContext(c.t.Context(), strings.Join(l.words[1:], " ")); err != nil {
		c.result = "refused: " + strings.TrimPrefix(err.Error(), "pq: ")
	}
	return ""
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
