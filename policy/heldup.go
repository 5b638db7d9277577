package policy

import "fmt"

// goOn records an authorizer's CONTINUE or ACCEPT; the change goes on once
// everyone required has said the same.
func (t *turn) goOn(b Ballot, a Answer) *Refusal {
	if to := t.person(a, LabelImplementer); to != "" && to != t.change.Implementer {
		if r := t.assignable(to); r != nil {
			return r
		}
	}
	if a.Keyword == KeywordAccept && a.Fields.Get(LabelVersion) == "" && t.change.Attempt.Version == "" {
		return refuse(RefusedTooEarly, "Add the Version that stands implemented, or answer CONTINUE, UNDO or CANCEL.",
			"Nothing has been reported as implemented, so there is no version to accept.")
	}
	t.cast(b, a)
	t.settle()
	return nil
}

// resume goes on with a change that is held up, once every required authorizer
// has answered. Different answers are put to them again.
func (t *turn) resume() {
	votes := t.votes()
	if len(votes) == 0 || len(t.change.undecided()) > 0 {
		return
	}
	decided := votes[0]
	for _, v := range votes[1:] {
		named := v.Fields.Get(LabelImplementer)
		if v.Keyword != decided.Keyword || named != "" && decided.Fields.Get(LabelImplementer) != "" && t.person(v, LabelImplementer) != t.person(decided, LabelImplementer) {
			held := t.change.Held
			held.Why = fmt.Sprintf("%s\nThe authorizers answered differently and are asked again.", held.Why)
			t.emit(&HeldUp{Hold: held, At: t.now})
			return
		}
		if named != "" {
			decided = v
		}
	}
	people := t.change.Involved()
	if decided.Keyword == KeywordAccept {
		t.accept(votes)
	} else {
		t.goBack(decided)
	}
	t.tell(NoticeGoesOn, "You have a part in this change.", people...)
}

// votes lists the answers of this hold.
func (t *turn) votes() []Answer {
	var votes []Answer
	for _, b := range t.change.Ballots {
		if b.Kind == BallotDecision && b.Round == t.change.Round && (b.Said(KeywordContinue) || b.Said(KeywordAccept)) {
			votes = append(votes, *b.Answer)
		}
	}
	return votes
}

// accept takes what stands as a partial implementation; it is tested like any
// other (6).
func (t *turn) accept(votes []Answer) {
	last := t.change.Attempt
	version := last.Version
	for _, v := range votes {
		version = first(v.Fields.Get(LabelVersion), version)
	}
	t.mark(MarkPartial, "Accepted as partial: %s", t.change.Held.Why)
	t.emit(&Attempted{Attempt: Attempt{
		N: last.N + 1, Version: version, By: t.change.Implementer, DoneAt: last.DoneAt, At: t.now,
		Notes: t.change.Held.LeftAs, LeftUndone: t.change.Held.Why,
	}})
	if t.change.Proposal.Environment == ProductionWindow && !t.change.Release.Live {
		t.emit(&WentLive{Version: version, By: t.change.Implementer, At: t.now})
	}
	t.move(StateImplemented, "Accepted as partial.")
}

// goBack returns the change to where it was held up, with the implementer an
// authorizer named.
func (t *turn) goBack(decided Answer) {
	from := t.change.Held.From
	if to := t.person(decided, LabelImplementer); to != "" {
		if from == StateAuthorized {
			s := t.change.Settled
			s.Implementer = to
			t.emit(&SettledEvent{Settled: s, By: decided.By, At: t.now})
		} else {
			t.assign(to)
		}
	}
	t.move(from, "")
}

// cancel ends a change that touched nothing in production.
func (t *turn) cancel(b Ballot, a Answer) *Refusal {
	if t.change.Release.Ever {
		r := refuse(RefusedInProduction, "Answer UNDO, and it is taken out with everything that belongs to that.", "Something of this change has been in production, so it cannot be canceled.")
		r.Ballot = b.ID
		return r
	}
	t.cast(b, a)
	t.endCanceled(a.Fields.Get(LabelReason))
	return nil
}

// cancelByOperator ends a change that nobody of the policy can end any more.
func (t *turn) cancelByOperator() *Refusal {
	switch {
	case t.change.State.End():
		return refuse(RefusedEnded, "Nothing is left to cancel.", "The change is %s.", t.change.State)
	case t.change.Release.Ever:
		return refuse(RefusedInProduction, "Have an authorizer answer UNDO.", "Something of this change has been in production, so it cannot be canceled.")
	}
	t.emit(&Acted{Answer: Answer{Keyword: KeywordCancel, Fields: Form{LabelReason: t.cmd.Text}, At: t.now, Proof: t.cmd.Proof}})
	t.endCanceled(t.cmd.Text)
	return nil
}

func (t *turn) endCanceled(reason string) {
	people := t.change.Involved()
	t.why = "The change is canceled."
	t.move(StateCanceled, reason)
	t.tell(NoticeCanceled, "You had a part in this change.", people...)
	t.settle()
}
