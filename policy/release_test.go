package policy

import (
	"fmt"
	"testing"
)

// However often somebody stands among those to be told, they get one mail: that
// to the teams, where they are in one.
func TestEachIsToldOnce(t *testing.T) {
	d := company()
	d.People = append(d.People, Person{ID: "max", Name: "Max Many", Addresses: []string{"max@example.com"}, Teams: []Team{G7, QA, IT}})
	d.Lists = map[Team][]string{
		IT:          {"it-list@example.com", "ada@example.com", "everyone@example.com"},
		Development: {"everyone@example.com", "guest@example.com"},
		G7:          {"g7-list@example.com", "everyone@example.com", "grace@example.com", "g7-list@example.com"},
	}
	c := Change{Proposer: "max", Proposal: Proposal{Major: true}}
	team, g7, lists, g7Lists := c.audience(d)
	got := fmt.Sprint(team, g7, lists, g7Lists)
	want := "[itd cto lead ada ben eve quinn remy max] [grace] [it-list@example.com everyone@example.com guest@example.com] [g7-list@example.com]"
	if got != want {
		t.Errorf("told are %s\nwant     %s", got, want)
	}
	c.Proposer, c.Proposal.Major = "gone", false
	if team, g7, _, g7Lists := c.audience(d); len(team) != 9 || len(g7)+len(g7Lists) > 0 {
		t.Errorf("told are %v, %v and %v", team, g7, g7Lists)
	}
}
