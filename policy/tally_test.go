package policy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// dumbTally counts as a person with a pencil would: one ballot after the other.
func dumbTally(c Change) Tally {
	insiders := map[PersonID]bool{c.Proposer: true}
	for _, id := range c.Hands {
		insiders[id] = true
	}
	if c.Implementer == "" {
		named := c.Settled.Implementer
		if named == "" {
			named = c.Proposal.Implementer
		}
		insiders[named] = true
	}
	roles, outsider := map[Role]bool{}, false
	ratified := false
	for _, b := range c.Ballots {
		if b.Revision != c.Revision || b.Status != "cast" {
			continue
		}
		if b.Kind == "ratification" && b.Answer.Keyword == "RATIFY" && !insiders[b.Answer.By] {
			ratified = true
		}
		if b.Kind != "authorization" {
			continue
		}
		if b.Answer.Keyword == "REJECT" {
			return Rejected
		}
		if b.Answer.Keyword != "APPROVE" {
			continue
		}
		for _, r := range b.Roles {
			roles[r] = true
		}
		outsider = outsider || !insiders[b.Answer.By]
	}
	if c.Revision == 0 {
		return Pending
	}
	for _, r := range c.Requirements {
		if r.CoSign && !outsider || !r.CoSign && !roles[r.Role] {
			return Pending
		}
	}
	if c.FourEyes == "co-sign" && c.Proposal.Urgency != "emergency" && !outsider && !ratified {
		return Pending
	}
	return Approved
}

func TestTallyCountsLikeAPersonWithAPencil(t *testing.T) {
	seen := map[Tally]int{}
	for range 20 { // until every outcome was drawn
		rapid.Check(t, func(t *rapid.T) { seen[tallyBothWays(t)]++ })
		if t.Failed() || len(seen) == 3 {
			break
		}
	}
	if len(seen) < 3 {
		t.Errorf("not every outcome was drawn: %v", seen)
	}
}

// tallyBothWays draws a vote and counts it twice.
func tallyBothWays(t *rapid.T) Tally {
	people := []PersonID{"itd", "cto", "lead", "ada"}
	c := Change{
		Proposer: pick(t, people, "proposer"), Revision: rapid.IntRange(0, 2).Draw(t, "revision"),
		FourEyes: pick(t, []FourEyes{CoSign, AsWritten}, "four eyes"),
		Proposal: Proposal{Implementer: pick(t, people, "named"), Urgency: pick(t, []Urgency{UrgencyNormal, UrgencyEmergency}, "urgency")},
	}
	if chance(t, 50, "taken") {
		c.Implementer = pick(t, people, "implementer")
		c.Hands = []PersonID{c.Implementer}
	}
	c.Requirements = pick(t, [][]Requirement{
		{{Role: CTO}}, {{Role: ITDirector}}, {{Role: CTO}, {Role: ITDirector}}, {{Role: CTO}, {CoSign: true}},
	}, "requirements")
	for range rapid.IntRange(0, 5).Draw(t, "ballots") {
		b := Ballot{
			Kind:   pick(t, []BallotKind{BallotAuthorization, BallotAuthorization, BallotAuthorization, BallotRatification, BallotDecision}, "kind"),
			Person: pick(t, people, "voter"), Revision: pick(t, []int{1, 2, 2}, "of revision"), CoSign: chance(t, 30, "co-sign"),
			Roles: pick(t, [][]Role{nil, {CTO}, {ITDirector}, {CTO, ITDirector}}, "roles"), Status: pick(t, []BallotStatus{BallotOpen, BallotCast, BallotCast, BallotCast, BallotVoided}, "status"),
		}
		if b.Status == BallotCast {
			b.Answer = &Answer{By: b.Person, Keyword: pick(t, []Keyword{"APPROVE", "APPROVE", "APPROVE", "APPROVE", "REJECT", "RATIFY", "CONTINUE"}, "keyword")}
		}
		c.Ballots = append(c.Ballots, b)
	}
	got, want := c.Tally(), dumbTally(c)
	if got != want {
		t.Fatalf("the tally is %s, by pencil it is %s: %+v", got, want, c)
	}
	return got
}

func TestTallyNames(t *testing.T) {
	got := []string{Pending.String(), Approved.String(), Rejected.String()}
	if want := []string{"pending", "approved", "rejected"}; !slices.Equal(got, want) {
		t.Errorf("the tallies are called %q, want %q", got, want)
	}
}
