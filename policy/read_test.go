package policy

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestEveryWrongValue puts one wrong value at a time into a good proposal. Each
// must be said, with a remedy, and nothing else.
func TestEveryWrongValue(t *testing.T) {
	type wrong struct {
		label Label
		value string
		code  ProblemCode
	}
	var tests []wrong
	for _, l := range RequiredLabels {
		tests = append(tests, wrong{l, "", ProblemMissing}, wrong{l, " \n ", ProblemMissing})
		for _, nothing := range []string{"n/a", "-", "ok", "TBD.", "as above"} {
			tests = append(tests, wrong{l, nothing, ProblemPlaceholder})
		}
	}
	tests = append(tests,
		wrong{LabelTitle, strings.Repeat("a very long title ", 20), ProblemNotAllowed},
		wrong{LabelCategory, "plumbing", ProblemUnknown},
		wrong{LabelCategory, "cybersecurity; plumbing", ProblemUnknown},
		wrong{LabelCategory, "cyber security and more", ProblemUnknown},
		wrong{LabelRisk, "low", ProblemReason},
		wrong{LabelRisk, "medium, because", ProblemReason},
		wrong{LabelRisk, "high: n/a", ProblemReason},
		wrong{LabelRisk, "negligible: it is small", ProblemUnknown},
		wrong{LabelRisk, "low to medium: it depends", ProblemUnknown},
		wrong{LabelImplementer, "Nemo Nobody", ProblemUnknown},
		wrong{LabelImplementer, "ada@elsewhere.example", ProblemUnknown},
		wrong{LabelImplementer, "ada or ben", ProblemUnknown},
		wrong{LabelImplementer, "quinn", ProblemNotEligible},
		wrong{LabelImplementer, "grace", ProblemNotEligible},
		wrong{LabelTester, "Nemo Nobody", ProblemUnknown},
		wrong{LabelTester, "eve", ProblemNotEligible},
		wrong{LabelTester, "ada", ProblemNotEligible}, // the implementer
		wrong{LabelEnvironment, "production window", ProblemNotAllowed},
		wrong{LabelEnvironment, "on my machine", ProblemUnknown},
		wrong{LabelUrgency, "yesterday", ProblemUnknown},
		wrong{LabelMajor, "perhaps", ProblemUnknown},
		wrong{LabelMajor, "yes", ProblemReason},
		wrong{LabelMajor, "yes: -", ProblemReason},
		wrong{LabelRestricted, "secret", ProblemUnknown},
		wrong{LabelFollows, "the last one", ProblemUnknown},
		wrong{LabelFollows, "CHG-2026-1", ProblemUnknown},
		wrong{LabelUndoes, "CHG-2026-0001 and CHG-2026-0002", ProblemUnknown},
		wrong{LabelAlreadyDone, "yes", ProblemReason},
		wrong{LabelAlreadyDone, "Done.", ProblemReason},
		wrong{LabelAlreadyDone, "no, that was another one", ProblemUnknown},
	)
	for _, test := range tests {
		form := fullForm()
		form[test.label] = test.value
		_, problems := ReadProposal(form, "lead", company(), monday)
		if len(problems) != 1 {
			t.Errorf("%s: %q has %d problems, want one: %+v", test.label, test.value, len(problems), problems)
			continue
		}
		switch p := problems[0]; {
		case p.Label != test.label || p.Code != test.code:
			t.Errorf("%s: %q is said to be %q of %s, want %q", test.label, test.value, p.Code, p.Label, test.code)
		case p.Text == "" || p.Hint == "" || !strings.HasSuffix(p.Hint, "."):
			t.Errorf("%s: %q is not explained: %+v", test.label, test.value, p)
		case p.Given != strings.TrimSpace(test.value):
			t.Errorf("%s: %q is quoted as %q", test.label, test.value, p.Given)
		}
	}
}

// TestWhoIsMissing says early when a role or a team is short.
func TestWhoIsMissing(t *testing.T) {
	tests := []struct {
		name string
		dir  Directory
		by   PersonID
		over Form
		want []ProblemCode
	}{
		{"nobody holds the role", staff("lead: dev-lead", "ada: it", "ben: it"), "lead", nil, []ProblemCode{ProblemNobody}},
		{"nobody could test", staff("lead: dev-lead", "cto: cto", "ada: it"), "lead", nil, []ProblemCode{ProblemNoTester}},
		{"nobody is independent", staff("cto: cto", "ada: it", "ben: it"), "cto", nil, []ProblemCode{ProblemNobody}},
		{"the proposer may not propose any more", staff("lead: qa", "cto: cto", "ada: it"), "lead", nil, []ProblemCode{ProblemNotEligible}},
		{"nothing", company(), "lead", nil, nil},
	}
	for _, test := range tests {
		form := fullForm()
		maps.Copy(form, test.over)
		_, problems := ReadProposal(form, test.by, test.dir, monday)
		var got []ProblemCode
		for _, p := range problems {
			got = append(got, p.Code)
			if p.Text == "" || p.Hint == "" {
				t.Errorf("%s: not explained: %+v", test.name, p)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestReadProposalUnderstands(t *testing.T) {
	form := fullForm()
	maps.Copy(form, map[Label]string{
		LabelTitle: "  Move the\nbuild   to Go 1.26 ", LabelCategory: "Cybersecurity, DEVELOPMENT TOOLS\ncybersecurity",
		LabelRisk: "Medium – because it is new", LabelImplementer: "Ada Bell <ada@example.com>", LabelTester: "Quinn Ash",
		LabelMajor: "Yes, our infrastructure", LabelUrgency: "Emergency", LabelEnvironment: "Test first", LabelRestricted: "yes",
		LabelFollows: "chg-2026-0042", LabelUndoes: "n/a", LabelAlreadyDone: "no", LabelWindow: "-", LabelDocuments: "build guide",
	})
	p, problems := ReadProposal(form, "lead", company(), monday)
	if len(problems) > 0 {
		t.Fatalf("problems: %+v", problems)
	}
	want := Form{
		LabelTitle: "Move the build to Go 1.26", LabelCategory: "development tools; cybersecurity", LabelSystems: "build farm",
		LabelJustification: "the old release is out of support", LabelSecurityImpact: "fewer known holes", LabelRisk: "medium: it is new",
		LabelRollback: "install the old release, ten minutes", LabelTestPlan: "build everything on one worker first",
		LabelEnvironment: "test first", LabelImplementer: "ada", LabelTester: "quinn", LabelMajor: "yes: our infrastructure",
		LabelUrgency: "emergency", LabelDocuments: "build guide", LabelRestricted: "yes", LabelFollows: "CHG-2026-0042",
	}
	got := p.Values()
	for _, l := range ProposalLabels {
		if got[l] != want[l] {
			t.Errorf("%s is read as %q, want %q", l, got[l], want[l])
		}
	}
	if plain, _ := ReadProposal(fullForm(), "lead", company(), monday); plain.AlreadyDone != "" || plain.Major || plain.Urgency != UrgencyNormal {
		t.Errorf("defaults: %+v", plain)
	}
}

// TestCanonicalIsFinal holds the text that is hashed, and its hash, for good:
// hashes in old records depend on both.
func TestCanonicalIsFinal(t *testing.T) {
	p := Proposal{
		Title: "Move the build", Categories: []Category{DevelopmentTools, Cybersecurity}, Systems: "build farm",
		Description: "two lines:\nwith a \\ in it", Justification: "out of support", SecurityImpact: "fewer holes",
		Risk: Risk{RiskLow, "the tests cover it"}, Rollback: "install the old one", TestPlan: "one worker first",
		Environment: TestFirst, Implementer: "ada", Tester: "quinn", Window: "Sunday 02:00", Major: true, MajorWhy: "our backend",
		Urgency: UrgencyNormal, Documents: "build guide", Restricted: true, Follows: "CHG-2026-0001", Undoes: "CHG-2026-0002",
		AlreadyDone: "Sunday, by Ada",
	}
	const canonical = `countersign proposal 1
Title: Move the build
Category: development tools; cybersecurity
Systems: build farm
Description: two lines:\nwith a \\ in it
Justification: out of support
Security impact: fewer holes
Risk: low: the tests cover it
Rollback: install the old one
Test plan: one worker first
Environment: test first
Implementer: ada
Tester: quinn
Window: Sunday 02:00
Major: yes: our backend
Urgency: normal
Documents: build guide
Restricted: yes
Follows: CHG-2026-0001
Undoes: CHG-2026-0002
Already done: Sunday, by Ada
`
	if got := p.Canonical(); got != canonical {
		t.Errorf("the canonical text has changed:\n%s", got)
	}
	const hash = "eef2f8e4ab54f5ba52e11b6b48a2688f213bf985cb2454e7352363cdd57a4a96"
	if got := p.Hash(); got != hash {
		t.Errorf("the hash has changed: %s", got)
	}
	if got := ShortHash(p.Hash()); got != hash[:4]+" "+hash[4:8] {
		t.Errorf("the hash is shown as %q", got)
	}
	if got := ShortHash("ab"); got != "ab" {
		t.Errorf("a short hash is shown as %q", got)
	}
}

// TestEveryFieldIsHashed changes one field after the other.
func TestEveryFieldIsHashed(t *testing.T) {
	base, _ := ReadProposal(fullForm(), "lead", company(), monday)
	other := Form{
		LabelTitle: "Another", LabelCategory: "software technology", LabelSystems: "laptops", LabelDescription: "more",
		LabelJustification: "another reason", LabelSecurityImpact: "another impact", LabelRisk: "high: it is new",
		LabelRollback: "another way back", LabelTestPlan: "another plan", LabelEnvironment: "production window", LabelImplementer: "ben",
		LabelTester: "quinn", LabelWindow: "Monday", LabelMajor: "yes: our backend", LabelUrgency: "emergency", LabelDocuments: "guide",
		LabelRestricted: "yes", LabelFollows: "CHG-2026-0001", LabelUndoes: "CHG-2026-0001", LabelAlreadyDone: "Sunday, by Ada",
	}
	d := company()
	d.ProductionWindow = true
	for _, l := range ProposalLabels {
		form := fullForm()
		form[l] = other[l]
		p, problems := ReadProposal(form, "lead", d, monday)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", l, problems)
		}
		if p.Hash() == base.Hash() {
			t.Errorf("another %s has the same hash", l)
		}
		if got := Changed(base, p); !slices.Equal(got, []Label{l}) {
			t.Errorf("with another %s, %q have changed", l, got)
		}
	}
}
