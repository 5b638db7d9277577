package policy

import "fmt"

// pass records a passed test of the current implementation (6); that nobody
// with a part in the work gives it follows from who is asked (wanted). In a
// production window the change is released with it.
func (t *turn) pass(b Ballot, a Answer) *Refusal {
	if r := t.ofVersion(b, a); r != nil {
		return r
	}
	t.cast(b, a)
	t.why = fmt.Sprintf("%s has tested it.", t.dir.Name(a.By))
	evidence := a.Fields.Get(LabelEvidence)
	for _, f := range a.Files {
		evidence = joinLines(evidence, "attached: "+f.Name)
	}
	t.emit(&Passed{Attempt: t.change.Attempt.N, By: a.By, Evidence: evidence, At: t.now})
	t.move(StateTested, "")
	if t.change.Proposal.Environment == ProductionWindow {
		t.distribute()
		t.move(StateReleased, "")
	}
	t.settle()
	return nil
}

// fail sends the work back; a second failure holds it up, and in a production
// window it is undone at once.
func (t *turn) fail(b Ballot, a Answer) *Refusal {
	if r := t.ofVersion(b, a); r != nil {
		return r
	}
	t.cast(b, a)
	t.why = fmt.Sprintf("%s has tested it, and it failed.", t.dir.Name(a.By))
	t.emit(&Flunked{Attempt: t.change.Attempt.N, By: a.By, At: t.now})
	people := append(t.change.Approvers(), t.change.Proposer)
	switch reason := a.Fields.Get(LabelReason); {
	case t.change.Proposal.Environment == ProductionWindow:
		t.move(StateUndoing, reason)
		t.tell(NoticeUndoing, "You have a part in this change.", people...)
	case t.change.Fails > 1:
		t.hold(Hold{From: StateInProgress, By: a.By, Why: "The test failed again: " + reason})
	default:
		t.move(StateInProgress, reason)
		t.tell(NoticeRework, "You have a part in this change.", people...)
	}
	t.settle()
	return nil
}

// ofVersion refuses an answer that names another version than the current
// implementation's.
func (t *turn) ofVersion(b Ballot, a Answer) *Refusal {
	named := a.Fields.Get(LabelVersion)
	if named == "" || sameVersion(named, t.change.Attempt.Version) {
		return nil
	}
	r := refuse(RefusedWrongVersion, "Answer again about that version, or leave Version out.",
		"You name version %s; what stands implemented is version %s.", named, t.change.Attempt.Version)
	r.Ballot = b.ID
	return r
}

func joinLines(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}
