package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// leads is where each state can lead in one step; the random journeys and the
// tour hold it against what happens.
var leads = map[State][]State{
	"":               {StateDraft},
	StateDraft:       {StateProposed, StateWithdrawn, StateExpired, StateCanceled},
	StateProposed:    {StateProposed, StateAuthorized, StateUndoing, StateRejected, StateWithdrawn, StateExpired, StateCanceled},
	StateAuthorized:  {StateProposed, StateInProgress, StateImplemented, StateHeldUp, StateWithdrawn, StateExpired, StateCanceled},
	StateInProgress:  {StateImplemented, StateHeldUp, StateCanceled},
	StateImplemented: {StateInProgress, StateTested, StateHeldUp, StateUndoing, StateCanceled},
	StateTested:      {StateReleased, StateHeldUp, StateCanceled},
	StateReleased:    {StateInProgress, StateChecked, StateHeldUp, StateUndoing, StateUndone},
	StateChecked:     {StateHeldUp, StateUndone, StateClosed, StateRolledBack, StateCanceled},
	StateHeldUp: {
		StateAuthorized, StateInProgress, StateImplemented, StateTested, StateReleased, StateChecked,
		StateHeldUp, StateUndoing, StateCanceled,
	},
	StateUndoing: {StateHeldUp, StateUndone, StateCanceled},
	StateUndone:  {StateChecked, StateUndoing, StateCanceled},
}

const beginMark, endMark = "<!-- generated -->\n", "<!-- end -->\n"

// TestStatesPage compares docs/states.md with the table.
func TestStatesPage(t *testing.T) {
	const file = "../docs/states.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(text), beginMark)
	got, after, ended := strings.Cut(rest, endMark)
	if !begun || !ended {
		t.Fatalf("%s has no room for the table: it stands between %q and %q", file, beginMark, endMark)
	}
	want := statesPage()
	if *update {
		if err := os.WriteFile(file, []byte(before+beginMark+want+endMark+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != want {
		t.Errorf("%s does not say what the table says; run go test ./policy -run States -update\n%s", file, want)
	}
	for _, state := range States {
		if !strings.Contains(before, string(state)) && !slices.Contains([]State{StateRejected, StateWithdrawn, StateExpired}, state) {
			t.Errorf("the diagram does not show %s", state)
		}
	}
}

// statesPage writes the table, the acts and the steps as Markdown.
func statesPage() string {
	var out strings.Builder
	fmt.Fprint(&out, "\n## Ballots\n\n| state | ballot | who is asked | answer | leads to |\n|---|---|---|---|---|\n")
	for _, row := range Table {
		for i, rule := range row.Answers {
			state, ballot, asks := string(row.State), string(row.Ballot), row.Asks
			if i > 0 {
				state, ballot, asks = "", "", ""
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", state, ballot, asks, answerText(rule), rule.Leads)
		}
	}
	fmt.Fprint(&out, "\n## Unasked\n\n| act | leads to |\n|---|---|\n")
	for _, rule := range Acts {
		fmt.Fprintf(&out, "| %s | %s |\n", answerText(rule), rule.Leads)
	}
	fmt.Fprint(&out, "\n## Steps\n\n| from | to |\n|---|---|\n")
	for _, state := range States {
		var to []string
		for _, next := range leads[state] {
			to = append(to, string(next))
		}
		if state.End() {
			to = []string{"an end; what is left to do begins a new change with Follows or Undoes"}
		}
		fmt.Fprintf(&out, "| %s | %s |\n", state, strings.Join(to, ", "))
	}
	fmt.Fprint(&out, "\n")
	return out.String()
}

// answerText is a keyword with its fields, optional ones in brackets.
func answerText(r Rule) string {
	text := string(r.Keyword)
	if r.Keyword == NoKeyword {
		text = "(no keyword)"
	}
	join := func(labels []Label) string {
		var names []string
		for _, l := range labels {
			names = append(names, string(l))
		}
		return strings.Join(names, ", ")
	}
	optional := join(r.Optional)
	if slices.Equal(r.Optional, ProposalLabels) {
		optional = "any field of the proposal"
	}
	if len(r.Required) > 0 {
		text += " + " + join(r.Required)
	}
	if optional != "" {
		text += " [" + optional + "]"
	}
	return text
}

// TestTableIsClosed checks that what belongs together is complete on every
// side: each answer has somebody who decides it and each decider an answer,
// each ballot a mail that carries it, each field a label and a remedy.
func TestTableIsClosed(t *testing.T) {
	labels := slices.Concat(ProposalLabels, AnswerLabels)
	decided := map[BallotKind]map[Keyword]bool{}
	for _, row := range Table {
		if decided[row.Ballot] == nil {
			decided[row.Ballot] = map[Keyword]bool{}
		}
		if row.Asks == "" || AskOf(row.Ballot) == "" || !slices.Contains(NoticeKinds, AskOf(row.Ballot)) {
			t.Errorf("%s: nobody is asked, or by no mail", row.Ballot)
		}
		if !slices.Contains(States, row.State) || row.State.End() {
			t.Errorf("%s is no state that waits", row.State)
		}
		for _, rule := range row.Answers {
			decided[row.Ballot][rule.Keyword] = true
			if deciders[row.Ballot][rule.Keyword] == nil {
				t.Errorf("nothing decides %s on %s", rule.Keyword, row.Ballot)
			}
			checkRule(t, rule, labels)
		}
	}
	for _, rule := range Acts {
		checkRule(t, rule, labels)
	}
	for kind, answers := range deciders {
		for keyword := range answers {
			if !decided[kind][keyword] {
				t.Errorf("%s on %s is decided and stands in no row of the table", keyword, kind)
			}
		}
	}
	if len(decided) != len(askOf) || len(deciders) != len(askOf) || len(terms) != len(askOf) {
		t.Errorf("%d ballots in the table, %d are decided, %d have mails, %d have terms", len(decided), len(deciders), len(askOf), len(terms))
	}
}

func checkRule(t *testing.T, rule Rule, labels []Label) {
	t.Helper()
	if rule.Leads == "" {
		t.Errorf("it is not said where %s leads", rule.Keyword)
	}
	if rule.Keyword != NoKeyword && !slices.Contains(Keywords, rule.Keyword) {
		t.Errorf("%s is not in the list of keywords", rule.Keyword)
	}
	for _, l := range slices.Concat(rule.Required, rule.Optional) {
		if !slices.Contains(labels, l) {
			t.Errorf("%s has a field %s that is in no list", rule.Keyword, l)
		}
	}
	for _, l := range rule.Required {
		if hints[l] == "" {
			t.Errorf("it is not said what is to stand under %s", l)
		}
	}
}

// TestEveryWaitingStateAsks checks that each state that waits has a row, and
// that a change in it is put to somebody.
func TestEveryWaitingStateAsks(t *testing.T) {
	for _, state := range OpenStates {
		if !slices.ContainsFunc(Table, func(r Row) bool { return r.State == state }) || askers[state] == nil {
			t.Errorf("%s waits for nobody", state)
		}
	}
	for _, state := range Ends {
		if slices.ContainsFunc(Table, func(r Row) bool { return r.State == state }) || askers[state] != nil {
			t.Errorf("%s is an end and waits", state)
		}
	}
}

// TestWordsAreDistinct checks that no keyword is a label, and nothing is listed
// twice: a mail that quotes our form must not vote.
func TestWordsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	add := func(word string) {
		if folded := strings.ToLower(word); seen[folded] {
			t.Errorf("the word %s means two things", word)
		} else {
			seen[folded] = true
		}
	}
	for _, k := range Keywords {
		add(string(k))
	}
	for _, l := range slices.Concat(ProposalLabels, AnswerLabels) {
		add(string(l))
	}
	for _, l := range RequiredLabels {
		if !slices.Contains(ProposalLabels, l) {
			t.Errorf("%s is required and no field", l)
		}
	}
}

func TestTakesReason(t *testing.T) {
	want := map[Keyword]Label{
		"REJECT": "Reason", "ASK": "Question", "DECLINE": "Reason", "FAILED": "Reason", "FAIL": "Reason",
		"REWORK": "Reason", "UNDO": "Reason", "OBJECT": "Reason", "STOP": "Reason", "WITHDRAW": "Reason",
	}
	for _, k := range Keywords {
		label, takes := k.TakesReason()
		if label != want[k] || takes != (want[k] != "") {
			t.Errorf("%s: text is taken for %q, want %q", k, label, want[k])
		}
	}
}

// TestTourGoesWhereThePageLeads checks each step of the tour; the random
// journeys check theirs.
func TestTourGoesWhereThePageLeads(t *testing.T) {
	for _, s := range tour(t) {
		checkSteps(t, s.history)
	}
}

// steps lists the states the events go through.
func steps(events []Event) []State {
	states := []State{""}
	for _, e := range events {
		switch e := e.(type) {
		case *Opened:
			states = append(states, StateDraft)
		case *Revised:
			states = append(states, StateProposed)
		case *HeldUp:
			states = append(states, StateHeldUp)
		case *Moved:
			states = append(states, e.To)
		}
	}
	return states
}

func checkSteps(t fataler, events []Event) {
	t.Helper()
	states := steps(events)
	for i, to := range states[1:] {
		if !slices.Contains(leads[states[i]], to) {
			t.Fatalf("a step from %q to %q, which is not in the table", states[i], to)
		}
	}
}
