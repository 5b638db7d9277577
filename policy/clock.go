package policy

import (
	"fmt"
	"slices"
)

// fire does what time does: who has not answered is reminded by the same paper,
// others are told of what is overdue, the pool is asked in place of a named
// person who stays silent (4), (6), and before TAKE the change expires in the
// end. What was missed while nobody looked is done once.
func (t *turn) fire() *Refusal {
	if len(t.due()) == 0 {
		return refuse(RefusedTooEarly, "", "Nothing is due.")
	}
	t.settle() // a deputy's time may be over
	late := t.due()
	if slices.ContainsFunc(late, func(b Ballot) bool { return t.does(b, lapse) && !b.Escalated.IsZero() }) {
		t.expire()
		return nil
	}
	overdue := slices.DeleteFunc(slices.Clone(late), func(b Ballot) bool { return !t.does(b, escalate) })
	told := t.overdue(overdue)
	for _, b := range late {
		t.remind(b, told)
	}
	for _, b := range overdue {
		t.widen(b)
	}
	t.settle()
	return nil
}

// due lists the open ballots to which time does something by now.
func (t *turn) due() []Ballot {
	return t.change.ballots(func(b Ballot) bool { return b.Open() && !b.Next.IsZero() && !b.Next.After(t.now) })
}

func (t *turn) timetable(b Ballot) timetable { return t.change.timetable(t.dir.Calendar, b) }

// does says whether the deed has become due since the ballot was last looked at.
func (t *turn) does(b Ballot, d deed) bool {
	for m := range t.timetable(b).moments() {
		if m.at.After(t.now) {
			return false
		}
		if m.deed == d && !m.at.Before(b.Next) {
			return true
		}
	}
	return false
}

// ofAuthorizers lists the ballots in whose place the other authorizing role
// could have something done.
var ofAuthorizers = []BallotKind{BallotAuthorization, BallotRatification, BallotCheck, BallotDocuments, BallotDecision}

// overdue tells the deputies of those who are silent, the other authorizing role
// where an authorizer is, the proposer and who authorized it; it hands nobody the
// ballot. It gives who was told.
func (t *turn) overdue(silent []Ballot) []PersonID {
	if len(silent) == 0 {
		return nil
	}
	people := append([]PersonID{t.change.Proposer}, t.change.Approvers()...)
	for _, b := range silent {
		people = append(people, t.dir.DeputiesOf(b.Person, t.now)...)
		if slices.Contains(ofAuthorizers, b.Kind) {
			people = append(people, t.dir.otherAuthorizers(b.Person)...)
		}
	}
	for _, b := range silent {
		people = without(people, []PersonID{b.Person})
	}
	people = known(t.dir, unique(people)...)
	t.tell(NoticeOverdue, "You have a part in this change, or could help it on.", people...)
	return people
}

// otherAuthorizers lists who holds an authorizing role that the person does not
// hold.
func (d Directory) otherAuthorizers(id PersonID) []PersonID {
	var people []PersonID
	for _, r := range authorizingRoles {
		if !d.Holds(id, r) {
			people = append(people, d.Holders(r)...)
		}
	}
	return people
}

// remind sends the person the same paper once more.
func (t *turn) remind(b Ballot, told []PersonID) {
	e := &Timed{Ballot: b.ID, Reminded: true, At: t.now}
	after := b
	after.Reminded = t.now
	if t.does(b, escalate) {
		e.Escalated, e.Told = true, told
		after.Escalated = t.now
	}
	e.Next = t.timetable(after).next()
	t.emit(e)
	t.askOnceMore(b)
}

// reissue sends every open ballot to its person once more, and changes nothing.
func (t *turn) reissue() *Refusal {
	for _, b := range t.change.OpenBallots() {
		t.askOnceMore(b)
	}
	return nil
}

func (t *turn) askOnceMore(b Ballot) {
	t.notify(Notice{
		Kind: AskOf(b.Kind), To: b.Person, Ballot: b.ID, Problems: t.problemsFor(b), Reminder: true, Why: t.whyAsked(b),
	})
}

// widenable lists the ballots for which a pool stands behind the one person
// asked.
var widenable = []BallotKind{BallotOffer, BallotTest, BallotRelease, BallotUndo}

// widen asks the pool in place of a named person who stayed silent (4), (6).
func (t *turn) widen(b Ballot) {
	if !b.Pool && slices.Contains(widenable, b.Kind) && t.change.Widened != b.Kind {
		t.emit(&Widened{Ballot: b.Kind, At: t.now})
	}
}

// mayLapse says whether silence can end the change: only before TAKE, and only
// while nothing of it is in production.
func (c Change) mayLapse() bool {
	return slices.Contains([]State{StateDraft, StateProposed, StateAuthorized}, c.State) && !c.Release.Live
}

// expire ends a change nobody answered.
func (t *turn) expire() {
	people := t.change.Involved()
	t.why, t.status = "The time to answer ran out.", BallotExpired
	t.move(StateExpired, "Nobody answered in time.")
	t.tell(NoticeExpired, "You have a part in this change.", people...)
	t.settle()
}

// reconsider adapts a change to a directory that has changed: drafts that
// waited for a role go on, people who left are no longer asked, who came in
// their place is.
func (t *turn) reconsider() *Refusal {
	if t.change.State.End() {
		return nil
	}
	t.why = first(t.cmd.Text, "The directory of roles and teams has changed.")
	if t.change.State == StateDraft && t.waitsForDirectory() {
		t.consider(t.change.Form)
		return nil
	}
	t.settle()
	t.sayVacant()
	t.retime()
	return nil
}

// retime adapts what time does to the ballots to a calendar that has changed;
// what was promised as their end stays.
func (t *turn) retime() {
	for _, b := range t.change.OpenBallots() {
		if next := t.timetable(b).next(); !next.Equal(b.Next) {
			t.emit(&Timed{Ballot: b.ID, Next: next, At: t.now})
		}
	}
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
