package policy

import "slices"

// act carries out what a person says unasked. Whose word counts, and when,
// stands beside each act.
func (t *turn) act() *Refusal {
	if t.change.State.End() {
		return refuse(RefusedEnded, "If more is to be done, propose a new change that begins with Follows or Undoes.", "The change is %s.", t.change.State)
	}
	rule, ok := actFor(t.cmd.Keyword)
	acts := map[Keyword]func(*turn, Answer) *Refusal{
		KeywordAmend: (*turn).amend, KeywordReschedule: (*turn).reschedule, KeywordWithdraw: (*turn).withdraw,
		KeywordStop: (*turn).stop, KeywordUndone: (*turn).undoneUnasked,
	}
	if !ok || acts[t.cmd.Keyword] == nil {
		return refuse(RefusedNotAnAnswer, "Answer the ballot you were sent.", "%s answers a ballot, and this mail belongs to none.", t.cmd.Keyword)
	}
	a := t.answer(t.cmd.Form, t.cmd.Files)
	if t.cmd.Keyword != KeywordAmend {
		if problems := t.check(Ballot{}, rule, &a); len(problems) > 0 {
			return refuse(RefusedProblems, problemHints(problems), "%s", problemTexts(problems))
		}
	}
	t.cause = &a
	return acts[t.cmd.Keyword](t, a)
}

func (t *turn) acted(a Answer) {
	t.emit(&Acted{Answer: a, Roles: t.roles(a.By), Teams: t.teams(a.By)})
}

// stop holds a change up, from authorized to tested: a required authorizer,
// the implementer or the tester.
func (t *turn) stop(a Answer) *Refusal {
	if r := t.stoppable(); r != nil {
		return r
	}
	if !slices.Contains(t.stoppers(), a.By) {
		return refuse(RefusedNotEligible, "Tell one of them: "+t.dir.names(t.stoppers())+".", "Only its authorizers, implementer and tester can stop a change.")
	}
	t.halt(a, a.Fields.Get(LabelReason))
	return nil
}

func (t *turn) halt(a Answer, reason string) {
	t.acted(a)
	t.receipt("", a)
	t.why = "The change was stopped."
	t.hold(Hold{From: t.change.State, By: a.By, Why: reason})
	t.settle()
}

var stoppableStates = []State{StateAuthorized, StateInProgress, StateImplemented, StateTested}

func (t *turn) stoppable() *Refusal {
	switch {
	case slices.Contains(stoppableStates, t.change.State):
		return nil
	case t.change.State == StateDraft || t.change.State == StateProposed:
		return refuse(RefusedTooEarly, "An authorizer refuses it with REJECT, the proposer takes it back with WITHDRAW.", "The change is not authorized yet, so there is nothing to stop.")
	case t.change.State == StateHeldUp:
		return refuse(RefusedTooLate, "Its authorizers are deciding what is to become of it.", "The change is held up already.")
	default:
		return refuse(RefusedInProduction, "Its authorizers can answer REWORK or UNDO on their ballot; the implementer can answer UNDONE once it is out.", "The change is in production or being undone, so it cannot be stopped.")
	}
}

// stoppers lists who may stop the change as it stands.
func (t *turn) stoppers() []PersonID {
	c := t.change
	ids := slices.Concat(c.Approvers(), []PersonID{first(c.Implementer, c.NamedImplementer()), first(c.Attempt.Passed, c.NamedTester())})
	for _, r := range c.Requirements {
		ids = append(ids, withDeputies(t.dir, r.holders(c, t.dir), t.now)...)
	}
	for _, b := range c.OpenBallots() {
		if b.Kind == BallotTest {
			ids = append(ids, b.Person)
		}
	}
	return slices.DeleteFunc(unique(ids), func(id PersonID) bool { return id == "" })
}

// withdraw takes a proposal back: the end before TAKE, a stop after it.
func (t *turn) withdraw(a Answer) *Refusal {
	c := t.change
	switch {
	case c.Proposer != a.By:
		return refuse(RefusedNotEligible, "Ask them to withdraw it.", "Only the proposer, %s, can withdraw the change.", t.dir.Name(c.Proposer))
	case c.Release.Live || slices.Contains([]State{StateReleased, StateChecked, StateUndoing, StateUndone}, c.State):
		return refuse(RefusedInProduction, "Ask an authorizer to answer UNDO.", "The change is in production, so it can only be undone, not withdrawn.")
	case c.State == StateHeldUp:
		return refuse(RefusedTooLate, "Its authorizers are deciding what is to become of it.", "The change is held up already.")
	case slices.Contains([]State{StateInProgress, StateImplemented, StateTested}, c.State):
		t.halt(a, "The proposer withdrew it: "+first(a.Fields.Get(LabelReason), "no reason given"))
		return nil
	}
	t.acted(a)
	t.receipt("", a)
	t.why = "The proposer has withdrawn the change."
	people := c.Involved()
	t.move(StateWithdrawn, a.Fields.Get(LabelReason))
	t.tell(NoticeWithdrawn, "You were asked about this change.", people...)
	t.settle()
	return nil
}

// reschedule moves the window; nobody has to authorize that anew, but the
// authorizers are told and may stop the change.
func (t *turn) reschedule(a Answer) *Refusal {
	c := t.change
	movable := append([]State{StateProposed, StateHeldUp}, stoppableStates...)
	switch implementer := first(c.Implementer, c.NamedImplementer()); {
	case c.State == StateDraft:
		return refuse(RefusedTooEarly, "Send the Window with the other fields.", "The change is still a draft.")
	case !slices.Contains(movable, c.State):
		return refuse(RefusedTooLate, "Nothing is left to reschedule.", "The change is %s.", c.State)
	case a.By != c.Proposer && a.By != implementer:
		return refuse(RefusedNotEligible, "Ask one of them.", "Only the proposer, %s, and the implementer, %s, can move the window.", t.dir.Name(c.Proposer), t.dir.Name(implementer))
	}
	t.acted(a)
	t.receipt("", a)
	s := c.Settled
	s.Window = a.Fields.Get(LabelWindow)
	t.emit(&SettledEvent{Settled: s, By: a.By, At: t.now})
	people := append(c.Involved(), t.stoppers()...)
	t.tell(NoticeRescheduled, "You have a part in this change.", people...)
	return nil
}

// inProduction says whether the change is released and still live.
func (c Change) inProduction() bool {
	return c.Release.Live && (c.State == StateReleased || c.State == StateChecked)
}

// undoneUnasked counts the implementer's word that a released change is out of
// production again.
func (t *turn) undoneUnasked(a Answer) *Refusal {
	c := t.change
	switch {
	case !c.inProduction():
		return refuse(RefusedTooEarly, "Ask an authorizer to answer UNDO if it must be taken out.", "The change is %s, so there is nothing to report as undone.", c.State)
	case a.By != c.Implementer && a.By != c.Release.By:
		return refuse(RefusedNotEligible, "Ask them to report it.", "Only the implementer, %s, can report it as undone.", t.dir.Name(c.Implementer))
	}
	t.acted(a)
	t.receipt("", a)
	t.takeOut(a)
	t.settle()
	return nil
}
