package policy

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fataler is what the checks need of a test, plain or drawn by rapid.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// company is the one most tests are set in: every role and team is filled, and
// nobody wears two hats but the heads of the teams.
func company() Directory {
	person := func(id, name string, hats ...any) Person {
		p := Person{ID: PersonID(id), Name: name, Addresses: []string{id + "@example.com"}}
		for _, hat := range hats {
			switch hat := hat.(type) {
			case Role:
				p.Roles = append(p.Roles, hat)
			case Team:
				p.Teams = append(p.Teams, hat)
			}
		}
		return p
	}
	return Directory{
		PolicyVersion: "1.1", FourEyes: CoSign, Calendar: Calendar{Zone: "UTC"},
		People: []Person{
			person("itd", "Ines Director", ITDirector, IT),
			person("cto", "Carl Otto", CTO, Development),
			person("lead", "Dana Lead", DevLead, Development),
			person("ada", "Ada Bell", IT),
			person("ben", "Ben Cole", IT),
			person("eve", "Eve Dorn", Development),
			person("quinn", "Quinn Ash", QA),
			person("remy", "Remy Ash", QA),
			person("grace", "Grace Hall", G7),
			person("olive", "Olive Owner", PolicyOwner),
			person("dep", "Deputy Dee"),
		},
		Lists: map[Team][]string{IT: {"it-list@example.com"}, G7: {"g7-list@example.com"}},
	}
}

// monday is when stories begin: a Monday morning.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// fullForm is a proposal with nothing missing, in the CTO's half.
func fullForm() Form {
	return Form{
		LabelTitle: "Move the build to Go 1.26", LabelCategory: "development tools", LabelSystems: "build farm",
		LabelJustification: "the old release is out of support", LabelSecurityImpact: "fewer known holes",
		LabelRisk: "low: the tests cover it", LabelRollback: "install the old release, ten minutes",
		LabelTestPlan: "build everything on one worker first", LabelImplementer: "ada",
	}
}

// fullAnswer holds a good value for every field of every answer.
func fullAnswer() Form {
	return Form{
		LabelJustification: "the old release is out of support", LabelSecurityImpact: "none is opened by it",
		LabelRisk: "low: the tests cover it", LabelRollback: "as proposed", LabelReason: "there is a reason",
		LabelQuestion: "why now?", LabelReply: "because of the audit", LabelCategory: "cybersecurity",
		LabelVersion: "1.26.0", LabelDoneAt: "Monday noon", LabelNotes: "went well", LabelImplementer: "ben",
		LabelLeftAs: "as before", LabelEvidence: "all 900 tests are green", LabelReleasedAt: "Monday evening",
		LabelChecked: "looked at three workers", LabelDocuments: "build guide / v7 / the new release",
		LabelUntouched: "yes", LabelUndoneAt: "Tuesday noon", LabelWindow: "Sunday 02:00",
		LabelDeviationAccepted: "the rest is not needed",
	}
}

// answerForm gives the keyword's required fields on the ballot.
func answerForm(state State, kind BallotKind, k Keyword) Form {
	rule, ok := ruleFor(state, kind, k)
	if !ok {
		rule, _ = actFor(k)
	}
	form, full := Form{}, fullAnswer()
	for _, l := range rule.Required {
		form[l] = full[l]
	}
	if kind == BallotCheck && k == KeywordConfirm {
		form[LabelDeviationAccepted] = full[LabelDeviationAccepted]
	}
	return form
}

// A world is one change under a directory that may change, with everything
// that happened to it. Every decision in it is checked (see checkDecision).
type world struct {
	t       fataler
	dir     Directory
	now     time.Time
	change  Change
	history []Event
	dated   []Dated // the same, with the times
	seq     int
	last    Decision
}

func newWorld(t fataler, d Directory) *world {
	return &world{t: t, dir: d, now: monday}
}

func (w *world) do(cmd Command) Decision {
	w.t.Helper()
	w.seq++
	cmd.Seed = fmt.Sprintf("seed %d", w.seq)
	if cmd.Mail == "" {
		cmd.Mail = fmt.Sprintf("mail %d", w.seq)
	}
	if cmd.Kind == CommandPropose {
		cmd.ID, cmd.Draft = "change-1", "D-2026-0001"
	}
	cmd.Number = "CHG-2026-0001"
	w.last = decideChecked(w.t, w.change, w.dir, cmd, w.now)
	if w.last.Refusal == nil {
		w.change = w.last.Change
		w.history = append(w.history, w.last.Events...)
		for _, e := range w.last.Events {
			w.dated = append(w.dated, Dated{e, w.now})
		}
	}
	return w.last
}

func (w *world) propose(by PersonID, over Form) Decision {
	w.t.Helper()
	form := fullForm()
	maps.Copy(form, over)
	return w.do(Command{Kind: CommandPropose, By: by, Form: form})
}

// ballotFor finds the paper the person would answer with the keyword: an open
// one that takes it, an open one, or the last they had.
func (w *world) ballotFor(by PersonID, k Keyword, kind BallotKind, principal PersonID) (Ballot, bool) {
	var best Ballot
	score := -1
	for _, b := range w.change.Ballots {
		if b.Person != by || kind != "" && b.Kind != kind || principal != "" && b.For != principal {
			continue
		}
		s := 0
		if b.Open() {
			s += 2
			if _, takes := ruleFor(w.change.State, b.Kind, k); takes {
				s++
			}
		}
		if s >= score {
			best, score = b, s
		}
	}
	return best, score >= 0
}

// say answers the person's ballot, or acts where they have none, with every
// required field filled in; over replaces some, "" leaves one out.
func (w *world) say(by PersonID, k Keyword, over Form) Decision {
	w.t.Helper()
	b, ok := w.ballotFor(by, k, "", "")
	cmd := Command{Kind: CommandAnswer, By: by, Ballot: b.ID, Keyword: k}
	if !ok {
		cmd.Kind = CommandAct
	}
	cmd.Form = answerForm(w.change.State, b.Kind, k)
	maps.Copy(cmd.Form, over)
	return w.do(cmd)
}

// must fails the test if the last decision was a refusal.
func (w *world) must(d Decision) *world {
	w.t.Helper()
	if d.Refusal != nil {
		w.t.Fatalf("refused (%s): %s", d.Refusal.Code, d.Refusal)
	}
	return w
}

// mustSay is say, and it must count.
func (w *world) mustSay(by PersonID, k Keyword, over Form) *world {
	w.t.Helper()
	d := w.say(by, k, over)
	if d.Refusal != nil {
		w.t.Fatalf("%s %s in %s: refused (%s): %s", by, k, w.change.State, d.Refusal.Code, d.Refusal)
	}
	for _, e := range d.Events {
		if kept, ok := e.(*Kept); ok {
			w.t.Fatalf("%s %s in %s: kept as incomplete: %v", by, k, w.change.State, kept.Answer.Fields)
		}
	}
	return w
}

func (w *world) wantState(s State) *world {
	w.t.Helper()
	if w.change.State != s {
		w.t.Fatalf("the change is %s, want %s; open: %s", w.change.State, s, openText(w.change))
	}
	return w
}

func (w *world) wantRefused(d Decision, code RefusalCode) *world {
	w.t.Helper()
	if d.Refusal == nil {
		w.t.Fatalf("counted, want refusal %q; the change is %s", code, w.change.State)
	}
	if d.Refusal.Code != code {
		w.t.Fatalf("refused (%s): %s; want %q", d.Refusal.Code, d.Refusal, code)
	}
	return w
}

func openText(c Change) string {
	var all []string
	for _, b := range c.OpenBallots() {
		text := fmt.Sprintf("%s %s", b.Person, b.Kind)
		if b.For != "" {
			text += " for " + string(b.For)
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// decideChecked decides and holds the decision against everything that is true
// of every decision.
func decideChecked(t fataler, c Change, d Directory, cmd Command, now time.Time) Decision {
	t.Helper()
	before := asJSON(t, c)
	decision := Decide(c, d, cmd, now)
	if after := asJSON(t, c); after != before {
		t.Fatalf("%s %s %s altered its argument\nbefore %s\nafter  %s", cmd.Kind, cmd.By, cmd.Keyword, before, after)
	}
	if decision.Refusal != nil {
		checkRefusal(t, before, cmd, decision)
		return decision
	}
	checkReplay(t, c, decision)
	checkMails(t, d, decision)
	checkBallots(t, d, decision)
	if again := Decide(c, d, cmd, now); asJSON(t, again.Events) != asJSON(t, decision.Events) || asJSON(t, again.Notices) != asJSON(t, decision.Notices) {
		t.Fatalf("%s %s %s decides differently the second time", cmd.Kind, cmd.By, cmd.Keyword)
	}
	if c.State.End() && (decision.Change.State != c.State || len(decision.Events) > 0 && cmd.Kind != CommandComment && cmd.Kind != CommandExcuse) {
		t.Fatalf("%s is an end, and %s %s changed it", c.State, cmd.Kind, cmd.Keyword)
	}
	return decision
}

func checkRefusal(t fataler, before string, cmd Command, d Decision) {
	t.Helper()
	byClock := cmd.Kind == CommandFire
	switch r := d.Refusal; {
	case len(d.Events) > 0 || len(d.Notices) > 0 || asJSON(t, d.Change) != before:
		t.Fatalf("%s %s %s was refused and changed something", cmd.Kind, cmd.By, cmd.Keyword)
	case r.Code == "" || r.Reason == "" || r.Hint == "" && !byClock:
		t.Fatalf("%s %s %s: the refusal says too little: %+v", cmd.Kind, cmd.By, cmd.Keyword, r)
	}
}

// checkReplay checks that the events, also as they are stored, make the change.
func checkReplay(t fataler, c Change, d Decision) {
	t.Helper()
	want := asJSON(t, d.Change)
	replayed, stored := c, c
	for _, e := range d.Events {
		replayed = Apply(replayed, e)
		payload, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := DecodeEvent(e.Kind(), payload)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := EncodeEvent(decoded); string(again) != string(payload) {
			t.Fatalf("event %s is not the same after storage:\n%s\n%s", e.Kind(), payload, again)
		}
		stored = Apply(stored, decoded)
	}
	if got := asJSON(t, replayed); got != want {
		t.Fatalf("replaying the events gives another change\ngot  %s\nwant %s", got, want)
	}
	if got := asJSON(t, stored); got != want {
		t.Fatalf("replaying the stored events gives another change\ngot  %s\nwant %s", got, want)
	}
}

// checkMails checks that every mail has a living reader, a reason and a known
// kind, that nobody gets one twice, and that a mail with a ballot carries an
// open one of the reader's.
func checkMails(t fataler, d Directory, decision Decision) {
	t.Helper()
	type key struct {
		kind    NoticeKind
		to      PersonID
		address string
		ballot  BallotID
	}
	seen := map[key]bool{}
	for _, n := range decision.Notices {
		k := key{n.Kind, n.To, n.Address, n.Ballot}
		_, known := d.Person(n.To)
		b, has := decision.Change.Ballot(n.Ballot)
		switch {
		case seen[k]:
			t.Fatalf("%s%s gets %s twice", n.To, n.Address, n.Kind)
		case (n.To == "") == (n.Address == "") || n.To != "" && !known:
			t.Fatalf("%s has no reader in the directory: %q %q", n.Kind, n.To, n.Address)
		case n.Why == "" || !slices.Contains(NoticeKinds, n.Kind):
			t.Fatalf("%s to %s: no reason given, or no such mail", n.Kind, n.To)
		case n.Ballot != "" && (!has || !b.Open() || b.Person != n.To):
			t.Fatalf("%s to %s carries a ballot that is not open for them", n.Kind, n.To)
		}
		seen[k] = true
	}
}

// checkBallots checks that whoever is asked anew gets the mail that asks, that
// only people of the directory are asked, that nothing is asked after an end,
// that a cast ballot holds the one answer of its own person, and that a change
// that has not ended waits for somebody or says that nobody is left.
func checkBallots(t fataler, d Directory, decision Decision) {
	t.Helper()
	c := decision.Change
	for _, e := range decision.Events {
		issued, ok := e.(*Issued)
		if !ok {
			continue
		}
		b, _ := c.Ballot(issued.Ballot.ID)
		asks := func(n Notice) bool { return n.Kind == AskOf(b.Kind) && n.To == b.Person && n.Ballot == b.ID }
		if b.Open() && !slices.ContainsFunc(decision.Notices, asks) {
			t.Fatalf("%s has a new ballot %s and no mail that asks", b.Person, b.Kind)
		}
	}
	ids, asked := map[BallotID]bool{}, map[string]bool{}
	for _, b := range c.Ballots {
		question := fmt.Sprint(b.Kind, b.Person, b.For)
		_, known := d.Person(b.Person)
		switch {
		case ids[b.ID]:
			t.Fatalf("two ballots have the id %s", b.ID)
		case b.Open() && (!known || c.State.End()):
			t.Fatalf("a ballot %s is open for %s in state %s", b.Kind, b.Person, c.State)
		case b.Open() && asked[question] && b.Kind != BallotQuestion:
			t.Fatalf("%s is asked twice: %s", b.Person, b.Kind)
		case b.Status == BallotCast && (b.Answer == nil || b.Answer.By != b.Person):
			t.Fatalf("the ballot %s of %s is cast by %+v", b.Kind, b.Person, b.Answer)
		case b.Status != BallotCast && b.Answer != nil:
			t.Fatalf("the ballot %s of %s is %s and has an answer", b.Kind, b.Person, b.Status)
		case b.Open() && (!b.Due.After(b.Issued) || !b.Next.After(b.Issued)):
			t.Fatalf("the ballot %s of %s was due before it was issued, or is not looked at again", b.Kind, b.Person)
		}
		ids[b.ID], asked[question] = true, asked[question] || b.Open()
	}
	nobody := func(n Notice) bool { return n.Kind == NoticeNobody }
	if c.State != "" && !c.State.End() && len(c.OpenBallots()) == 0 && settles(decision.Events) && !slices.ContainsFunc(decision.Notices, nobody) {
		t.Fatalf("the change is %s, nobody is asked and nobody is told so", c.State)
	}
}

// settles says whether the events did more than file something.
func settles(events []Event) bool {
	return slices.ContainsFunc(events, func(e Event) bool {
		switch e.(type) {
		case *Noted, *Kept, *Acted, *SettledEvent, *Excused:
			return false
		}
		return true
	})
}

func asJSON(t fataler, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
