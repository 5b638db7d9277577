package policy

import (
	"slices"
	"strings"
	"testing"
)

// staff makes a company of these people: "ada: it qa".
func staff(lines ...string) Directory {
	d := Directory{PolicyVersion: "1.1", FourEyes: CoSign}
	for _, line := range lines {
		id, hats, _ := strings.Cut(line, ":")
		p := Person{ID: PersonID(id), Name: "Person " + id, Addresses: []string{id + "@example.com"}}
		d.People = append(d.People, wearing(p, strings.Fields(hats)))
	}
	return d
}

// In small companies people wear many hats. Each of these can go all the way,
// or is told early, at the proposal, what stands in the way.
func TestSmallCompanies(t *testing.T) {
	both := Form{LabelCategory: "cybersecurity; software technology"}
	tests := []struct {
		name    string
		dir     Directory
		by      PersonID
		over    Form
		problem ProblemCode // said at the proposal; else it goes all the way
		marked  MarkKind
		asked   string // at the proposal
	}{
		{name: "two in IT and no QA: the other one tests",
			dir: staff("itd: it-director it", "cto: cto development", "ada: it"), by: "cto",
			over: Form{LabelCategory: "cybersecurity"}, asked: "itd authorization"},
		{name: "one in IT and no QA: they cannot implement",
			dir: staff("itd: it-director", "cto: cto development", "ada: it"), by: "cto",
			over: Form{LabelCategory: "cybersecurity"}, problem: ProblemNoTester},
		{name: "one in IT and no QA: development implements, IT tests",
			dir: staff("itd: it-director", "cto: cto", "ada: it", "eve: development"), by: "cto",
			over: Form{LabelCategory: "cybersecurity", LabelImplementer: "eve"}, asked: "itd authorization"},
		{name: "the CTO leads development and proposes: the IT Director co-signs",
			dir: staff("itd: it-director it", "cto: cto dev-lead development", "ada: it"), by: "cto", asked: "cto authorization, itd authorization"},
		{name: "the CTO proposes and implements: the IT Director co-signs and IT tests",
			dir: staff("itd: it-director it", "cto: cto dev-lead development"), by: "cto",
			over: Form{LabelImplementer: "cto"}, asked: "cto authorization, itd authorization"},
		{name: "one person is CTO and IT Director, another proposes: one paper for both halves",
			dir: staff("boss: cto it-director it", "lead: dev-lead development", "ada: it"), by: "lead", over: both, asked: "boss authorization"},
		{name: "one person is CTO and IT Director and proposes: nobody can authorize it",
			dir: staff("boss: cto it-director it", "ada: it", "eve: development"), by: "boss", over: both, problem: ProblemNobody},
		{name: "one person is CTO and IT Director and proposes: a co-signer is configured",
			dir: func() Directory {
				d := staff("boss: cto it-director it", "ada: it", "ceo: g7")
				d.CoSigners = []PersonID{"ceo"}
				return d
			}(), by: "boss", over: both, asked: "boss authorization, ceo authorization"},
		{name: "one person is CTO and IT Director and proposes: by the letter they may",
			dir: func() Directory {
				d := staff("boss: cto it-director it", "ada: it")
				d.FourEyes = AsWritten
				return d
			}(), by: "boss", over: both, marked: MarkSelfAuthorized, asked: "boss authorization"},
		{name: "an emergency, too, needs somebody who could ratify it",
			dir: staff("boss: cto it-director it", "ada: it"), by: "boss",
			over: Form{LabelUrgency: "emergency"}, problem: ProblemNobody},
		{name: "the only other one implements: nobody independent is left to authorize",
			dir: staff("itd: it-director it", "cto: cto it"), by: "itd",
			over: Form{LabelCategory: "cybersecurity", LabelImplementer: "cto"}, problem: ProblemNobody},
		{name: "nobody is IT Director: nobody can authorize their half",
			dir: staff("cto: cto development", "lead: dev-lead", "ada: it", "quinn: qa"), by: "lead",
			over: Form{LabelCategory: "cybersecurity"}, problem: ProblemNobody},
		{name: "the IT Director implements what the lead proposes in the CTO's half",
			dir: staff("itd: it-director it", "cto: cto", "lead: dev-lead", "quinn: qa"), by: "lead",
			over: Form{LabelImplementer: "itd"}, asked: "cto authorization"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.dir)
			w.must(w.propose(test.by, test.over))
			if test.problem != "" {
				w.wantState(StateDraft)
				said := func(p Problem) bool { return p.Code == test.problem }
				if !slices.ContainsFunc(w.change.Problems, said) {
					t.Fatalf("the proposal has the problems %+v, want %q", w.change.Problems, test.problem)
				}
				return
			}
			if got := openText(w.change); got != test.asked {
				t.Errorf("asked: %s; want %s", got, test.asked)
			}
			w.goAllTheWay()
			if test.marked != "" && !w.change.Marked(test.marked) {
				t.Errorf("marks: %v, want %s", w.change.Marks, test.marked)
			}
		})
	}
}

// onward is the answer by which each ballot takes a change towards its end.
var onward = map[BallotKind]Keyword{
	BallotCorrection: NoKeyword, BallotAuthorization: KeywordApprove, BallotRatification: KeywordRatify, BallotQuestion: NoKeyword,
	BallotOffer: KeywordTake, BallotImplementation: KeywordImplemented, BallotTest: KeywordPass, BallotRelease: KeywordReleased,
	BallotCheck: KeywordConfirm, BallotDocuments: KeywordDocumented, BallotDecision: KeywordContinue, BallotUndo: KeywordUndone,
}

// goAllTheWay has whoever is asked answer onward until the change is closed.
func (w *world) goAllTheWay() {
	w.t.Helper()
	for range 30 {
		open := w.change.OpenBallots()
		if len(open) == 0 {
			break
		}
		w.mustSay(open[0].Person, onward[open[0].Kind], nil)
	}
	w.wantState(StateClosed)
}
