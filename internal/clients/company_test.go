package clients

import (
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const proposal = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027
Security impact: none new; TLS settings carried over
Risk: medium: replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite
Environment: test first
Implementer: dev1@example.com
Tester: qa1@example.com
`

const approval = `APPROVE
Justification: support ends; agreed
Security impact: none, same network
Risk: medium, the rebuild is rehearsed
Rollback: as proposed
`

// ballots are the mails in which people are asked, as they arrived: what the
// programs answer.
func ballots(t *testing.T) map[policy.BallotKind]stage.Received {
	t.Helper()
	owner, app := pgtest.Test(t)
	s, err := stage.New(t.Context(), stage.Options{OwnerURL: owner, AppURL: app, Start: time.Date(2026, 11, 23, 14, 14, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing of it is needed any more
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	must(s.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17 for billing", Body: proposal}))
	got := map[policy.BallotKind]stage.Received{}
	for _, turn := range []struct {
		who  string
		kind policy.BallotKind
		say  string
	}{
		{"cto@example.com", policy.BallotAuthorization, approval},
		{"dev1@example.com", policy.BallotOffer, "TAKE\n"},
		{"dev1@example.com", policy.BallotImplementation, "IMPLEMENTED\nVersion: pg17-1\nDone at: 25 November 2026, 16:10\nNotes: as planned\n"},
		{"qa1@example.com", policy.BallotTest, "PASS\nEvidence: 412 of 412\n"},
	} {
		_, err := s.Step(t.Context())
		must(err)
		m, ok := s.Latest(turn.who, policy.AskOf(turn.kind))
		if !ok {
			t.Fatalf("%s is not asked for %s", turn.who, turn.kind)
		}
		got[turn.kind] = m
		must(s.Write(stage.Letter{From: turn.who, Body: turn.say}.Reply(m)))
	}
	return got
}
