package policy

import (
	"fmt"
	"slices"
)

// approve counts an authorizer's assessment (2), (3) and what it settles.
func (t *turn) approve(b Ballot, a Answer) *Refusal {
	settled, refusal := t.settledBy(b, a)
	if refusal != nil {
		return refusal
	}
	t.cast(b, a)
	if settled != t.change.Settled {
		t.emit(&SettledEvent{Settled: settled, By: a.By, At: t.now})
	}
	t.why = fmt.Sprintf("%s has authorized it already.", t.dir.Name(a.By))
	t.settle()
	return nil
}

// settledBy lays what an approval settles over what is settled already. A
// named implementer must be able to do the work, and leave a tester (4), (6).
func (t *turn) settledBy(b Ballot, a Answer) (Settled, *Refusal) {
	s := t.change.Settled
	if yes, why, _ := ParseYesNo(a.Fields.Get(LabelMajor)); yes {
		s.Major, s.MajorWhy = true, first(s.MajorWhy, why)
	}
	implementer, tester := t.person(a, LabelImplementer), t.person(a, LabelTester)
	for _, named := range []struct {
		label      Label
		have, want PersonID
	}{{LabelImplementer, s.Implementer, implementer}, {LabelTester, s.Tester, tester}} {
		if named.have != "" && named.want != "" && named.have != named.want {
			return s, refuse(RefusedNotEligible, fmt.Sprintf("Leave %s out, or agree with the other authorizer and ask the proposer to amend it.", named.label),
				"Another authorizer has already named %s as %s.", t.dir.Name(named.have), named.label)
		}
	}
	s.Implementer, s.Tester = first(implementer, s.Implementer), first(tester, s.Tester)
	after := t.change
	after.Settled = s
	if implementer != "" {
		if r := after.mayImplement(implementer, t.dir); r != nil && r.Code != RefusedFourEyes {
			return s, r
		}
	}
	if tester := after.NamedTester(); tester != "" && tester == after.NamedImplementer() {
		return s, refuse(RefusedOwnWork, "Name another tester.", "%s would implement the change and test it too (POL-005, 6).", t.dir.Name(tester))
	}
	return s, t.independentWith(b, a, s)
}

// independentWith refuses an approval after which nobody independent would be
// left to authorize the change.
func (t *turn) independentWith(b Ballot, a Answer, s Settled) *Refusal {
	after := Apply(t.change, &Cast{Ballot: b.ID, Answer: a})
	after.Settled = s
	involved := after.involved()
	others := func(b Ballot) bool { return b.Kind == BallotAuthorization && !slices.Contains(involved, b.Person) }
	if after.FourEyes == AsWritten || after.Emergency() || after.independent() || len(coSigners(t.dir, involved)) > 0 ||
		slices.ContainsFunc(wanted(after, t.dir, t.now), others) {
		return nil
	}
	return refuse(RefusedFourEyes, "Name another implementer, or ask the policy owner to appoint a co-signer.",
		"Nobody would be left to authorize this who neither proposes nor implements it.")
}

// reject ends the change; one that is in production already is undone.
func (t *turn) reject(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.why = fmt.Sprintf("%s has rejected the change.", t.dir.Name(a.By))
	people := t.change.Involved()
	if t.change.Release.Live {
		t.move(StateUndoing, a.Fields.Get(LabelReason))
		t.tell(NoticeUndoing, "You have a part in this change.", people...)
	} else {
		t.move(StateRejected, a.Fields.Get(LabelReason))
		t.tell(NoticeRejected, "You have a part in this change.", t.change.Proposer)
		t.tell(NoticeRejected, "You were asked about this change.", t.everAsked(BallotAuthorization)...)
	}
	t.settle()
	return nil
}

// everAsked lists who was ever asked by a ballot of the kind for this revision.
func (t *turn) everAsked(kind BallotKind) []PersonID {
	var ids []PersonID
	for _, b := range t.change.Ballots {
		if b.Kind == kind && b.Revision == t.change.Revision && b.Status != BallotExpired {
			ids = append(ids, b.Person)
		}
	}
	return unique(ids)
}

// ask passes a question to the proposer; the asker's own ballot stays open.
func (t *turn) ask(b Ballot, a Answer) *Refusal {
	if len(known(t.dir, t.change.Proposer)) == 0 {
		r := refuse(RefusedNotEligible, "Decide without it, or ask whoever took over their work.", "%s, who proposed the change, is no longer in our directory.", t.change.Proposer)
		r.Ballot = b.ID
		return r
	}
	t.acted(a)
	t.receipt(b.Kind, a)
	t.issue(Ballot{
		Kind: BallotQuestion, Person: t.change.Proposer, Revision: t.change.Revision, Round: t.change.Round,
		Question: &Question{By: a.By, Text: a.Fields.Get(LabelQuestion)},
	})
	return nil
}

// also asks one more authorizer (2).
func (t *turn) also(b Ballot, a Answer) *Refusal {
	category, _ := ParseCategory(a.Fields.Get(LabelCategory))
	role := category.Authorizer()
	if slices.ContainsFunc(t.change.Requirements, func(r Requirement) bool { return r.Role == role }) {
		r := refuse(RefusedNotAnAnswer, "Nothing needs to be added; your own decision is still open.", "The %s is asked already.", role.Title())
		r.Ballot = b.ID
		return r
	}
	if len(withDeputies(t.dir, t.dir.Holders(role), t.now)) == 0 {
		return refuse(RefusedNotEligible, "Ask the operator to name somebody, or reject the change for now.", "Nobody holds the role of %s at present.", role.Title())
	}
	t.acted(a)
	t.receipt(b.Kind, a)
	t.emit(&Required{Requirement: Requirement{
		Role: role, By: a.By, Why: fmt.Sprintf("%s: %s", category, a.Fields.Get(LabelReason)),
	}, At: t.now})
	t.settle()
	return nil
}

// authorized takes a change whose vote is won into the hands of an
// implementer, or asks for the independent approval it still lacks.
func (t *turn) authorized() {
	c := t.change
	if c.Tally() != Approved {
		met := len(c.unmet(BallotAuthorization, KeywordApprove)) == 0
		if c.Tally() == Pending && met && len(coSigners(t.dir, c.involved())) > 0 {
			t.emit(&Required{Requirement: coSignature(), At: t.now})
		}
		return
	}
	t.fourEyes()
	t.move(StateAuthorized, "Every required authorizer has approved.")
	t.tell(NoticeAuthorized, "You proposed this change.", c.Proposer)
}

// fourEyes settles what is owed while nobody independent has authorized the
// change: a ratification, while somebody could give it; else a mark for good.
func (t *turn) fourEyes() {
	c := t.change
	if c.independent() {
		return
	}
	owed := c.FourEyes == CoSign && !c.Marked(MarkObjected) && len(coSigners(t.dir, c.involved())) > 0
	if owed != c.Ratify {
		t.emit(&OwesRatification{Owed: owed, At: t.now})
	}
	if !owed {
		t.mark(MarkSelfAuthorized, "Nobody authorized it who neither proposed nor implements it.")
	}
}

// ratify gives the co-signature an emergency went without.
func (t *turn) ratify(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.emit(&OwesRatification{Owed: false, At: t.now})
	t.why = fmt.Sprintf("%s has ratified it.", t.dir.Name(a.By))
	t.settle()
	return nil
}

// object holds up an emergency change that its co-signer would not have
// authorized; from then on nothing is decided without a second pair of eyes.
// One that is being undone, or is, needs no holding up.
func (t *turn) object(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.emit(&OwesRatification{Owed: false, At: t.now})
	t.mark(MarkObjected, "%s objected to the emergency: %s", t.dir.Name(a.By), a.Fields.Get(LabelReason))
	t.why = fmt.Sprintf("%s has objected.", t.dir.Name(a.By))
	if !slices.ContainsFunc(t.change.Requirements, func(r Requirement) bool { return r.CoSign }) {
		t.emit(&Required{Requirement: coSignature(), At: t.now})
	}
	going := t.change.State == StateUndoing || t.change.takenOut()
	if !going && t.change.State != StateHeldUp {
		t.hold(Hold{From: t.change.State, By: a.By, Why: a.Fields.Get(LabelReason)})
	}
	t.settle()
	return nil
}
