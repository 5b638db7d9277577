package year_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A saying is what a person may answer, and how likely that is.
type saying struct {
	weight int
	text   string // none: nothing
}

type sayings []saying

func (s sayings) draw(rng *rand.Rand) string {
	all := 0
	for _, one := range s {
		all += one.weight
	}
	n := rng.IntN(all)
	for _, one := range s {
		if n -= one.weight; n < 0 {
			return one.text
		}
	}
	return ""
}

const (
	approval = `APPROVE
Justification: agreed, it saves us work every week
Security impact: none new, same network and same TLS
Risk: medium, the step is rehearsed
Rollback: as proposed
`
	implemented = "IMPLEMENTED\nVersion: {version}\nDone at: {now}\nNotes: as planned\n"
	stop        = "STOP: the freeze of the quarter begins\n"
	reschedule  = "RESCHEDULE\nWindow: {now}\nReason: the data center is closed\n"
	confirm     = "CONFIRM\nChecked: both nodes run the new version, totals equal\n"
)

// says are the answers to each mail.
var says = map[policy.NoticeKind]sayings{
	policy.AskCorrection: {
		{85, "Risk: low, because it is mirrored\nRollback: put the old one back, 20 minutes\nTest plan: run the billing suite\n"},
		{15, "WITHDRAW: it is not worth it\n"},
	},
	policy.AskAuthorization: {
		{76, approval}, {5, approval + "Major: yes, all invoices pass through it\n"}, {4, "APPROVE\nJustification: agreed, it saves work\n"},
		{5, "REJECT: not before the freeze ends\n"}, {6, "ASK: Who watches it during the first night?\n"},
		{2, "ALSO\nCategory: cybersecurity\nReason: a port has to be opened\n"}, {2, "ALSO\nCategory: development tools\nReason: the build changes with it\n"},
	},
	policy.AskMissing:     {{1, approval}},
	policy.AskQuestion:    {{1, "Ian does; the alert is set to 30 seconds.\n"}},
	policy.NoticeAnswered: {{1, approval}},
	policy.AskRatification: {
		{85, "RATIFY\nNotes: it could not wait\n"}, {15, "OBJECT: this was no emergency\n"},
	},
	policy.AskOffer: {{70, "TAKE\n"}, {18, implemented}, {12, "DECLINE: no time this month\n"}},
	policy.AskImplementation: {
		{82, implemented}, {6, "HANDOVER\nImplementer: {implementer}\nReason: it is more theirs than mine\n"},
		{5, "FAILED\nReason: the disk is too small\nLeft as: nothing was touched\n"}, {4, stop}, {3, reschedule},
	},
	policy.AskTest:      {{82, "PASS\nEvidence: 412 of 412 tests passed, totals equal\n"}, {15, "FAIL: the totals differ\n"}, {3, stop}},
	policy.AskRelease:   {{96, "RELEASED\nReleased at: {now}\n"}, {4, stop}},
	policy.AskCheck:     {{50, confirm}, {36, confirm + "Documents: none, the runbook says it already\n"}, {6, "REWORK: one node still runs the old one\n"}, {8, "UNDO: customers cannot log in\n"}},
	policy.AskDocuments: {{1, "DOCUMENTED\nDocuments: Runbook billing / rev 14 / new version and rollback\n"}},
	policy.AskDecision: {
		{50, "CONTINUE\n"}, {25, "UNDO: it is not worth the trouble\n"}, {15, "CANCEL\nProduction untouched: yes\n"}, {10, "ACCEPT\nVersion: {version}\n"},
	},
	policy.AskUndo:           {{92, "UNDONE\nUndone at: {now}\nNotes: the old one is back\n"}, {8, "FAILED\nReason: the old one does not start\nLeft as: half of the nodes are out\n"}},
	policy.ReceiptProposed:   {{88, ""}, {6, "AMEND\nSystems: billing-db-1, billing-db-2, billing-db-{n}\n"}, {3, "WITHDRAW: overtaken by events\n"}, {3, reschedule}},
	policy.NoticeAuthorized:  {{95, ""}, {5, reschedule}},
	policy.NoticeOverdue:     {{95, ""}, {5, "STATUS\n"}},
	policy.ToldReleased:      {{97, ""}, {1, "UNDONE\nUndone at: {now}\nNotes: it did not hold\n"}, {2, "Well done, all of you.\n"}},
	policy.NoticeRescheduled: {{97, ""}, {3, stop}},
}

// filled fills in what depends on the moment.
func filled(rng *rand.Rand, text string, now time.Time) string {
	return strings.NewReplacer(
		"{version}", fmt.Sprintf("17.%d", rng.IntN(1000)), "{n}", fmt.Sprint(3+rng.IntN(90)),
		"{implementer}", address(pick(rng, mayImplement)), "{now}", now.In(toronto).Format("2 January 2006, 15:04"),
	).Replace(text)
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// proposal is the nth change somebody proposes, at some time of the year.
func proposal(rng *rand.Rand, n int) plan {
	at := begins.Add(drawn(rng, newYear.Sub(begins)))
	who := pick(rng, []string{"lead", "lead", "lead", "itd", "cto"})
	title := fmt.Sprintf("Change number %d of the year", n+1)
	l := stage.Letter{From: address(who), Subject: title, Body: strings.Join(fields(rng, title, at), "\n") + "\n"}
	return plan{at: at, id: fmt.Sprintf("proposal-%d@mail.example.com", n+1), letter: l, paper: unasked}
}

// fields draws a proposal: what is usual, and then what is not.
func fields(rng *rand.Rand, title string, at time.Time) []string {
	implementer := pick(rng, mayImplement)
	testers := slices.DeleteFunc(slices.Clone(mayTest), func(who string) bool { return who == implementer })
	lines := []string{
		"Title: " + title, "Systems: billing-db-1, billing-db-2", "Justification: support ends in November",
		"Security impact: none new, the settings are carried over", "Implementer: " + address(implementer),
		"Category: " + strings.Join(categories(rng), "; "),
	}
	for _, line := range []string{"Risk: medium, because replication is rebuilt", "Rollback: promote the old standby, 20 minutes", "Test plan: run the billing suite, compare totals"} {
		if rng.IntN(50) > 0 {
			lines = append(lines, line)
		}
	}
	for _, one := range []struct {
		percent int
		line    string
	}{
		{60, "Tester: " + address(pick(rng, testers))},
		{10, "Major: yes, all invoices pass through it"},
		{8, "Urgency: emergency"},
		{8, "Environment: production window"},
		{6, "Restricted: yes"},
		{4, "Already done: " + at.In(toronto).Format("2 January 2006") + ", 03:20, by Dora Cote, on Carol Tremblay's word by telephone"},
	} {
		if rng.IntN(100) < one.percent {
			lines = append(lines, one.line)
		}
	}
	return lines
}

// categories are one, now and then two.
func categories(rng *rand.Rand) []string {
	var all []string
	for _, c := range policy.Categories {
		all = append(all, string(c))
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if rng.IntN(8) == 0 {
		return all[:2]
	}
	return all[:1]
}
