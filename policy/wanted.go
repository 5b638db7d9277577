package policy

import (
	"slices"
	"time"
)

// wanted gives the ballots a change must have open as it stands: the column
// "who is asked" of docs/states.md as a function. Every step only changes
// facts; opening and closing ballots follows from the difference to this list.
func wanted(c Change, d Directory, now time.Time) []Ballot {
	if c.State.End() {
		return nil
	}
	w := &wants{change: c, dir: d, now: now}
	if ask, ok := askers[c.State]; ok {
		ask(w)
	}
	w.ratification()
	return w.ballots
}

var askers = map[State]func(*wants){
	StateDraft:       func(w *wants) { w.ask(BallotCorrection, known(w.dir, w.change.Proposer)...) },
	StateProposed:    (*wants).authorization,
	StateAuthorized:  (*wants).offer,
	StateInProgress:  func(w *wants) { w.ask(BallotImplementation, w.able(w.change.Implementer, implementingTeams)...) },
	StateImplemented: (*wants).test,
	StateTested:      func(w *wants) { w.implementerOrPool(BallotRelease) },
	StateUndoing:     func(w *wants) { w.implementerOrPool(BallotUndo) },
	StateReleased:    func(w *wants) { w.duty(BallotCheck, Change.checkedBy) },
	StateUndone:      func(w *wants) { w.duty(BallotCheck, Change.checkedBy) },
	StateChecked:     func(w *wants) { w.duty(BallotDocuments, Change.documentedBy) },
	StateHeldUp:      (*wants).decision,
}

type wants struct {
	change  Change
	dir     Directory
	now     time.Time
	ballots []Ballot
}

// add wants a ballot; two for one person and question become one.
func (w *wants) add(b Ballot) {
	b.Revision, b.Attempt, b.Round = w.change.Revision, w.change.Attempt.N, w.change.Round
	for i, have := range w.ballots {
		if have.Kind == b.Kind && have.Person == b.Person && have.For == b.For {
			w.ballots[i].CoSign = have.CoSign || b.CoSign
			return
		}
	}
	w.ballots = append(w.ballots, b)
}

// ask wants a ballot from each of the people; more than one are a pool.
func (w *wants) ask(kind BallotKind, people ...PersonID) {
	for _, id := range people {
		w.add(Ballot{Kind: kind, Person: id, Pool: len(people) > 1})
	}
}

// able is the person alone while they are in one of the teams, else nobody.
func (w *wants) able(id PersonID, teams []Team) []PersonID {
	if w.dir.In(id, teams...) {
		return []PersonID{id}
	}
	return nil
}

// authorization asks everyone who may give an approval that is still missing,
// and their deputies; questions to the proposer stay open meanwhile (2), (3).
func (w *wants) authorization() {
	w.requirements(BallotAuthorization, w.change.unmet(BallotAuthorization, KeywordApprove))
	for _, b := range w.change.OpenBallots() {
		if b.Kind == BallotQuestion && b.Revision == w.change.Revision && len(known(w.dir, b.Person)) > 0 {
			w.ballots = append(w.ballots, b)
		}
	}
}

// decision asks the required authorizers what is to become of a change that is
// held up. Who has answered is not asked again in this round.
func (w *wants) decision() {
	w.requirements(BallotDecision, w.change.undecided(w.dir))
}

// requirements asks everyone who could meet each open requirement, and who
// stands in for them. The paper counts for every required role its person, or
// their principal, holds now: one that loses a role is voided and made anew.
func (w *wants) requirements(kind BallotKind, open []Requirement) {
	for _, r := range open {
		holders := r.holders(w.change, w.dir)
		for _, id := range holders {
			b := Ballot{Kind: kind, Person: id, CoSign: r.CoSign, Roles: w.required(id)}
			w.add(b)
			for _, deputy := range r.entitled(w.change, without(w.dir.DeputiesOf(id, w.now), holders)) {
				b.Person, b.For = deputy, id
				w.add(b)
			}
		}
	}
}

// required lists the required roles the person holds.
func (w *wants) required(id PersonID) []Role {
	var roles []Role
	for _, r := range w.change.Requirements {
		if !r.CoSign && w.dir.Holds(id, r.Role) {
			roles = append(roles, r.Role)
		}
	}
	return roles
}

// offer asks the named implementer, or the pool once they declined or stayed
// silent; who declined is not asked again (4).
func (w *wants) offer() {
	c := w.change
	var declined []PersonID
	for _, b := range c.Ballots {
		if b.Kind == BallotOffer && b.Round == c.Round && b.Said(KeywordDecline) {
			declined = append(declined, b.Person)
		}
	}
	pool := without(c.implementers(w.dir), declined)
	w.namedOrPool(BallotOffer, c.NamedImplementer(), pool)
}

// test asks the named tester, or the pool (6).
func (w *wants) test() {
	w.namedOrPool(BallotTest, w.change.NamedTester(), w.change.Testers(w.dir))
}

func (w *wants) namedOrPool(kind BallotKind, named PersonID, pool []PersonID) {
	if slices.Contains(pool, named) && w.change.Widened != kind {
		w.ask(kind, named)
		return
	}
	w.ask(kind, pool...)
}

// implementerOrPool asks who did the work, or the pool when they no longer can.
func (w *wants) implementerOrPool(kind BallotKind) {
	pool := w.dir.Members(implementingTeams...)
	w.namedOrPool(kind, first(w.change.Implementer, w.change.NamedImplementer()), pool)
}

// duty asks everyone who authorized for what (5) and (8) make theirs, until
// done says they have done it.
func (w *wants) duty(kind BallotKind, done func(Change, []PersonID) bool) {
	for _, people := range w.change.duties(w.dir) {
		if !done(w.change, people) {
			for _, id := range people {
				w.add(Ballot{Kind: kind, Person: id, Pool: len(people) > 1})
			}
		}
	}
}

// ratification asks for the co-signature an emergency went without.
func (w *wants) ratification() {
	if !w.change.Ratify || slices.Contains([]State{StateDraft, StateProposed}, w.change.State) {
		return
	}
	for _, id := range coSigners(w.dir, w.change.involved()) {
		w.add(Ballot{Kind: BallotRatification, Person: id, CoSign: true})
	}
}

// duties lists who owes the check (5) and the documents (8): each authorizer
// while the directory knows them, else the present holders of their role. Each
// group owes it once.
func (c Change) duties(d Directory) [][]PersonID {
	var groups [][]PersonID
	add := func(people []PersonID) {
		known := slices.ContainsFunc(groups, func(g []PersonID) bool { return slices.Equal(g, people) })
		if len(people) > 0 && !known {
			groups = append(groups, people)
		}
	}
	for _, b := range c.approvals() {
		if _, known := d.Person(b.Answer.By); known {
			add([]PersonID{b.Answer.By})
			continue
		}
		for _, role := range b.Roles {
			add(d.Holders(role))
		}
	}
	if len(groups) == 0 {
		for _, r := range c.Requirements {
			add(r.holders(c, d))
		}
	}
	return groups
}

func (c Change) checkedBy(people []PersonID) bool {
	return c.answered(people, func(b Ballot) bool { return b.Kind == BallotCheck && b.Said(KeywordConfirm) })
}

// documentedBy counts documents given with the check as well.
func (c Change) documentedBy(people []PersonID) bool {
	return c.answered(people, func(b Ballot) bool {
		return b.Said(KeywordDocumented) || b.Said(KeywordConfirm) && b.Answer.Fields.Get(LabelDocuments) != ""
	})
}

func (c Change) answered(people []PersonID, said func(Ballot) bool) bool {
	return slices.ContainsFunc(c.Ballots, func(b Ballot) bool {
		return b.Round == c.Round && slices.Contains(people, b.Person) && said(b)
	})
}

// done says whether everyone who owes the duty has done it.
func (c Change) done(d Directory, by func(Change, []PersonID) bool) bool {
	groups := c.duties(d)
	return len(groups) > 0 && !slices.ContainsFunc(groups, func(people []PersonID) bool { return !by(c, people) })
}

// undecided lists the requirements nobody has answered in this hold. A second
// pair of eyes that is nobody's any more is not waited for.
func (c Change) undecided(d Directory) []Requirement {
	var open []Requirement
	for _, r := range c.Requirements {
		if r.CoSign && len(r.holders(c, d)) == 0 {
			continue
		}
		answered := slices.ContainsFunc(c.Ballots, func(b Ballot) bool {
			return b.meets(r, c, BallotDecision, KeywordContinue) || b.meets(r, c, BallotDecision, KeywordAccept)
		})
		if !answered {
			open = append(open, r)
		}
	}
	return open
}

// covers says whether the ballot already asks the person what another would.
func (b Ballot) covers(o Ballot) bool {
	if b.Kind != o.Kind || b.Person != o.Person || b.For != o.For || b.Revision != o.Revision || !slices.Equal(b.Roles, o.Roles) {
		return false
	}
	switch b.Kind {
	case BallotQuestion:
		return b.ID == o.ID
	case BallotCorrection, BallotRatification, BallotAuthorization:
		return true
	default:
		return b.Round == o.Round
	}
}
