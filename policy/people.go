package policy

import (
	"slices"
	"time"
)

// MayPropose says whether the person may propose changes (1).
func (d Directory) MayPropose(id PersonID) bool { return d.Holds(id, proposingRoles...) }

// testers lists who could test what the hands implemented (6).
func testers(d Directory, hands []PersonID) []PersonID {
	return without(d.Members(testingTeams...), hands)
}

// coSigners lists who could co-sign independently of those involved: holders
// of an authorizing role, else the configured co-signers.
func coSigners(d Directory, involved []PersonID) []PersonID {
	holders := without(d.where(func(p Person) bool { return d.Holds(p.ID, authorizingRoles...) }), involved)
	if len(holders) > 0 {
		return holders
	}
	return without(d.where(func(p Person) bool { return slices.Contains(d.CoSigners, p.ID) }), involved)
}

// withDeputies adds to people who stands in for them now.
func withDeputies(d Directory, people []PersonID, now time.Time) []PersonID {
	all := slices.Clone(people)
	for _, id := range people {
		all = append(all, d.DeputiesOf(id, now)...)
	}
	return unique(all)
}

// holders lists who may give the approval a requirement asks for, deputies
// left aside.
func (r Requirement) holders(c Change, d Directory) []PersonID {
	if r.CoSign {
		return coSigners(d, c.involved())
	}
	return d.Holders(r.Role)
}

// entitled leaves of the people those whose approval would meet the
// requirement.
func (r Requirement) entitled(c Change, people []PersonID) []PersonID {
	if r.CoSign {
		return without(people, c.involved())
	}
	return people
}

// involved lists who proposed or implements the change: those whose approval
// is not independent.
func (c Change) involved() []PersonID {
	ids := append([]PersonID{c.Proposer}, c.Hands...)
	if c.Implementer == "" {
		ids = append(ids, c.NamedImplementer())
	}
	return ids
}

// approvals lists the counted approvals of the current revision.
func (c Change) approvals() []Ballot {
	return c.ballots(func(b Ballot) bool {
		return b.Kind == BallotAuthorization && b.Revision == c.Revision && b.Said(KeywordApprove)
	})
}

// Approvers lists who authorized the current revision, each once.
func (c Change) Approvers() []PersonID {
	var ids []PersonID
	for _, b := range c.approvals() {
		ids = append(ids, b.Answer.By)
	}
	return unique(ids)
}

// independent says whether somebody authorized or ratified the current
// revision who neither proposed the change nor has a part in it.
func (c Change) independent() bool { return c.independentOf(c.involved()) }

func (c Change) independentOf(involved []PersonID) bool {
	return slices.ContainsFunc(c.Ballots, func(b Ballot) bool {
		said := b.Kind == BallotAuthorization && b.Said(KeywordApprove) || b.Kind == BallotRatification && b.Said(KeywordRatify)
		return said && b.Revision == c.Revision && !slices.Contains(involved, b.Answer.By)
	})
}

// mayImplement says why the person cannot have the work, or nil (4), (6).
func (c Change) mayImplement(id PersonID, d Directory) *Refusal {
	if !d.In(id, implementingTeams...) {
		return refuse(RefusedNotEligible, "Name one of them: "+d.names(d.Members(implementingTeams...))+".",
			"%s is not a member of the IT Team or the Development Team (POL-005, 4).", d.Name(id))
	}
	hands := append(slices.Clone(c.Hands), id)
	if len(testers(d, hands)) == 0 {
		return refuse(RefusedNoTester, "Somebody else must take it, or somebody must join the IT Team or Quality Assurance.",
			"If %s implements this, nobody is left who could test it (POL-005, 6).", d.Name(id))
	}
	if c.FourEyes == CoSign && !c.Emergency() && len(c.Approvers()) > 0 && !c.independentOf(append([]PersonID{c.Proposer}, hands...)) {
		return refuse(RefusedFourEyes, "Somebody else must take it, or another authorizer must approve it first.",
			"Nobody would have authorized this who neither proposed nor implements it, if %s did the work.", d.Name(id))
	}
	return nil
}

// implementers lists who could have the work.
func (c Change) implementers(d Directory) []PersonID {
	return slices.DeleteFunc(d.Members(implementingTeams...), func(id PersonID) bool { return c.mayImplement(id, d) != nil })
}

// Testers lists who could test the change as it stands (6).
func (c Change) Testers(d Directory) []PersonID { return testers(d, c.Hands) }

// Involved lists everyone with a part in the change, each once: proposer,
// authorizers, implementers, testers and everyone who has an open ballot.
func (c Change) Involved() []PersonID {
	ids := append([]PersonID{c.Proposer}, c.Approvers()...)
	ids = append(ids, c.Hands...)
	ids = append(ids, c.NamedImplementer(), c.NamedTester(), c.Attempt.Passed)
	for _, b := range c.OpenBallots() {
		ids = append(ids, b.Person)
	}
	return slices.DeleteFunc(unique(ids), func(id PersonID) bool { return id == "" })
}

// known leaves of the people those the directory still knows.
func known(d Directory, people ...PersonID) []PersonID {
	return slices.DeleteFunc(slices.Clone(people), func(id PersonID) bool { _, ok := d.Person(id); return !ok })
}

func unique[T comparable](ids []T) []T {
	var once []T
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

func without(ids, not []PersonID) []PersonID {
	return slices.DeleteFunc(slices.Clone(ids), func(id PersonID) bool { return slices.Contains(not, id) })
}
