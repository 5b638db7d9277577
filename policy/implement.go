package policy

import (
	"fmt"
	"strings"
)

// take gives the work to who offered to do it (4).
func (t *turn) take(b Ballot, a Answer) *Refusal {
	if r := t.assignable(a.By); r != nil {
		return r
	}
	t.cast(b, a)
	t.why = fmt.Sprintf("%s has taken it.", t.dir.Name(a.By))
	t.assign(a.By)
	t.move(StateInProgress, "")
	t.settle()
	return nil
}

// takeImplemented takes the work and reports it done in one answer.
func (t *turn) takeImplemented(b Ballot, a Answer) *Refusal {
	if r := t.assignable(a.By); r != nil {
		return r
	}
	t.cast(b, a)
	t.why = fmt.Sprintf("%s has taken it.", t.dir.Name(a.By))
	t.assign(a.By)
	t.attempt(a.Fields.Get(LabelVersion), a)
	t.settle()
	return nil
}

// assignable says why the person cannot have the work, or nil.
func (t *turn) assignable(id PersonID) *Refusal {
	return t.change.mayImplement(id, t.dir)
}

func (t *turn) assign(id PersonID) {
	t.emit(&Assigned{Implementer: id, Teams: t.teams(id), By: t.cmd.By, At: t.now})
	t.fourEyes()
}

// decline passes the work on to the pool (4).
func (t *turn) decline(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.settle()
	return nil
}

// implemented reports the work done.
func (t *turn) implemented(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.attempt(a.Fields.Get(LabelVersion), a)
	t.settle()
	return nil
}

// attempt records an implementation; every earlier test is void with it. In a
// production window it is live from here on.
func (t *turn) attempt(version string, a Answer) {
	t.emit(&Attempted{Attempt: Attempt{
		N: t.change.Attempt.N + 1, Version: version, By: t.change.Implementer, DoneAt: a.Fields.Get(LabelDoneAt), At: t.now,
		Notes: a.Fields.Get(LabelNotes), LeftUndone: a.Fields.Get(LabelLeftUndone),
	}})
	if t.change.Proposal.Environment == ProductionWindow {
		t.emit(&WentLive{Version: version, ReleasedAt: a.Fields.Get(LabelDoneAt), By: a.By, At: t.now})
	}
	t.move(StateImplemented, "")
}

// handover gives the work to somebody else (4).
func (t *turn) handover(b Ballot, a Answer) *Refusal {
	to := t.person(a, LabelImplementer)
	if to == a.By {
		return refuse(RefusedNotEligible, "Name somebody else.", "The work is yours already.")
	}
	if r := t.assignable(to); r != nil {
		return r
	}
	t.cast(b, a)
	t.assign(to)
	t.tell(NoticeHandedOver, "You have a part in this change.", append(t.change.Approvers(), t.change.Proposer)...)
	t.settle()
	return nil
}

// failed reports that the work could not be done.
func (t *turn) failed(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.hold(Hold{From: StateInProgress, By: a.By, Why: a.Fields.Get(LabelReason), LeftAs: a.Fields.Get(LabelLeftAs)})
	t.settle()
	return nil
}

// cutNone splits "none, because …" from other texts.
func cutNone(text string) (why string, none bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 || !strings.EqualFold(strings.Trim(fields[0], ".,:;!–—-"), "none") {
		return "", false
	}
	return strings.TrimLeft(strings.TrimSpace(text)[4:], " .,:;!–—-"), true
}

// leftUndone says whether a part of the work was left undone.
func leftUndone(a Attempt) bool {
	_, none := cutNone(a.LeftUndone)
	return !none && !Placeholder(a.LeftUndone)
}
