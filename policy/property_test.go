package policy

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestNoWayAroundThePolicy sends changes through random lives in random
// companies. Every decision is checked (decideChecked) and every event audited
// (auditor). It goes on until the journeys have got far enough to mean
// something; -rapid.checks=20000 makes it thorough.
func TestNoWayAroundThePolicy(t *testing.T) {
	reached := map[string]int{}
	for range 10 {
		rapid.Check(t, func(t *rapid.T) { newJourney(t, reached).walk(false) }) // the company stays as it is
		rapid.Check(t, func(t *rapid.T) { newJourney(t, reached).walk(true) })  // people come and go
		if t.Failed() || len(unreached(reached)) == 0 {
			break
		}
	}
	for _, place := range unreached(reached) {
		t.Errorf("no journey came to: %s", place)
	}
	for _, place := range slices.Sorted(maps.Keys(reached)) {
		t.Logf("%6d %s", reached[place], place)
	}
}

// places are what the journeys of one run must have come to.
var places = []string{
	"draft", "proposed", "authorized", "in progress", "implemented", "tested", "released", "checked", "held up", "undoing", "undone",
	"closed", "rolled back", "rejected", "withdrawn", "expired", "canceled",
	"emergency released", "retrospective closed", "production window released", "ratified", "objected", "amended", "rework", "handover",
	"self-authorized", "accepted as partial", "approved by a deputy", "co-signed", "kept as incomplete", "nobody left",
}

func unreached(reached map[string]int) []string {
	return slices.DeleteFunc(slices.Clone(places), func(place string) bool { return reached[place] > 0 })
}

// A journey is one random life of a change.
type journey struct {
	*world
	t       *rapid.T
	audit   *auditor
	reached map[string]int
	joined  int
}

func newJourney(t *rapid.T, reached map[string]int) *journey {
	d := drawDirectory(t)
	return &journey{world: newWorld(t, d), t: t, audit: newAuditor(t), reached: reached}
}

// chance is true that many times in a hundred.
func (j *journey) chance(percent int, label string) bool { return chance(j.t, percent, label) }

func chance(t *rapid.T, percent int, label string) bool {
	return rapid.IntRange(0, 99).Draw(t, label) >= 100-percent
}

func pick[T any](t *rapid.T, of []T, label string) T { return rapid.SampledFrom(of).Draw(t, label) }

// drawDirectory makes a company: often like ours with fewer people, sometimes
// anybody with any hats.
func drawDirectory(t *rapid.T) Directory {
	d := company()
	if chance(t, 40, "any hats") {
		d.People = nil
		for i := range rapid.IntRange(3, 7).Draw(t, "people") {
			p := Person{ID: PersonID(fmt.Sprintf("p%d", i)), Name: fmt.Sprintf("Person %d", i), Addresses: []string{fmt.Sprintf("p%d@example.com", i)}}
			d.People = append(d.People, drawHats(t, p))
		}
		d.People[0].Roles = []Role{pick(t, proposingRoles, "proposer")}
		owner := Person{ID: "olive", Name: "Olive Owner", Addresses: []string{"olive@example.com"}, Roles: []Role{PolicyOwner}}
		d.People = append(d.People, owner)
	} else {
		for range rapid.IntRange(0, 4).Draw(t, "fewer") {
			i := rapid.IntRange(3, len(d.People)-3).Draw(t, "leaves")
			d.People = slices.Delete(d.People, i, i+1)
		}
	}
	if chance(t, 15, "as written") {
		d.FourEyes = AsWritten
	}
	if chance(t, 20, "co-signer") {
		d.CoSigners = []PersonID{pick(t, d.People, "who co-signs").ID}
	}
	if chance(t, 30, "deputy") {
		d.Deputies = []Deputy{{Principal: pick(t, d.People, "principal").ID, Deputy: pick(t, d.People, "deputy").ID, Until: monday.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "days"))}}
	}
	d.ProductionWindow = chance(t, 50, "production window")
	return d
}

func drawHats(t *rapid.T, p Person) Person {
	p.Roles, p.Teams = nil, nil
	for _, r := range []Role{ITDirector, CTO, DevLead} {
		if chance(t, 35, "role") {
			p.Roles = append(p.Roles, r)
		}
	}
	for _, team := range Teams {
		if chance(t, 50, "team") {
			p.Teams = append(p.Teams, team)
		}
	}
	return p
}

// walk takes the change some way; changing says whether the directory changes
// underneath it.
func (j *journey) walk(changing bool) {
	if j.take(j.proposal()); j.change.ID == "" {
		return
	}
	for range rapid.IntRange(10, 60).Draw(j.t, "steps") {
		if j.change.State.End() && j.chance(80, "stop at the end") {
			break
		}
		if changing && j.chance(12, "directory") {
			j.changeDirectory()
			j.take(Command{Kind: CommandReconsider})
			continue
		}
		if j.chance(3, "nobody says anything for weeks") {
			j.silence()
			continue
		}
		j.now = j.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(j.t, "hours")) * time.Hour)
		j.take(j.command())
		if open := len(j.change.OpenBallots()); !changing && open == 0 && !j.change.State.End() {
			j.t.Fatalf("the change is %s and nobody is asked", j.change.State)
		}
	}
	j.arrive()
}

// silence lets moment after moment pass.
func (j *journey) silence() {
	for range 12 {
		open := j.change.OpenBallots()
		if len(open) == 0 {
			return
		}
		next := slices.MinFunc(open, func(a, b Ballot) int { return a.Next.Compare(b.Next) }).Next
		if next.After(j.now) {
			j.now = next
		}
		j.take(Command{Kind: CommandFire})
	}
}

// take carries the command out and has its events audited.
func (j *journey) take(cmd Command) {
	before := j.change
	d := j.do(cmd)
	if d.Refusal != nil {
		return
	}
	for _, e := range d.Events {
		j.audit.read(j.world, e)
		j.note(e)
	}
	if again := Replay(j.history); asJSON(j.t, again) != asJSON(j.t, j.change) {
		j.t.Fatalf("replaying everything gives another change")
	}
	for _, b := range before.Ballots {
		if now, _ := j.change.Ballot(b.ID); b.Status == BallotCast && asJSON(j.t, now) != asJSON(j.t, b) {
			j.t.Fatalf("the cast ballot %s of %s has changed", b.Kind, b.Person)
		}
	}
	j.reached[string(j.change.State)]++
	if slices.ContainsFunc(d.Notices, func(n Notice) bool { return n.Kind == NoticeNobody }) {
		j.reached["nobody left"]++
	}
}

// note counts what an event shows to have been reached.
func (j *journey) note(e Event) {
	switch e := e.(type) {
	case *Cast:
		b := j.audit.papers[e.Ballot]
		switch {
		case e.Answer.Keyword == KeywordRatify:
			j.reached["ratified"]++
		case e.Answer.Keyword == KeywordRework:
			j.reached["rework"]++
		case e.Answer.Keyword == KeywordHandover:
			j.reached["handover"]++
		case e.Answer.Keyword == KeywordApprove && b.For != "":
			j.reached["approved by a deputy"]++
		case e.Answer.Keyword == KeywordApprove && b.CoSign:
			j.reached["co-signed"]++
		}
	case *Kept:
		j.reached["kept as incomplete"]++
	case *Marked:
		j.reached[string(e.Mark.Kind)]++
	case *Revised:
		if e.Revision > 1 {
			j.reached["amended"]++
		}
	}
}

// arrive checks the way taken, and counts what kinds of changes came how far.
func (j *journey) arrive() {
	checkSteps(j.t, j.history)
	states := steps(j.history)
	for i, to := range states[1:] {
		j.reached[fmt.Sprintf("step %s > %s", states[i], to)]++
	}
	for _, kind := range []MarkKind{MarkEmergency, MarkRetrospective, MarkProductionWindow} {
		if j.change.Marked(kind) && j.change.Release.Told && j.change.Release.Live {
			j.reached[string(kind)+" released"]++
		}
		if j.change.Marked(kind) && j.change.State == StateClosed {
			j.reached[string(kind)+" closed"]++
		}
	}
}

// anybody draws a person of the directory.
func (j *journey) anybody(label string) PersonID { return pick(j.t, j.dir.People, label).ID }

func (j *journey) from(people []PersonID, label string) PersonID {
	if len(people) == 0 {
		return j.anybody(label)
	}
	return pick(j.t, people, label)
}

func (j *journey) proposal() Command {
	proposers := j.dir.where(func(p Person) bool { return j.dir.MayPropose(p.ID) })
	return Command{Kind: CommandPropose, By: j.from(proposers, "proposer"), Form: j.proposalForm()}
}

func (j *journey) proposalForm() Form {
	form := fullForm()
	form[LabelCategory] = pick(j.t, []string{"development tools", "cybersecurity", "software technology; cybersecurity"}, "category")
	form[LabelImplementer] = string(j.from(j.dir.Members(IT, Development), "implementer"))
	if j.chance(20, "emergency") {
		form[LabelUrgency] = "emergency"
	}
	if j.chance(15, "already done") {
		form[LabelAlreadyDone] = "Sunday, by somebody, on the director's word"
	}
	if j.chance(25, "window") && j.dir.ProductionWindow {
		form[LabelEnvironment] = "production window"
	}
	if j.chance(30, "tester named") {
		form[LabelTester] = string(j.from(j.dir.Members(IT, QA), "tester"))
	}
	if j.chance(20, "major") {
		form[LabelMajor] = "yes: our backend"
	}
	if j.chance(8, "incomplete") {
		delete(form, pick(j.t, RequiredLabels, "left out"))
	}
	return form
}

// command draws the next thing somebody does: mostly an answer that takes the
// change further.
func (j *journey) command() Command {
	open := j.change.OpenBallots()
	switch n := rapid.IntRange(0, 99).Draw(j.t, "what"); {
	case n < 80 && len(open) > 0:
		return j.sensible(pick(j.t, open, "ballot"))
	case n < 86:
		return j.unasked()
	case n < 91 && len(open) > 0:
		if next := pick(j.t, open, "silent").Next; next.After(j.now) {
			j.now = next
		}
		return Command{Kind: CommandFire}
	case n < 92:
		return Command{Kind: CommandCancel, Text: "enough"}
	case n < 93:
		return Command{Kind: CommandExcuse, Recipient: string(j.anybody("excused")), Text: "told by telephone", Proof: "operator"}
	case n < 94:
		return Command{Kind: CommandComment, By: j.anybody("commenter"), Text: "I see."}
	case n < 95:
		return j.proposal()
	default:
		return j.nonsense()
	}
}

// keywords of each ballot, the likely ones more often.
var likely = map[BallotKind][]Keyword{
	BallotAuthorization:  {"APPROVE", "APPROVE", "APPROVE", "APPROVE", "APPROVE", "APPROVE", "APPROVE", "APPROVE", "ASK", "ALSO", "REJECT"},
	BallotRatification:   {"RATIFY", "RATIFY", "OBJECT"},
	BallotOffer:          {"TAKE", "TAKE", "TAKE", "DECLINE", "IMPLEMENTED"},
	BallotImplementation: {"IMPLEMENTED", "IMPLEMENTED", "IMPLEMENTED", "IMPLEMENTED", "HANDOVER", "FAILED"},
	BallotTest:           {"PASS", "PASS", "PASS", "PASS", "FAIL"},
	BallotRelease:        {"RELEASED"},
	BallotCheck:          {"CONFIRM", "CONFIRM", "CONFIRM", "CONFIRM", "CONFIRM", "REWORK", "UNDO"},
	BallotDocuments:      {"DOCUMENTED"},
	BallotDecision:       {"CONTINUE", "CONTINUE", "CONTINUE", "CONTINUE", "ACCEPT", "UNDO", "CANCEL"},
	BallotUndo:           {"UNDONE", "UNDONE", "UNDONE", "FAILED"},
	BallotCorrection:     {"", "", "", "", "WITHDRAW"},
	BallotQuestion:       {""},
}

// sensible draws an answer of the ballot's own person.
func (j *journey) sensible(b Ballot) Command {
	k := pick(j.t, likely[b.Kind], "keyword")
	cmd := Command{Kind: CommandAnswer, By: b.Person, Ballot: b.ID, Keyword: k, Form: answerForm(j.change.State, b.Kind, k)}
	if b.Kind == BallotCorrection && k == NoKeyword {
		cmd.Form = j.proposalForm()
		return cmd
	}
	set := func(percent int, on []Keyword, l Label, value string) {
		if slices.Contains(on, k) && j.chance(percent, string(l)) {
			cmd.Form[l] = value
		}
	}
	workers, testers := j.dir.Members(IT, Development), j.dir.Members(IT, QA)
	set(100, []Keyword{"IMPLEMENTED"}, LabelVersion, fmt.Sprintf("v%d", j.seq))
	set(10, []Keyword{"APPROVE"}, LabelMajor, "yes: our infrastructure")
	set(15, []Keyword{"APPROVE", "CONTINUE"}, LabelImplementer, string(j.from(workers, "named")))
	set(100, []Keyword{"HANDOVER"}, LabelImplementer, string(j.from(workers, "named")))
	set(10, []Keyword{"APPROVE"}, LabelTester, string(j.from(testers, "named")))
	set(40, []Keyword{"ACCEPT"}, LabelVersion, "as it stands")
	set(30, []Keyword{"CONFIRM"}, LabelDocuments, "build guide / v7 / the new release")
	set(15, []Keyword{"IMPLEMENTED"}, LabelLeftUndone, "two of nine workers")
	if labels := cmd.Form.Labels(); len(labels) > 0 && j.chance(6, "forgets") {
		delete(cmd.Form, pick(j.t, labels, "forgotten"))
	}
	return cmd
}

// unasked draws an act, mostly by somebody with a part in the change.
func (j *journey) unasked() Command {
	people := []PersonID{j.change.Proposer, first(j.change.Implementer, j.change.NamedImplementer(), j.change.Proposer)}
	people = append(people, j.change.Approvers()...)
	cmd := Command{Kind: CommandAct, By: pick(j.t, append(people, j.anybody("by")), "actor")}
	cmd.Keyword = pick(j.t, []Keyword{"AMEND", "AMEND", "RESCHEDULE", "WITHDRAW", "STOP", "STOP", "UNDONE"}, "act")
	cmd.Form = answerForm("", "", cmd.Keyword)
	if cmd.Keyword == KeywordAmend {
		cmd.Form = Form{LabelSystems: fmt.Sprintf("the build farm and %d more", j.seq)}
		if j.chance(30, "all of it") {
			cmd.Form = j.proposalForm()
		}
	}
	return cmd
}

// nonsense draws anybody's answer to any ballot.
func (j *journey) nonsense() Command {
	cmd := Command{Kind: CommandAnswer, By: j.anybody("by"), Keyword: pick(j.t, append(slices.Clone(Keywords), NoKeyword), "keyword"), Form: fullAnswer()}
	if len(j.change.Ballots) > 0 {
		b := pick(j.t, j.change.Ballots, "ballot")
		cmd.Ballot = b.ID
		if j.chance(60, "their own") {
			cmd.By = b.Person
		}
	}
	return cmd
}

// changeDirectory has somebody leave, join, or change hats; the policy owner
// stays, so that somebody can be told.
func (j *journey) changeDirectory() {
	d := j.dir
	d.People = slices.Clone(d.People)
	i := rapid.IntRange(0, len(d.People)-1).Draw(j.t, "person")
	owner := d.People[i].ID == "olive"
	switch rapid.IntRange(0, 2).Draw(j.t, "how") {
	case 0:
		if !owner {
			d.People = slices.Delete(d.People, i, i+1)
		}
	case 1:
		j.joined++
		id := fmt.Sprintf("new%d", j.joined)
		d.People = append(d.People, drawHats(j.t, Person{ID: PersonID(id), Name: "New " + id, Addresses: []string{id + "@example.com"}}))
	case 2:
		if !owner {
			d.People[i] = drawHats(j.t, d.People[i])
		}
	}
	j.dir = d
}
