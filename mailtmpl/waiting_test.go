package mailtmpl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// numbered is the change as another one.
func numbered(c policy.Change, n int, title string) policy.Change {
	c.ID, c.Number = policy.ChangeID(fmt.Sprintf("c%d", n)), fmt.Sprintf("CHG-2026-%04d", n)
	c.Proposal.Title = title
	return c
}

func waitingFor(c policy.Change, kind policy.BallotKind) Waiting {
	return Waiting{Change: c, Ballot: "open-" + policy.BallotID(kind)}
}

func waitingVariants(list map[string]Data) {
	check := open(policy.BallotCheck, "cto", "12-01 15:00", "12-04 17:00")
	documents := open(policy.BallotDocuments, "cto", "12-03 09:30", "12-17 17:00")
	question := open(policy.BallotQuestion, "cto", "12-04 11:00", "12-09 17:00")
	question.Question = &policy.Question{By: "itdir", Text: "Who pays for it?"}
	d := mailOf(policy.NoticeWaiting, policy.Change{}, "cto", "You have been asked and have not answered; this mail comes once a week.", "12-07 09:00")
	d.Waiting = []Waiting{
		waitingFor(numbered(releasedChange(check), 31, "Renew the certificate of the mail relay"), policy.BallotCheck),
		waitingFor(numbered(after(policy.StateProposed, open(policy.BallotAuthorization, "cto", "12-02 10:00", "12-07 17:00")), 38, "Move the backups of the billing cluster to the new storage"), policy.BallotAuthorization),
		waitingFor(numbered(after(policy.StateProposed, question), 39, "Two new switches"), policy.BallotQuestion),
		waitingFor(checkedChange(documents), policy.BallotDocuments),
	}
	list["person-notice-waiting"] = d
	plain := d
	plain.Org.SubAddress = false
	list["person-notice-waiting+no-sub-address"] = plain
	one := d
	one.Waiting = d.Waiting[:1]
	list["person-notice-waiting+one"] = one

	review := mailOf(policy.NoticeReview, policy.Change{}, "owner", "You own the policy.", "12-30 09:00")
	review.Directory.NextReview = "2027-01-29"
	list["owner-notice-review"] = review
	late := review
	late.Directory.NextReview = "2026-11-30"
	list["owner-notice-review+overdue"] = late
}

// Each ballot is answered by its own token, and by no other.
func TestEachThatWaitsHasItsOwnToken(t *testing.T) {
	d := examples()["person-notice-waiting"]
	slots := rendered(t, d).Slots()
	if len(slots) != len(d.Waiting) {
		t.Errorf("%d ballots have the slots %q", len(d.Waiting), slots)
	}
	for i, w := range d.Waiting {
		if want := SlotOf(SlotToken, w.Change.ID, w.Ballot); slots[i] != want {
			t.Errorf("slot %q is not %q", slots[i], want)
		}
	}
}

// Gmail shows no more than 102 kB of a mail.
func TestHoweverMuchWaitsTheMailIsNotClipped(t *testing.T) {
	d := examples()["person-notice-waiting"]
	for n := range 40 {
		c := numbered(after(policy.StateProposed, open(policy.BallotAuthorization, "cto", "12-02 10:00", "12-07 17:00")), 100+n, strings.Repeat("long ", 20))
		d.Waiting = append(d.Waiting, waitingFor(c, policy.BallotAuthorization))
	}
	m := rendered(t, d)
	text, html := m.Text.String(), m.HTML.String()
	if len(html) > 100<<10 {
		t.Errorf("it has %d bytes", len(html))
	}
	if strings.Contains(text, "CHG-2026-0120") || !strings.Contains(text, "24 more wait") {
		t.Errorf("it does not say how many more there are:\n%s", text)
	}
}
