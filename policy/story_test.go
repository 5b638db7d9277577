package policy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Stories are read from testdata/*.txt: a command, "----", and what came of
// it; of several lines in one block, what came of the last. With -update what
// came of it is written; read the diff.
//
//	propose lead Category="cybersecurity"    a full proposal, with this put over it
//	cto APPROVE Risk="low: …" Major=""       the person's ballot, every required field filled
//	cto APPROVE ballot=authorization for=itd one of several of their ballots
//	cto APPROVE of=itd                       somebody else's ballot
//	cto APPROVE old=1                        the first such ballot they were sent
//	lead reply Reply="…"                     an answer without a keyword
//	act ada STOP                             unasked
//	excuse ada Reason="…" sent="eve remy"    ada is excused from (7); eve and remy got the mail
//	widen ada | expire | cancel Reason="…" | comment eve "…" | wait 26h
//	directory …                              see world.amendDirectory
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	told := told{rules: map[string]bool{}, refusals: map[RefusalCode]bool{}}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { told.tell(t, file) })
	}
	told.complete(t)
}

// told gathers what the stories have shown.
type told struct {
	rules    map[string]bool // ballot kind and keyword, or "act" and keyword
	refusals map[RefusalCode]bool
}

func (told told) tell(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, company())
	var out strings.Builder
	for _, part := range strings.SplitAfter(string(text), "\n\n") {
		command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n"), "\n----\n")
		var comment, lines []string
		for line := range strings.SplitSeq(strings.TrimSpace(command), "\n") {
			if strings.HasPrefix(line, "#") {
				comment = append(comment, line)
			} else if line != "" && line != "----" {
				lines = append(lines, line)
			}
		}
		got := ""
		for i, line := range lines { // of several lines the last one is the point
			if came := told.run(w, line); i == len(lines)-1 || strings.HasPrefix(came, "refused") {
				got += came
			}
		}
		if got != "" && strings.TrimSpace(got) != strings.TrimSpace(want) && !*update {
			t.Errorf("%s\n--- got\n%s--- want\n%s", strings.Join(lines, "\n"), got, want)
		}
		for _, line := range slices.Concat(comment, lines) {
			fmt.Fprintln(&out, line)
		}
		if len(lines) > 0 {
			fmt.Fprintf(&out, "----\n%s", got)
		}
		fmt.Fprintln(&out)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var storyField = regexp.MustCompile(`\s+([A-Z][a-z]+(?: [a-z]+)*|ballot|of|for|file|unclear|old|sent)=("([^"]*)"|(\S+))`)

// run carries out one line and says what came of it.
func (told told) run(w *world, line string) string {
	w.t.Helper()
	fields := Form{}
	special := map[string]string{}
	for _, m := range storyField.FindAllStringSubmatch(line, -1) {
		if value := strings.ReplaceAll(m[3]+m[4], `\n`, "\n"); strings.ToLower(m[1]) == m[1] {
			special[m[1]] = value
		} else {
			fields[Label(m[1])] = value
		}
	}
	words := strings.Fields(storyField.ReplaceAllString(line, ""))
	before := w.change
	switch words[0] {
	case "propose":
		w.propose(PersonID(words[1]), fields)
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			w.t.Fatal(err)
		}
		w.now = w.now.Add(d)
		return w.now.Format("Mon 15:04\n")
	case "directory":
		w.amendDirectory(words[1:])
		if w.change.ID == "" {
			return "ok\n"
		}
		w.do(Command{Kind: CommandReconsider})
	case "fire":
		w.do(Command{Kind: CommandFire})
	case "silence":
		w.silence(append(words, "")[1])
	case "cancel":
		w.do(Command{Kind: CommandCancel, Text: fields.Get(LabelReason), Proof: "operator"})
	case "excuse":
		w.do(Command{Kind: CommandExcuse, Recipient: words[1], Text: fields.Get(LabelReason), Proof: "operator", Sent: strings.Fields(special["sent"])})
	case "comment":
		w.do(Command{Kind: CommandComment, By: PersonID(words[1]), Text: strings.Join(words[2:], " ")})
	case "show":
		return show(w.change, words[1])
	default:
		told.speak(w, words, fields, special)
	}
	if r := w.last.Refusal; r != nil {
		told.refusals[r.Code] = true
		return fmt.Sprintf("refused (%s): %s\n  %s\n", r.Code, r.Reason, r.Hint)
	}
	return outcome(before, w.last)
}

// speak answers a ballot, or acts.
func (told told) speak(w *world, words []string, fields Form, special map[string]string) {
	w.t.Helper()
	act := words[0] == "act"
	if act {
		words = words[1:]
	}
	by, k := PersonID(words[0]), Keyword(words[1])
	if k == "reply" {
		k = NoKeyword
	}
	owner := first(PersonID(special["of"]), by)
	b, _ := w.ballotFor(owner, k, BallotKind(special["ballot"]), PersonID(special["for"]))
	if special["old"] != "" {
		b = w.firstPaper(owner, b.Kind)
	}
	cmd := Command{Kind: CommandAnswer, By: by, Ballot: b.ID, Keyword: k, Form: answerForm(w.change.State, b.Kind, k)}
	if act {
		cmd.Kind, cmd.Ballot, cmd.Form = CommandAct, "", answerForm("", "", k)
	}
	maps.Copy(cmd.Form, fields)
	if name := special["file"]; name != "" {
		cmd.Files = []File{{Name: name, Type: "application/pdf", Size: 900, SHA256: "00ff"}}
	}
	if l := Label(special["unclear"]); l != "" {
		cmd.Unclear = []Problem{{Label: l, Code: ProblemTwice, Text: string(l) + " is given twice.", Hint: "Give it once."}}
	}
	state := w.change.State
	if d := w.do(cmd); d.Refusal == nil && !slices.ContainsFunc(d.Events, func(e Event) bool { _, kept := e.(*Kept); return kept }) {
		if _, answers := ruleFor(state, b.Kind, k); answers && !act {
			told.rules[ruleName(state, b.Kind, k)] = true
		} else {
			told.rules["act "+string(k)] = true
		}
	}
}

// silence lets time pass, moment by moment, until the person's ballot is overdue
// or, where nobody is named, until the change ends.
func (w *world) silence(who string) {
	w.t.Helper()
	for range 100 {
		moments := []time.Time{}
		for _, b := range w.change.OpenBallots() {
			moments = append(moments, b.Next)
		}
		if len(moments) == 0 {
			w.do(Command{Kind: CommandFire})
			return
		}
		w.now = slices.MinFunc(moments, time.Time.Compare)
		w.must(w.do(Command{Kind: CommandFire}))
		for _, e := range w.last.Events {
			if timed, ok := e.(*Timed); ok && timed.Escalated {
				if b, _ := w.change.Ballot(timed.Ballot); string(b.Person) == who {
					return
				}
			}
		}
		if w.change.State.End() {
			return
		}
	}
	w.t.Fatalf("nothing came of the silence of %q", who)
}

// timetables lists the first moments of each open ballot.
func timetables(c Change) string {
	deeds := map[deed]string{remind: "remind", escalate: "overdue", lapse: "expire"}
	var out strings.Builder
	for _, b := range c.OpenBallots() {
		n := 0
		for m := range c.timetable(company().Calendar, b).moments() {
			fmt.Fprintf(&out, "%s %s: %s %s\n", b.Person, b.Kind, m.at.Format("Mon 2 Jan 15:04"), deeds[m.deed])
			if n++; n == 10 {
				break
			}
		}
	}
	return out.String()
}

// firstPaper is the first ballot of the kind the person was sent.
func (w *world) firstPaper(person PersonID, kind BallotKind) Ballot {
	for _, b := range w.change.Ballots {
		if b.Person == person && b.Kind == kind {
			return b
		}
	}
	return Ballot{}
}

// ruleName names a rule of the table; only the check after an undo has rules
// of its own.
func ruleName(state State, kind BallotKind, k Keyword) string {
	if kind == BallotCheck && state == StateUndone {
		return fmt.Sprintf("%s after an undo %s", kind, k)
	}
	return fmt.Sprintf("%s %s", kind, k)
}

// complete fails for every answer, act and refusal no story has told.
func (told told) complete(t *testing.T) {
	var missing []string
	need := func(name string) {
		if !told.rules[name] {
			missing = append(missing, name)
		}
	}
	for _, row := range Table {
		for _, rule := range row.Answers {
			need(ruleName(row.State, row.Ballot, rule.Keyword))
		}
	}
	for _, rule := range Acts {
		if rule.Keyword != KeywordStatus && rule.Keyword != KeywordHelp { // the desk answers these
			need("act " + string(rule.Keyword))
		}
	}
	for _, code := range refusalCodes {
		if !told.refusals[code] {
			missing = append(missing, "refusal "+string(code))
		}
	}
	if len(missing) > 0 {
		t.Errorf("no story tells:\n%s", strings.Join(missing, "\n"))
	}
}

var refusalCodes = []RefusalCode{
	RefusedNotProposer, RefusedWrongPerson, RefusedDecided, RefusedVoided, RefusedOldRevision, RefusedOldAttempt,
	RefusedWrongVersion, RefusedNotAnAnswer, RefusedNotEligible, RefusedFourEyes, RefusedOwnWork, RefusedNoTester,
	RefusedTooLate, RefusedTooEarly, RefusedInProduction, RefusedNothingChanged, RefusedEnded, RefusedUnknown,
	RefusedProblems,
}

// amendDirectory changes who is who: "leave ada", "person zoe qa it-director",
// "hats ada qa", "deputy dep for cto until 2026-04-01", "four-eyes as-written",
// "co-signer olive", "production-window".
func (w *world) amendDirectory(words []string) {
	d := w.dir
	d.People = slices.Clone(d.People)
	switch words[0] {
	case "leave":
		d.People = slices.DeleteFunc(d.People, func(p Person) bool { return p.ID == PersonID(words[1]) })
	case "person":
		p := Person{ID: PersonID(words[1]), Name: words[1], Addresses: []string{words[1] + "@example.com"}}
		d.People = append(d.People, wearing(p, words[2:]))
	case "hats":
		i := slices.IndexFunc(d.People, func(p Person) bool { return p.ID == PersonID(words[1]) })
		d.People[i] = wearing(d.People[i], words[2:])
	case "deputy":
		until, err := time.Parse(time.DateOnly, words[5])
		if err != nil {
			w.t.Fatal(err)
		}
		d.Deputies = append(slices.Clone(d.Deputies), Deputy{Deputy: PersonID(words[1]), Principal: PersonID(words[3]), Until: until})
	case "four-eyes":
		d.FourEyes = FourEyes(words[1])
	case "co-signer":
		d.CoSigners = append(slices.Clone(d.CoSigners), PersonID(words[1]))
	case "production-window":
		d.ProductionWindow = true
	default:
		w.t.Fatalf("no way to change the directory by %q", words)
	}
	w.dir = d
}

func wearing(p Person, hats []string) Person {
	p.Roles, p.Teams = nil, nil
	for _, hat := range hats {
		if slices.Contains(Roles, Role(hat)) {
			p.Roles = append(p.Roles, Role(hat))
		} else {
			p.Teams = append(p.Teams, Team(hat))
		}
	}
	return p
}

// outcome says what a decision came to: the new state, the marks it made, the
// mails that leave, and who is asked now.
func outcome(before Change, d Decision) string {
	var out strings.Builder
	c := d.Change
	if c.State != before.State || c.Revision != before.Revision {
		fmt.Fprintf(&out, "%s", c.State)
		if c.Revision != before.Revision {
			fmt.Fprintf(&out, ", revision %d", c.Revision)
		}
		fmt.Fprintln(&out)
	}
	for _, m := range c.Marks[len(before.Marks):] {
		fmt.Fprintf(&out, "marked %s: %s\n", m.Kind, m.Text)
	}
	mails := map[string][]string{}
	var said []string
	for _, n := range d.Notices {
		kind := string(n.Kind)
		if n.Receipt != nil && n.Kind != ReceiptCounted {
			kind += "+receipt"
		}
		mails[kind] = append(mails[kind], first(string(n.To), n.Address))
		for _, p := range n.Problems {
			said = append(said, p.Text)
		}
		if n.Kind == NoticeNobody {
			said = append(said, n.Text)
		}
	}
	for _, text := range unique(said) {
		fmt.Fprintf(&out, "  %s\n", text)
	}
	for _, kind := range slices.Sorted(maps.Keys(mails)) {
		fmt.Fprintf(&out, "mail %s: %s\n", kind, strings.Join(mails[kind], " "))
	}
	if open := openText(c); open != openText(before) {
		fmt.Fprintf(&out, "open %s\n", first(open, "nothing"))
	}
	if out.Len() == 0 {
		return "nothing\n"
	}
	return out.String()
}

// show prints one part of the change.
func show(c Change, part string) string {
	switch part {
	case "held":
		return strings.TrimSpace(fmt.Sprintf("%s: %s %s", c.Held.From, strings.ReplaceAll(c.Held.Why, "\n", " / "), c.Held.LeftAs)) + "\n"
	case "proposal":
		return c.Proposal.Canonical()
	case "release":
		r := c.Release
		return fmt.Sprintf("live %v, version %s, untested for %s\ntold %v %v\n", r.Live, r.Version, r.Untested, r.People, r.Addresses)
	case "excused":
		var out strings.Builder
		for _, e := range c.Release.Excused {
			fmt.Fprintf(&out, "%s: %s (%s)\n", e.Recipient(), e.Reason, e.Proof)
		}
		return first(out.String(), "nobody\n")
	case "assessment":
		var out strings.Builder
		for _, b := range c.approvals() {
			fmt.Fprintf(&out, "%s as %v for %q\n", b.Answer.By, b.Roles, b.For)
			for _, l := range b.Answer.Fields.Labels() {
				fmt.Fprintf(&out, "  %s: %s\n", l, b.Answer.Fields[l])
			}
		}
		return out.String()
	case "timetable":
		return timetables(c)
	case "due":
		var out strings.Builder
		for _, b := range c.OpenBallots() {
			fmt.Fprintf(&out, "%s %s %s\n", b.Person, b.Kind, b.Due.Format("Mon 2 Jan 15:04"))
		}
		return out.String()
	}
	return "there is no " + part + "\n"
}
