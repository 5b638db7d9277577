package policy

import "strings"

// goOn records an authorizer's CONTINUE or ACCEPT; the change goes on once
// everyone required has said the same.
func (t *turn) goOn(b Ballot, a Answer) *Refusal {
	if r := t.reassignable(t.person(a, LabelImplementer)); r != nil {
		return r
	}
	switch {
	case a.Keyword != KeywordAccept:
	case t.change.Tally() == Rejected:
		return refuse(RefusedInProduction, "Answer CONTINUE or UNDO; what is to stay needs a new proposal that begins with Follows.",
			"The change was in production when it was rejected, so it can only be undone.")
	case t.change.Implementer == "":
		return refuse(RefusedTooEarly, "Answer CONTINUE, UNDO or CANCEL.", "Nobody has taken the work, so there is nothing to accept.")
	case a.Fields.Get(LabelVersion) == "" && t.change.Attempt.Version == "":
		return refuse(RefusedTooEarly, "Add the Version that stands implemented, or answer CONTINUE, UNDO or CANCEL.",
			"Nothing has been reported as implemented, so there is no version to accept.")
	}
	t.cast(b, a)
	t.settle()
	return nil
}

// reassignable says why a change that is held up cannot go on with the person,
// or nil. Who passed the version that is to be released cannot take it over.
func (t *turn) reassignable(to PersonID) *Refusal {
	switch {
	case to == "" || to == t.change.Implementer:
		return nil
	case t.change.Held.From == StateTested && to == t.change.Attempt.Passed:
		return refuse(RefusedOwnWork, "Name somebody else.", "%s has tested it, and who tests a change cannot implement it (POL-005, 6).", t.dir.Name(to))
	}
	return t.assignable(to)
}

// resume goes on with a change that is held up, once every required authorizer
// has answered. Different answers are put to them again.
func (t *turn) resume() {
	votes := t.votes()
	if len(votes) == 0 || len(t.change.undecided(t.dir)) > 0 {
		return
	}
	decided, agreed := t.agreed(votes)
	if !agreed || t.reassignable(t.person(decided, LabelImplementer)) != nil {
		t.askAgain()
		return
	}
	people := t.change.Involved()
	if decided.Keyword == KeywordAccept {
		t.accept(decided)
	} else {
		t.goBack(decided)
	}
	t.tell(NoticeGoesOn, "You have a part in this change.", people...)
}

// agreed is what the answers come to together, and whether they agree: the
// same keyword, and no two implementers or versions.
func (t *turn) agreed(votes []Answer) (Answer, bool) {
	all := Answer{Keyword: votes[0].Keyword, By: votes[0].By, Fields: Form{}}
	for _, v := range votes {
		implementer, named := t.person(v, LabelImplementer), t.person(all, LabelImplementer)
		version, said := v.Fields.Get(LabelVersion), all.Fields.Get(LabelVersion)
		switch {
		case v.Keyword != all.Keyword,
			implementer != "" && named != "" && implementer != named,
			version != "" && said != "" && !sameVersion(version, said):
			return all, false
		}
		all.Fields = v.Fields.With(all.Fields)
	}
	return all, true
}

const disagreed = "The authorizers answered differently and are asked again."

func (t *turn) askAgain() {
	held := t.change.Held
	if !strings.HasSuffix(held.Why, disagreed) {
		held.Why = joinLines(held.Why, disagreed)
	}
	t.emit(&HeldUp{Hold: held, At: t.now})
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
func (t *turn) accept(decided Answer) {
	last := t.change.Attempt
	version := first(decided.Fields.Get(LabelVersion), last.Version)
	t.mark(MarkPartial, "Accepted as partial: %s", t.change.Held.Why)
	t.emit(&Attempted{Attempt: Attempt{
		N: last.N + 1, Version: version, By: t.change.Implementer, DoneAt: last.DoneAt, At: t.now,
		Notes: t.change.Held.LeftAs, LeftUndone: t.change.Held.Why,
	}})
	if t.change.Proposal.Environment == ProductionWindow {
		t.emit(&WentLive{Version: version, ReleasedAt: t.change.Release.ReleasedAt, By: t.change.Implementer, At: t.now})
	}
	t.fourEyes()
	t.move(StateImplemented, "Accepted as partial.")
}

// goBack returns the change to where it was held up, with the implementer an
// authorizer named.
func (t *turn) goBack(decided Answer) {
	from := t.change.Held.From
	if to := t.person(decided, LabelImplementer); to != "" && to != t.change.Implementer {
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
