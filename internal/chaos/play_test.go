package chaos_test

import (
	"strings"

	"github.com/countersign/countersign/policy"
)

// A play is what happens to one change.
type play struct {
	name     string
	proposal string
	lines    []line
	end      policy.State
}

// A line is one answer. Lines are spoken in order, each as soon as the mail it
// answers has come: the next of its kind to this person on this change.
type line struct {
	by   string
	to   policy.NoticeKind
	text string
}

const proposal = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027; 17 halves our vacuum windows
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
`

// edited gives the text with some of its lines in place of others; a label with
// nothing behind it takes the line out.
func edited(text string, lines ...string) string {
	var out strings.Builder
	for old := range strings.Lines(text) {
		label, _, _ := strings.Cut(old, ":")
		for _, line := range lines {
			if strings.HasPrefix(line, label+":") {
				old = line + "\n"
			}
		}
		if !strings.HasSuffix(strings.TrimSpace(old), ":") {
			out.WriteString(old)
		}
	}
	return out.String()
}

const approval = `APPROVE
Justification: support ends; agreed
Security impact: none, same network and same TLS
Risk: medium, the rebuild is rehearsed
Rollback: as proposed
`

var (
	approve    = line{"cto", policy.AskAuthorization, approval}
	take       = line{"dev1", policy.AskOffer, "TAKE\n"}
	implement  = line{"dev1", policy.AskImplementation, "IMPLEMENTED\nVersion: 17.1\nDone at: 5 March 2026, 16:10\nNotes: standby rebuilt\n"}
	pass       = line{"qa1", policy.AskTest, "PASS\nEvidence: 412 of 412 billing tests passed\n"}
	release    = line{"dev1", policy.AskRelease, "RELEASED\nReleased at: 7 March 2026, 22:10\n"}
	confirm    = line{"cto", policy.AskCheck, "CONFIRM\nChecked: both nodes run 17.2, totals equal\n"}
	document   = line{"cto", policy.AskDocuments, "DOCUMENTED\nDocuments: Runbook billing-db / rev 14 / new version and rollback\n"}
	failTest   = line{"qa1", policy.AskTest, "FAIL: the collation of customer names differs\n"}
	undone     = line{"dev1", policy.AskUndo, "UNDONE\nUndone at: 8 March 2026, 09:40\nNotes: the old standby was promoted\n"}
	carryOn    = line{"cto", policy.AskDecision, "CONTINUE\n"}
	itdApprove = line{"itd", policy.AskAuthorization, approval}
	itdConfirm = line{"itd", policy.AskCheck, confirm.text}
)

// plays are what changes can go through. Whom a mail asks is always one person,
// named beforehand, or the order in which they answer is fixed: what happens
// may not depend on who is quicker.
var plays = []play{
	{"straight", proposal, []line{approve, take, implement, pass, release, confirm, document}, policy.StateClosed},
	{"rejected", proposal, []line{
		{"cto", policy.AskAuthorization, "REJECT: not before the freeze ends\n"},
	}, policy.StateRejected},
	{"asked about", proposal, []line{
		{"cto", policy.AskAuthorization, "ASK: Who watches replication during the first night?\n"},
		{"lead", policy.AskQuestion, "Ian does; the alert on replication lag is set to 30 seconds.\n"},
		{"cto", policy.NoticeAnswered, approval},
		take, implement,
	}, policy.StateImplemented},
	{"incomplete", edited(proposal, "Rollback:"), []line{
		{"lead", policy.AskCorrection, "Rollback: promote the old standby, 20 minutes\n"},
		{"cto", policy.AskAuthorization, edited(approval, "Risk:")},
		{"cto", policy.AskMissing, approval},
		take,
	}, policy.StateInProgress},
	{"withdrawn", edited(proposal, "Test plan:"), []line{
		{"lead", policy.AskCorrection, "WITHDRAW\n"},
	}, policy.StateWithdrawn},
	{"failed twice", proposal, []line{
		approve, take, implement, failTest, implement, failTest, carryOn, implement,
	}, policy.StateImplemented},
	{"sent back", proposal, []line{
		approve, take, implement, pass, release,
		{"cto", policy.AskCheck, "REWORK: one node still runs 15\n"},
		implement, pass, release, confirm,
	}, policy.StateChecked},
	{"undone", proposal, []line{
		approve, take, implement, pass, release,
		{"cto", policy.AskCheck, "UNDO: totals differ\n"},
		undone, confirm, document,
	}, policy.StateRolledBack},
	{"stopped", proposal, []line{
		approve, take,
		{"dev1", policy.AskImplementation, "STOP: the disk is full\n"},
		{"cto", policy.AskDecision, "CANCEL\nProduction untouched: yes\n"},
	}, policy.StateCanceled},
	{"in both halves", edited(proposal, "Category: software technology and network infrastructure"), []line{
		approve, itdApprove, take, implement, pass, release, confirm, itdConfirm,
	}, policy.StateChecked},
	{"by the other half", edited(proposal, "Category: network infrastructure"), []line{
		itdApprove,
		{"dev1", policy.AskOffer, "IMPLEMENTED\nVersion: 2\nDone at: 5 March 2026, 16:10\nNotes: done at once\n"},
		pass, release,
	}, policy.StateReleased},
}
