package mailtmpl

import (
	"time"

	"github.com/countersign/countersign/policy"
)

// The example of all golden files: PostgreSQL 17 for billing, proposed by the
// Development Team Leader, authorized by the CTO, carried out by Ines, tested
// by Quentin.

var montreal = func() *time.Location {
	l, err := time.LoadLocation("America/Montreal")
	if err != nil {
		panic(err)
	}
	return l
}()

// at is a time in Montréal in the autumn of 2026: at("11-23 09:14").
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+s, montreal)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func directory() policy.Directory {
	return policy.Directory{
		PolicyVersion: "1.1", FourEyes: policy.CoSign,
		People: []policy.Person{
			{ID: "cto", Name: "Claire Tremblay", Addresses: []string{"cto@example.com"}, Roles: []policy.Role{policy.CTO}, Teams: []policy.Team{policy.Development}},
			{ID: "itdir", Name: "Ibrahim Diallo", Addresses: []string{"it.director@example.com"}, Roles: []policy.Role{policy.ITDirector}, Teams: []policy.Team{policy.IT}},
			{ID: "lead", Name: "Dana Roy", Addresses: []string{"lead@example.com"}, Roles: []policy.Role{policy.DevLead}, Teams: []policy.Team{policy.Development}},
			{ID: "dev1", Name: "Ines Moreau", Addresses: []string{"dev1@example.com"}, Teams: []policy.Team{policy.Development}},
			{ID: "dev2", Name: "Bruno Weiss", Addresses: []string{"dev2@example.com"}, Teams: []policy.Team{policy.Development}},
			{ID: "qa1", Name: "Quentin Ames", Addresses: []string{"qa1@example.com"}, Teams: []policy.Team{policy.QA}},
			{ID: "boss", Name: "Grace Okafor", Addresses: []string{"boss@example.com"}, Teams: []policy.Team{policy.G7}},
			{ID: "owner", Name: "Émile St-Pierre", Addresses: []string{"owner@example.com"}, Roles: []policy.Role{policy.PolicyOwner}},
		},
	}
}

func proposal() policy.Proposal {
	return policy.Proposal{
		Title: "Upgrade PostgreSQL 15 to 17 on the billing cluster", Categories: []policy.Category{policy.SoftwareTechnology},
		Systems: "billing-db-1, billing-db-2", Justification: "15 leaves support in November 2027; 17 halves our vacuum windows",
		SecurityImpact: "none new; TLS settings carried over",
		Risk:           policy.Risk{Level: policy.RiskMedium, Reason: "replication is rebuilt"},
		Rollback:       "promote the old standby, 20 minutes",
		TestPlan:       "restore last night's dump, run the billing suite, compare totals",
		Environment:    policy.TestFirst, Implementer: "dev1", Tester: "qa1",
		Window: "5 December 2026, 20:00 to 23:00", Major: true, MajorWhy: "it is our billing backend",
		Urgency: policy.UrgencyNormal, Documents: "Billing runbook; recovery plan",
	}
}

func assessment() policy.Form {
	return policy.Form{
		policy.LabelJustification: "support ends; agreed", policy.LabelSecurityImpact: "none: same network, same TLS",
		policy.LabelRisk: "medium: the rebuild is rehearsed", policy.LabelRollback: "adequate, 20 minutes is within the window",
	}
}

func answer(k policy.Keyword, by policy.PersonID, when string, fields policy.Form) *policy.Answer {
	return &policy.Answer{Keyword: k, By: by, At: at(when), Fields: fields, Proof: "authenticated"}
}

func cast(id policy.BallotID, kind policy.BallotKind, a *policy.Answer, more func(*policy.Ballot)) policy.Ballot {
	b := policy.Ballot{ID: id, Kind: kind, Person: a.By, Revision: 1, Status: policy.BallotCast, Answer: a, Issued: a.At.Add(-time.Hour)}
	if more != nil {
		more(&b)
	}
	return b
}

func open(kind policy.BallotKind, who policy.PersonID, issued, due string) policy.Ballot {
	b := policy.Ballot{ID: "open-" + policy.BallotID(kind), Kind: kind, Person: who, Revision: 1, Status: policy.BallotOpen, Issued: at(issued), Due: at(due)}
	if kind == policy.BallotAuthorization || kind == policy.BallotDecision || kind == policy.BallotCheck {
		b.Roles = []policy.Role{policy.CTO}
	}
	return b
}

// draft is the proposal as it first came: without a rollback, in a category
// that is none of ours.
func draft() (policy.Change, []policy.Problem) {
	form := proposal().Values()
	delete(form, policy.LabelRollback)
	form[policy.LabelCategory] = "databases"
	problems := []policy.Problem{
		{Label: policy.LabelRollback, Code: policy.ProblemMissing, Text: "Rollback is missing.", Hint: "Say what will be done if it fails, and how long that takes (POL-005, 3c)."},
		{Label: policy.LabelCategory, Code: policy.ProblemUnknown, Given: "databases", Text: `"databases" is not one of our categories.`, Hint: "Name one or several of the six below (POL-005, 2)."},
	}
	return policy.Change{
		ID: "c1", Draft: "D-2026-0007", State: policy.StateDraft, Proposer: "lead", Opened: at("11-20 10:02"),
		Form: form, Problems: problems,
		Ballots: []policy.Ballot{{ID: "open-correction", Kind: policy.BallotCorrection, Person: "lead", Status: policy.BallotOpen, Issued: at("11-20 10:02"), Due: at("12-04 17:00")}},
	}, problems
}

// proposed is the change on the CTO's desk, with one question answered.
func proposed() policy.Change {
	p := proposal()
	hash := "9f3a41c7d2b06e58"
	question := cast("q1", policy.BallotQuestion, answer(policy.NoKeyword, "lead", "11-22 15:40", policy.Form{
		policy.LabelReply: "Yes, twice: on 12 and 19 November.\nThe second time it took 14 minutes.",
	}), func(b *policy.Ballot) {
		b.Question = &policy.Question{By: "cto", Text: "Has the rebuild of the replication been rehearsed?"}
	})
	return policy.Change{
		ID: "c1", Draft: "D-2026-0007", Number: "CHG-2026-0042", State: policy.StateProposed, Proposer: "lead",
		Opened: at("11-20 10:02"), PolicyVersion: "1.1", Form: p.Values(), Proposal: p, Revision: 1, Hash: hash,
		Revisions:    []policy.Revision{{Number: 1, Hash: hash, Proposal: p, At: at("11-22 14:00")}},
		FourEyes:     policy.CoSign,
		Requirements: []policy.Requirement{{Role: policy.CTO, Why: "POL-005, 2a"}},
		Ballots:      []policy.Ballot{question, open(policy.BallotAuthorization, "cto", "11-22 14:00", "11-27 17:00")},
	}
}

// after is the change in a later state, with what happened on the way there
// and the ballot that is open now.
func after(state policy.State, opened ...policy.Ballot) policy.Change {
	c := proposed()
	c.State = state
	vote := cast("a1", policy.BallotAuthorization, answer(policy.KeywordApprove, "cto", "11-23 09:14", assessment()), func(b *policy.Ballot) { b.Roles = []policy.Role{policy.CTO} })
	c.Ballots = append([]policy.Ballot{c.Ballots[0], vote}, opened...)
	return c
}

func inProgress(opened ...policy.Ballot) policy.Change {
	c := after(policy.StateInProgress, opened...)
	c.Implementer, c.Hands = "dev1", []policy.PersonID{"dev1"}
	return c
}

func implementedChange(opened ...policy.Ballot) policy.Change {
	failed := cast("t1", policy.BallotTest, answer(policy.KeywordFail, "qa1", "12-03 11:20", policy.Form{
		policy.LabelReason: "two totals differ by one cent\nsee rows 118 and 204",
	}), func(b *policy.Ballot) { b.Attempt = 1 })
	c := inProgress(append([]policy.Ballot{failed}, opened...)...)
	c.State, c.Fails = policy.StateImplemented, 1
	c.Attempt = policy.Attempt{
		N: 2, Version: "pg17-2026.12.05", By: "dev1", DoneAt: "Fri 4 December, 16:10", At: at("12-04 16:12"),
		Notes: "restored the dump on staging, rebuilt replication, set numeric rounding as in 15", LeftUndone: "the old standby is kept until January",
	}
	return c
}

func testedChange(opened ...policy.Ballot) policy.Change {
	passed := cast("t2", policy.BallotTest, answer(policy.KeywordPass, "qa1", "12-05 21:48", policy.Form{
		policy.LabelEvidence: "412 of 412 billing tests; totals equal to the cent",
	}), func(b *policy.Ballot) {
		b.Attempt = 2
		b.Answer.Files = []policy.File{{Name: "totals-compared.csv", Type: "text/csv", Size: 48_213, SHA256: "ab"}}
	})
	c := implementedChange(append([]policy.Ballot{passed}, opened...)...)
	c.State = policy.StateTested
	c.Attempt.Passed, c.Attempt.PassedAt, c.Attempt.Evidence = "qa1", at("12-05 21:48"), "412 of 412 billing tests; totals equal to the cent"
	return c
}

func releasedChange(opened ...policy.Ballot) policy.Change {
	c := testedChange(opened...)
	c.State = policy.StateReleased
	c.Release = policy.Release{Live: true, Ever: true, Since: at("12-05 22:15"), ReleasedAt: "Sat 5 December, 22:10", Version: "pg17-2026.12.05", By: "dev1", Told: true}
	return c
}

func checkedChange(opened ...policy.Ballot) policy.Change {
	check := cast("k1", policy.BallotCheck, answer(policy.KeywordConfirm, "cto", "12-07 10:05", policy.Form{
		policy.LabelChecked: "version and replication lag on both nodes; Monday's billing run", policy.LabelDeviationAccepted: "the old standby may stay until January",
	}), nil)
	c := releasedChange(append([]policy.Ballot{check}, opened...)...)
	c.State = policy.StateChecked
	return c
}

func closedChange() policy.Change {
	documents := cast("d1", policy.BallotDocuments, answer(policy.KeywordDocumented, "cto", "12-08 16:30", policy.Form{
		policy.LabelDocuments: "Billing runbook / 2.4 / failover commands\nRecovery plan / 7 / the 20-minute fallback",
	}), nil)
	c := checkedChange(documents)
	c.State, c.Ended = policy.StateClosed, at("12-08 16:30")
	return c
}

func undoAnswer() *policy.Answer {
	return answer(policy.KeywordUndo, "cto", "12-07 09:02", policy.Form{policy.LabelReason: "invoices are rounded wrongly since Saturday"})
}

func undoingChange(opened ...policy.Ballot) policy.Change {
	order := cast("k1", policy.BallotCheck, undoAnswer(), nil)
	c := releasedChange(append([]policy.Ballot{order}, opened...)...)
	c.State = policy.StateUndoing
	return c
}

func undoneChange(opened ...policy.Ballot) policy.Change {
	c := undoingChange(opened...)
	c.State = policy.StateUndone
	c.Release.Live, c.Release.UndoneAt, c.Release.UndoneBy = false, "Mon 7 December, 10:40", "dev1"
	return c
}

func heldChange(opened ...policy.Ballot) policy.Change {
	c := inProgress(opened...)
	c.State = policy.StateHeldUp
	c.Held = policy.Hold{From: policy.StateInProgress, By: "dev1", Why: "the new standby cannot reach the backup network", LeftAs: "15 runs unchanged; staging is half upgraded"}
	return c
}
