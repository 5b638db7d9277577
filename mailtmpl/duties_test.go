package mailtmpl

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// someDuties are what the CTO owes other changes, in the order of their dates.
func someDuties() []Duty {
	return []Duty{
		{Number: "CHG-2026-0031", Title: "Renew the certificate of the mail relay", Kind: policy.BallotDocuments, Due: at("11-19 17:00")},
		{Number: "CHG-2026-0038", Title: "Move the backups of the billing cluster to the new storage in the second room", Kind: policy.BallotCheck, Due: at("11-26 17:00")},
		{Number: "CHG-2026-0039", Title: "Two new switches", Kind: policy.BallotCheck, Due: at("11-30 17:00")},
		{Number: "CHG-2026-0040", Title: "A third switch", Kind: policy.BallotCheck, Due: at("12-01 17:00")},
	}
}

func dutyVariants(list map[string]Data) {
	d := list[string(policy.AskAuthorization)]
	d.Duties = someDuties()
	list["authorizer-ask-authorization+duties"] = d
	d = list[string(policy.ReceiptCounted)]
	d.Duties = someDuties()[:1]
	list["person-receipt-counted+duties"] = d
}

func TestAMailNamesAtMostThreeDuties(t *testing.T) {
	d := examples()["authorizer-ask-authorization+duties"]
	text := rendered(t, d).Text.String()
	for _, duty := range d.Duties[:mostDuties] {
		if !strings.Contains(text, duty.Number) {
			t.Errorf("it does not name %s", duty.Number)
		}
	}
	if strings.Contains(text, d.Duties[mostDuties].Number) || !strings.Contains(text, "And one more") {
		t.Errorf("it names a fourth, or does not say that there is one:\n%s", text)
	}
}
