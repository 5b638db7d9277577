package main

import (
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// demoStory is what the demo plays: one change all the way through a mistake, a
// question, an out-of-office and a failed test; one that is refused, though somebody
// else approves it; one in both halves of the policy.
var demoStory = []act{
	{"A change from proposal to closed", []scene{
		{
			at:    "2026-11-23T09:05",
			story: "Lena, who leads the development team, proposes a change. She forgets how to roll back, and names a category that does not exist.",
			by:    "lead", subject: "PostgreSQL 17 for billing", change: "D-2026-0001", state: policy.StateDraft,
			text: `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: databases
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027; 17 halves our vacuum windows
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
Window: 28 November 2026, 20:00 to 23:00
Major: yes, it is our billing backend
`,
		}, {
			at:    "2026-11-23T09:12",
			story: "She sends just the two lines. The CTO is asked.",
			by:    "lead", to: policy.AskCorrection, change: "CHG-2026-0001", state: policy.StateProposed,
			text: `Category: software technology
Rollback: promote the old standby, 20 minutes
`,
		}, {
			at:    "2026-11-23T09:13",
			story: "Carol, the CTO, is away, and her mailbox says so, quoting the ballot with its keywords. It does not vote.",
			by:    "cto", to: policy.AskAuthorization, change: "CHG-2026-0001", state: policy.StateProposed,
			subject: "Automatic reply: Your decision", headers: []string{"Auto-Submitted: auto-replied"},
			text: `APPROVE
I am out of the office until tomorrow.
`,
		}, {
			at:    "2026-11-24T08:20",
			story: "Back again, she has a question first.",
			by:    "cto", to: policy.AskAuthorization, change: "CHG-2026-0001", state: policy.StateProposed,
			text: `ASK: Who watches replication during the first night?
`,
		}, {
			at:    "2026-11-24T08:41",
			story: "Lena answers in her own words.",
			by:    "lead", to: policy.AskQuestion, change: "CHG-2026-0001", state: policy.StateProposed,
			text: `Ian of the IT team; the alert on replication lag is set to 30 seconds
until Monday.
`,
		}, {
			at:    "2026-11-24T09:02",
			story: "Carol authorizes the change with her own assessment.",
			by:    "cto", to: policy.AskAuthorization, change: "CHG-2026-0001", state: policy.StateAuthorized,
			text: `APPROVE
Justification: support ends; agreed
Security impact: none, same network and same TLS
Risk: medium, the rebuild is rehearsed
Rollback: as proposed
`,
		}, {
			at:    "2026-11-24T09:30",
			story: "Dora takes the work.",
			by:    "dev1", to: policy.AskOffer, change: "CHG-2026-0001", state: policy.StateInProgress,
			text: "TAKE\n",
		}, {
			at:    "2026-11-25T16:14",
			story: "She reports it done.",
			by:    "dev1", to: policy.AskImplementation, change: "CHG-2026-0001", state: policy.StateImplemented,
			text: `IMPLEMENTED
Version: pg17-2026.11.25
Done at: 25 November 2026, 16:10
Notes: standby rebuilt on 17, primary untouched
`,
		}, {
			at:    "2026-11-26T11:05",
			story: "Quinn tests it, and it fails. The work goes back.",
			by:    "qa1", to: policy.AskTest, change: "CHG-2026-0001", state: policy.StateInProgress,
			text: `FAIL: 3 of 412 billing tests fail, collation of customer names differs
`,
		}, {
			at:    "2026-11-27T11:32",
			story: "Dora mends it and reports a new version. The failed test belongs to the old one.",
			by:    "dev1", to: policy.AskImplementation, change: "CHG-2026-0001", state: policy.StateImplemented,
			text: `IMPLEMENTED
Version: pg17-2026.11.27
Done at: 27 November 2026, 11:30
Notes: ICU collation pinned, indexes on names rebuilt
`,
		}, {
			at:    "2026-11-27T15:50",
			story: "Quinn passes it, with the report attached.",
			by:    "qa1", to: policy.AskTest, change: "CHG-2026-0001", state: policy.StateTested,
			text: `PASS
Version: pg17-2026.11.27
`, files: map[string]string{"billing-suite.txt": "412 of 412 passed, totals equal\n"},
		}, {
			at:    "2026-11-28T22:14",
			story: "Dora puts it into production. Everyone who must be told is told, and higher management too, because it is a major change.",
			by:    "dev1", to: policy.AskRelease, change: "CHG-2026-0001", state: policy.StateReleased,
			text: `RELEASED
Released at: 28 November 2026, 22:10
`,
		}, {
			at:    "2026-11-30T10:20",
			story: "Carol has looked at the result.",
			by:    "cto", to: policy.AskCheck, change: "CHG-2026-0001", state: policy.StateChecked,
			text: `CONFIRM
Checked: both nodes run 17.2, replication lag is 0, totals of the first invoices are equal
`,
		}, {
			at:    "2026-11-30T11:45",
			story: "She has brought the documents up to date, and the change is closed.",
			by:    "cto", to: policy.AskDocuments, change: "CHG-2026-0001", state: policy.StateClosed,
			text: `DOCUMENTED
Documents: Runbook billing-db / revision 14 / new version and rollback
`,
		},
	}},
	{"A change that is refused", []scene{
		{
			at:    "2026-11-30T13:10",
			story: "The IT Director's half: Lena proposes a new tool from outside.",
			by:    "lead", subject: "Hosted log search", change: "CHG-2026-0002", state: policy.StateProposed,
			text: `Title: Send application logs to a hosted search service
Category: third-party tools
Systems: all application servers
Justification: searching logs takes an hour today
Security impact: logs leave our network; some hold customer addresses
Risk: high, customer data with a third party
Rollback: stop the shipper, delete the account, 10 minutes
Test plan: ship the logs of the test servers for a week
Implementer: it1@example.com
`,
		}, {
			at:    "2026-11-30T13:48",
			story: "Somebody who was forwarded Ivan's ballot wants the tool, and approves it in his name. The mail server sees where it comes from.",
			by:    "itd", to: policy.AskAuthorization, change: "CHG-2026-0002", state: policy.StateProposed,
			found: stage.Fails, told: policy.OwnerSpoofed,
			text: `APPROVE
Justification: agreed
Security impact: none
Risk: low, everybody uses it
Rollback: as proposed
`,
		}, {
			at:    "2026-11-30T14:02",
			story: "Ivan, the IT Director, refuses it.",
			by:    "itd", to: policy.AskAuthorization, change: "CHG-2026-0002", state: policy.StateRejected,
			text: `REJECT: customer addresses may not leave the network before a data processing agreement is signed
`,
		},
	}},
	{"A change in both halves of the policy", []scene{
		{
			at:    "2026-11-30T14:30",
			story: "A change of software and of the network needs both authorizers.",
			by:    "lead", subject: "Billing API behind the new gateway", change: "CHG-2026-0003", state: policy.StateProposed,
			text: `Title: Move the billing API behind the new gateway
Category: architecture, network
Systems: gateway-1, billing-api
Justification: one place for rate limits and TLS certificates
Security impact: the API is no longer reachable around the gateway
Risk: medium, clients with pinned addresses would fail
Rollback: point the old address back, 5 minutes
Test plan: replay a day of requests through the gateway on staging
Implementer: it1@example.com
`,
		}, {
			at:    "2026-11-30T15:15",
			story: "Ivan approves. One of two.",
			by:    "itd", to: policy.AskAuthorization, change: "CHG-2026-0003", state: policy.StateProposed,
			text: `APPROVE
Justification: as proposed
Security impact: fewer open ports; the firewall rule for the old path goes
Risk: low, two clients pin addresses and both are ours
Rollback: as proposed
`,
		}, {
			at:    "2026-11-30T16:40",
			story: "Carol approves, and now it is authorized. Ian is asked to take the work.",
			by:    "cto", to: policy.AskAuthorization, change: "CHG-2026-0003", state: policy.StateAuthorized,
			text: `APPROVE
Justification: agreed, it is on the architecture plan
Security impact: better than today, one TLS endpoint
Risk: medium, watch the latency of invoices
Rollback: as proposed
`,
		},
	}},
}
