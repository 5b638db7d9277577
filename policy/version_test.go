package policy

import "testing"

// A change ends under the policy version of its current revision: another one
// that comes into force in between is none of its business, until it is amended.
func TestAChangeEndsUnderTheVersionOfItsRevision(t *testing.T) {
	w := newWorld(t, company())
	step := func(version string, steps ...func()) {
		t.Helper()
		for _, do := range steps {
			if do(); w.change.PolicyVersion != version {
				t.Fatalf("in %s the change is under version %s, want %s", w.change.State, w.change.PolicyVersion, version)
			}
		}
	}
	says := func(by PersonID, k Keyword, over Form) func() { return func() { t.Helper(); w.mustSay(by, k, over) } }
	step("1.1", func() { w.must(w.propose("lead", nil)) })
	w.dir.PolicyVersion = "1.2"
	step("1.1", func() { w.must(w.do(Command{Kind: CommandReconsider})) })
	step("1.2", says("lead", KeywordAmend, Form{LabelSystems: "build farm and its mirror"}))
	w.dir.PolicyVersion = "1.3"
	step("1.2",
		func() { w.must(w.do(Command{Kind: CommandReconsider})) },
		says("cto", KeywordApprove, nil), says("ada", KeywordTake, nil), says("ada", KeywordImplemented, nil),
		says("ben", KeywordPass, nil), says("ada", KeywordReleased, nil),
		func() { w.must(w.do(Command{Kind: CommandReconsider})) },
		says("cto", KeywordConfirm, nil), says("cto", KeywordDocumented, nil),
	)
	w.wantState(StateClosed)
}
