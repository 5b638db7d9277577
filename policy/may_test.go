package policy

import (
	"slices"
	"testing"
)

// A mail offers an act only to who could say it now.
func TestMayAct(t *testing.T) {
	d := company()
	proposed := Decide(Change{}, d, Command{
		Kind: CommandPropose, By: "lead", Form: fullForm(), ID: "c", Draft: "D-2026-0001", Number: "CHG-2026-0001", Seed: "s",
	}, monday).Change
	authorized := Apply(proposed, &Moved{To: StateAuthorized, At: monday})
	implementer := proposed.NamedImplementer()
	for _, c := range []struct {
		change  Change
		by      PersonID
		keyword Keyword
		want    bool
	}{
		{proposed, "lead", KeywordAmend, true},
		{proposed, "lead", KeywordWithdraw, true},
		{proposed, "lead", KeywordReschedule, true},
		{proposed, "lead", KeywordStop, false}, // nothing is authorized yet
		{proposed, "cto", KeywordAmend, false}, // it is not theirs
		{proposed, "cto", KeywordWithdraw, false},
		{authorized, "cto", KeywordStop, true},
		{authorized, implementer, KeywordStop, true},
		{authorized, implementer, KeywordReschedule, true},
		{authorized, "grace", KeywordStop, false}, // no part in it
		{authorized, implementer, KeywordUndone, false},
		{authorized, "cto", KeywordApprove, false}, // no act
	} {
		if got := MayAct(c.change, d, c.by, c.keyword, monday); got != c.want {
			t.Errorf("%s, %s may say %s: %v", c.change.State, c.by, c.keyword, got)
		}
	}
}

// Of a restricted change only those see all who have a part in it, or answer for
// the policy; a draft is restricted as soon as it says so.
func TestMaySee(t *testing.T) {
	d := company()
	form := fullForm()
	form[LabelRestricted] = "yes"
	restricted := Decide(Change{}, d, Command{
		Kind: CommandPropose, By: "lead", Form: form, ID: "c", Draft: "D-2026-0001", Number: "CHG-2026-0001", Seed: "s",
	}, monday).Change
	part := []PersonID{"lead", restricted.NamedImplementer(), restricted.NamedTester(), "cto", "itd", "olive"}
	for _, p := range d.People {
		if got, want := MaySee(restricted, d, p.ID), slices.Contains(part, p.ID); got != want {
			t.Errorf("%s may see it: %v", p.ID, got)
		}
	}
	for said, want := range map[string]bool{"": true, "No": true, "yes": false, "yes, please": false, "not sure": false} {
		draft := Change{Proposer: "lead", Form: Form{LabelRestricted: said}}
		if got := MaySee(draft, d, "grace"); got != want {
			t.Errorf("a draft that says %q: grace may see it: %v", said, got)
		}
	}
}
