package policy

import "slices"

// A Tally is the state of a vote.
type Tally int

// A vote is pending until every requirement is met or one rejection came.
const (
	Pending Tally = iota
	Approved
	Rejected
)

func (t Tally) String() string { return [...]string{"pending", "approved", "rejected"}[t] }

// Tally counts the authorization of the current revision (2). Any rejection
// rejects; approval needs every requirement, and under co-sign an independent
// approval, unless an emergency defers that to a ratification.
func (c Change) Tally() Tally {
	rejected := slices.ContainsFunc(c.Ballots, func(b Ballot) bool {
		return b.Kind == BallotAuthorization && b.Revision == c.Revision && b.Said(KeywordReject)
	})
	switch {
	case rejected:
		return Rejected
	case c.Revision == 0 || len(c.unmet(BallotAuthorization, KeywordApprove)) > 0:
		return Pending
	case c.FourEyes == CoSign && !c.Emergency() && !c.independent():
		return Pending
	default:
		return Approved
	}
}

// unmet lists the requirements for which nobody has cast a ballot of the kind
// with the keyword, for the current revision and round.
func (c Change) unmet(kind BallotKind, keyword Keyword) []Requirement {
	var open []Requirement
	for _, r := range c.Requirements {
		if !slices.ContainsFunc(c.Ballots, func(b Ballot) bool { return b.meets(r, c, kind, keyword) }) {
			open = append(open, r)
		}
	}
	return open
}

// meets says whether the ballot was cast for the requirement. What somebody
// may do later does not matter: it is the roles recorded on the ballot that
// count.
func (b Ballot) meets(r Requirement, c Change, kind BallotKind, keyword Keyword) bool {
	if b.Kind != kind || b.Revision != c.Revision || !b.Said(keyword) {
		return false
	}
	if kind != BallotAuthorization && b.Round != c.Round {
		return false
	}
	if r.CoSign {
		return !slices.Contains(c.involved(), b.Answer.By)
	}
	return slices.Contains(b.Roles, r.Role)
}
