package policy

import (
	"fmt"
	"slices"
)

// widenable lists the ballots for which a pool stands behind the one person
// asked.
var widenable = []BallotKind{BallotOffer, BallotTest, BallotRelease, BallotUndo}

// widen asks the pool in place of a named person who stayed silent (4), (6).
func (t *turn) widen() *Refusal {
	b, ok := t.change.Ballot(t.cmd.Ballot)
	if !ok || !b.Open() || b.Pool || !slices.Contains(widenable, b.Kind) || t.change.Widened == b.Kind {
		return refuse(RefusedVoided, "", "Nobody silent is waited for.")
	}
	t.emit(&Widened{Ballot: b.Kind, At: t.now})
	t.settle()
	return nil
}

// expire ends a change nobody answered, which is possible only before TAKE and
// only while nothing of it is in production.
func (t *turn) expire() *Refusal {
	if !slices.Contains([]State{StateDraft, StateProposed, StateAuthorized}, t.change.State) || t.change.Release.Live {
		return refuse(RefusedTooLate, "", "A change expires only before it is taken.")
	}
	people := t.change.Involved()
	t.why, t.status = "The time to answer ran out.", BallotExpired
	t.move(StateExpired, t.cmd.Text)
	t.tell(NoticeExpired, "You have a part in this change.", people...)
	t.settle()
	return nil
}

// reconsider adapts a change to a directory that has changed: drafts that
// waited for a role go on, people who left are no longer asked, who came in
// their place is.
func (t *turn) reconsider() *Refusal {
	if t.change.State.End() {
		return nil
	}
	t.why = "The directory of roles and teams has changed."
	if t.change.State == StateDraft && t.waitsForDirectory() {
		t.consider(t.change.Form)
		return nil
	}
	t.settle()
	t.sayVacant()
	return nil
}

func (t *turn) waitsForDirectory() bool {
	directory := []ProblemCode{ProblemNobody, ProblemNoTester, ProblemNotEligible, ProblemNotAllowed}
	return !slices.ContainsFunc(t.change.Problems, func(p Problem) bool { return !slices.Contains(directory, p.Code) })
}

// sayNobody tells the people concerned when nobody is left who could take the
// next step.
func (t *turn) sayNobody() {
	if t.change.State != "" && !t.change.State.End() && len(t.change.OpenBallots()) == 0 {
		t.nobody("Nobody is left who could take the next step; the change waits until the directory names somebody.")
	}
}

// sayVacant tells them when the directory leaves a step still to come, or a
// part of this one, without anybody.
func (t *turn) sayVacant() {
	c := t.change
	var open []Requirement
	switch c.State {
	case StateProposed:
		open = c.unmet(BallotAuthorization, KeywordApprove)
	case StateHeldUp:
		open = c.undecided(t.dir)
	}
	for _, r := range open {
		if !r.CoSign && len(t.dir.Holders(r.Role)) == 0 {
			t.nobody(fmt.Sprintf("Nobody holds the role of %s, who must decide on it (POL-005, 2).", r.Role.Title()))
		}
	}
	if slices.Contains(stoppableStates, c.State) && c.Attempt.Passed == "" && len(c.Testers(t.dir)) == 0 {
		t.nobody("Nobody is left who could test it (POL-005, 6).")
	}
}

func (t *turn) nobody(text string) {
	people := slices.Concat([]PersonID{t.change.Proposer}, t.dir.Holders(PolicyOwner), t.change.Approvers())
	for _, id := range unique(people) {
		t.notify(Notice{Kind: NoticeNobody, To: id, Text: text, Why: "You have a part in this change, or own the policy."})
	}
}
