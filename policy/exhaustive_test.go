package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A snapshot is a change in some state, under its directory.
type snapshot struct {
	name string
	world
}

// tour takes changes of several kinds through every state and keeps what each
// step left.
func tour(t *testing.T) []snapshot {
	var kept []snapshot
	both := Form{LabelCategory: "cybersecurity; software technology"}
	routes := []struct {
		name  string
		dir   func(*Directory)
		by    PersonID
		over  Form
		steps []string
	}{
		{"plain", nil, "lead", nil, []string{
			"cto ASK", "cto APPROVE", "ada DECLINE", "eve TAKE", "eve HANDOVER", "ben IMPLEMENTED", "quinn FAIL",
			"ben IMPLEMENTED", "quinn PASS", "ben RELEASED", "cto REWORK", "ben IMPLEMENTED", "quinn PASS", "ben RELEASED",
			"cto CONFIRM", "cto DOCUMENTED",
		}},
		{"both halves, with a deputy", func(d *Directory) {
			d.Deputies = []Deputy{{Principal: "cto", Deputy: "dep", Until: monday.AddDate(0, 1, 0)}}
		}, "lead", both, []string{
			"dep APPROVE", "itd APPROVE", "ada TAKE", "ada FAILED", "itd CONTINUE", "cto CONTINUE", "ada IMPLEMENTED",
			"itd STOP", "itd ACCEPT", "dep ACCEPT", "quinn PASS", "ada RELEASED", "itd CONFIRM", "dep UNDO", "ada FAILED",
			"itd UNDO", "ada UNDONE", "itd REWORK", "ada UNDONE", "itd CONFIRM", "dep CONFIRM", "itd DOCUMENTED", "dep DOCUMENTED",
		}},
		{"co-signed", nil, "itd", Form{LabelCategory: "cybersecurity"}, []string{"itd APPROVE", "cto APPROVE", "ada TAKE", "itd STOP", "itd CANCEL"}},
		{"emergency", nil, "itd", Form{LabelCategory: "cybersecurity", LabelUrgency: "emergency"}, []string{
			"itd APPROVE", "ada TAKE", "ada IMPLEMENTED", "cto OBJECT", "itd CONTINUE", "cto CONTINUE",
		}},
		{"ratified", nil, "itd", Form{LabelCategory: "cybersecurity", LabelUrgency: "emergency"}, []string{
			"itd APPROVE", "ada IMPLEMENTED", "quinn PASS", "ada RELEASED", "itd CONFIRM", "itd DOCUMENTED", "cto RATIFY",
		}},
		{"retrospective", nil, "lead", Form{LabelAlreadyDone: "Sunday, by Ada, on the CTO's word"}, []string{
			"cto REJECT", "ada FAILED", "cto CONTINUE", "ada UNDONE", "cto CONFIRM",
		}},
		{"window", func(d *Directory) { d.ProductionWindow = true }, "lead", Form{LabelEnvironment: "production window"}, []string{
			"cto APPROVE", "ada IMPLEMENTED", "quinn FAIL", "ada FAILED", "cto ACCEPT", "quinn PASS",
		}},
		{"as written", func(d *Directory) { d.FourEyes = AsWritten }, "itd", Form{LabelCategory: "cybersecurity"}, []string{"itd APPROVE"}},
		{"draft", nil, "lead", Form{LabelRisk: ""}, []string{"lead WITHDRAW"}},
		{"withdrawn", nil, "lead", nil, []string{"cto APPROVE", "ada TAKE", "lead WITHDRAW"}},
		{"rejected", nil, "lead", nil, []string{"cto REJECT"}},
	}
	for _, r := range routes {
		d := company()
		if r.dir != nil {
			r.dir(&d)
		}
		w := newWorld(t, d)
		w.must(w.propose(r.by, r.over))
		kept = append(kept, snapshot{r.name + ": proposed", *w})
		for _, step := range r.steps {
			by, k, _ := strings.Cut(step, " ")
			w.mustSay(PersonID(by), Keyword(k), nil)
			kept = append(kept, snapshot{r.name + ": " + step, *w})
		}
	}
	return kept
}

// takes is what each ballot takes, written a second time, without the table.
var takes = map[BallotKind][]Keyword{
	"correction": {"", "WITHDRAW"}, "authorization": {"APPROVE", "REJECT", "ASK", "ALSO"}, "question": {""},
	"ratification": {"RATIFY", "OBJECT"}, "offer": {"TAKE", "DECLINE", "IMPLEMENTED"},
	"implementation": {"IMPLEMENTED", "HANDOVER", "FAILED"}, "test": {"PASS", "FAIL"}, "release": {"RELEASED"},
	"check": {"CONFIRM", "REWORK", "UNDO"}, "documents": {"DOCUMENTED"},
	"decision": {"CONTINUE", "ACCEPT", "UNDO", "CANCEL"}, "undo": {"UNDONE", "FAILED"},
}

const counted RefusalCode = "counted"

// expect says what must become of the person's answer, or, with no ballot, of
// their act: counted, or one of the codes.
func (s snapshot) expect(b Ballot, by PersonID, k Keyword) []RefusalCode {
	c := s.change
	_, known := s.dir.Person(by)
	isAct := slices.Contains([]Keyword{"AMEND", "RESCHEDULE", "WITHDRAW", "STOP", "UNDONE", "STATUS", "HELP"}, k)
	taken := slices.Contains(takes[b.Kind], k) && (b.Kind != "check" || c.State != "undone" || k != "UNDO")
	switch {
	case !known:
		return []RefusalCode{"not eligible"}
	case b.ID == "" && isAct:
		return s.expectAct(by, k)
	case b.ID == "" && c.State.End():
		return []RefusalCode{"ended"}
	case b.ID == "":
		return []RefusalCode{"not an answer"}
	case b.Person != by:
		return []RefusalCode{"wrong person"}
	case isAct && !taken:
		return s.expectAct(by, k)
	case b.Status != "open" && k == "UNDONE" && (c.State == "released" || c.State == "checked") && c.Release.Live:
		return s.expectAct(by, k)
	case b.Status == "cast":
		return []RefusalCode{"already decided"}
	case b.Status != "open":
		return []RefusalCode{"voided", "old revision", "old attempt"}
	case !taken:
		return []RefusalCode{"not an answer"}
	case k == "ALSO" && slices.ContainsFunc(c.Requirements, func(r Requirement) bool { return r.Role == ITDirector }):
		return []RefusalCode{"not an answer"} // they are asked already
	case k == "CANCEL" && c.Release.Ever:
		return []RefusalCode{"in production"}
	case k == "ACCEPT" && s.rejected():
		return []RefusalCode{"in production"}
	case k == "ACCEPT" && c.Attempt.Version == "":
		return []RefusalCode{"too early"}
	case k == "HANDOVER" && by == "ben":
		return []RefusalCode{"not eligible"} // to themselves
	case k == "" && b.Kind == "correction":
		return []RefusalCode{"problems"} // nothing of a proposal stands in the answer
	default:
		return []RefusalCode{counted}
	}
}

func (s snapshot) rejected() bool {
	return slices.ContainsFunc(s.change.Ballots, func(b Ballot) bool { return b.Answer != nil && b.Answer.Keyword == "REJECT" })
}

// expectAct is the same for acts.
func (s snapshot) expectAct(by PersonID, k Keyword) []RefusalCode {
	c := s.change
	in := func(states ...State) bool { return slices.Contains(states, c.State) }
	only := func(ok bool, code RefusalCode) []RefusalCode {
		if ok {
			return []RefusalCode{code}
		}
		return []RefusalCode{"not eligible"}
	}
	implementer := c.Implementer
	if implementer == "" {
		implementer = "ada"
	}
	proposer := by == c.Proposer
	switch {
	case c.State.End():
		return []RefusalCode{"ended"}
	case k == "STATUS" || k == "HELP":
		return []RefusalCode{"not an answer"} // the desk answers these
	case k == "STOP" && in("draft", "proposed"):
		return []RefusalCode{"too early"}
	case k == "STOP" && in("held up"):
		return []RefusalCode{"too late"}
	case k == "STOP" && !in("authorized", "in progress", "implemented", "tested"):
		return []RefusalCode{"in production"}
	case k == "STOP":
		return only(s.mayStop(by, implementer), counted)
	case k == "WITHDRAW" && !proposer:
		return []RefusalCode{"not eligible"}
	case k == "WITHDRAW" && (c.Release.Live || in("released", "checked", "undoing", "undone")):
		return []RefusalCode{"in production"}
	case k == "WITHDRAW" && in("held up"):
		return []RefusalCode{"too late"}
	case k == "WITHDRAW":
		return []RefusalCode{counted}
	case k == "RESCHEDULE" && in("draft"):
		return []RefusalCode{"too early"}
	case k == "RESCHEDULE" && in("released", "checked", "undoing", "undone"):
		return []RefusalCode{"too late"}
	case k == "RESCHEDULE":
		return only(proposer || by == implementer, counted)
	case k == "AMEND" && !proposer:
		return []RefusalCode{"not eligible"}
	case k == "AMEND" && in("draft"):
		return []RefusalCode{"problems"}
	case k == "AMEND" && !in("proposed", "authorized"):
		return []RefusalCode{"too late"}
	case k == "AMEND":
		return []RefusalCode{"nothing changed"}
	case k == "UNDONE" && (!in("released", "checked") || !c.Release.Live):
		return []RefusalCode{"too early"}
	case k == "UNDONE":
		return only(by == implementer, counted)
	}
	return nil
}

func (s snapshot) mayStop(by, implementer PersonID) bool {
	for _, r := range s.change.Requirements {
		switch {
		case r.Role == CTO && (by == "cto" || by == "dep" && len(s.dir.Deputies) > 0),
			r.Role == ITDirector && by == "itd", r.CoSign && by == "cto":
			return true
		}
	}
	tests := slices.ContainsFunc(s.change.OpenFor(by), func(b Ballot) bool { return b.Kind == "test" })
	return by == implementer || tests || by == s.change.Attempt.Passed
}

// TestEveryAnswerOfEverybody puts every keyword to every ballot, and to none,
// in every state, in the name of everybody.
func TestEveryAnswerOfEverybody(t *testing.T) {
	people := []PersonID{"mallory"}
	for _, p := range company().People {
		people = append(people, p.ID)
	}
	seen := map[string]bool{}
	tried, outcomes := 0, map[RefusalCode]int{}
	for _, s := range tour(t) {
		seen[string(s.change.State)] = true
		for _, b := range append(slices.Clone(s.change.Ballots), Ballot{}) {
			for _, by := range people {
				for _, k := range append(slices.Clone(Keywords), NoKeyword) {
					if b.ID == "" && k == NoKeyword || b.ID != "" && by != b.Person && !slices.Contains(takes[b.Kind], k) && k != "STOP" {
						continue // a comment; and of somebody else's ballot the likely answers suffice
					}
					got := s.try(t, b, by, k)
					if want := s.expect(b, by, k); !slices.Contains(want, got) {
						t.Errorf("%s (%s): %s says %q on the %s %s ballot of %s: %s, want %q", s.name, s.change.State, by, k, b.Status, b.Kind, b.Person, got, want)
					}
					tried++
					outcomes[got]++
				}
			}
		}
	}
	for _, state := range States {
		if !seen[string(state)] && state != StateExpired {
			t.Errorf("the tour does not come to %s", state)
		}
	}
	t.Logf("%d answers: %v", tried, outcomes)
}

// try decides one answer and checks that a refusal changes nothing; what is
// counted is checked in every way.
func (s snapshot) try(t *testing.T, b Ballot, by PersonID, k Keyword) RefusalCode {
	t.Helper()
	cmd := Command{Kind: CommandAnswer, By: by, Ballot: b.ID, Keyword: k, Seed: "try", Mail: "try", Form: answerForm(s.change.State, b.Kind, k)}
	if b.ID == "" {
		cmd.Kind = CommandAct
	}
	d := Decide(s.change, s.dir, cmd, s.now)
	if d.Refusal != nil {
		if len(d.Events)+len(d.Notices) > 0 || !reflect.DeepEqual(d.Change, s.change) {
			t.Fatalf("%s: %s says %q on %s: refused, and something changed", s.name, by, k, b.Kind)
		}
		return d.Refusal.Code
	}
	decideChecked(t, s.change, s.dir, cmd, s.now)
	if !slices.ContainsFunc(d.Events, func(e Event) bool {
		switch e := e.(type) {
		case *Cast:
			return e.Answer.By == by && e.Answer.Keyword == k && e.Ballot == b.ID
		case *Acted:
			return e.Answer.By == by && e.Answer.Keyword == k
		}
		return false
	}) {
		return "counted without a trace"
	}
	return counted
}
