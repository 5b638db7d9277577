package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// deputation takes a person's word on who stands in for them. It is about no
// change: those that wait for the person are looked at again by the clock, when
// the term begins and when it ends.
func (c *conversation) deputation(ctx context.Context) (bool, error) {
	said, ok := mailread.ReadDeputation(c.out.Typed.Text, c.now.In(c.location()))
	if !ok || c.out.Typed.Disagree || c.out.Typed.Unsure != "" {
		return false, nil
	}
	c.leave()
	appointed, err := c.tx.Appointments(ctx)
	if err != nil {
		return false, err
	}
	a, refusal := c.appointment(said)
	if refusal == nil {
		refusal = c.Directory().Appoint(a, appointed)
	}
	if refusal != nil {
		c.end(Answered, "%s: DEPUTY", refusal.Code)
		c.refuse(policy.AnswerRefused, refusal)
		return true, nil
	}
	c.end(Counted, "%s", policy.KeywordDeputy)
	c.out.Appointed = &a
	c.out.Notices = append(c.out.Notices, c.appointed(a)...)
	return true, nil
}

// appointment is what was said, as far as it is clear: a day begins and ends at
// midnight, where the company is.
func (c *conversation) appointment(said mailread.Deputation) (policy.Appointment, *policy.Refusal) {
	a := policy.Appointment{Principal: c.out.Person, At: c.now, Proof: c.asProof("token"), Mail: c.sha}
	if said.Doubt != "" {
		return a, &policy.Refusal{
			Code: policy.RefusedProblems, Reason: fmt.Sprintf("Your mail names a deputy, but %s, so nobody was appointed.", said.Doubt),
			Hint: "Write in one line: DEPUTY, their name, UNTIL and the last day, such as 24 December 2026; or DEPUTY NOBODY.",
		}
	}
	if said.Nobody {
		return a, nil
	}
	p, known := c.dir.Find(said.Name)
	if !known {
		return a, c.whom(said.Name)
	}
	a.Deputy, a.From, a.Until = p.ID, c.now, c.midnight(said.Until.AddDate(0, 0, 1))
	if !said.From.IsZero() {
		if from := c.midnight(said.From); from.After(c.now) {
			a.From = from
		}
	}
	return a, nil
}

// midnight is when the day begins where the company is.
func (c *conversation) midnight(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.location()).UTC()
}

// whom refuses a name that is nobody's, and names those who resemble it: nobody
// is appointed by half a name.
func (c *conversation) whom(name string) *policy.Refusal {
	hint := "Write the whole name as it is on file, or the address."
	var names []string
	for _, id := range c.dir.Resembling(name) {
		names = append(names, c.dir.Name(id))
	}
	if len(names) > 0 {
		hint = "Write the whole name or the address. Did you mean " + strings.Join(names, " or ") + "?"
	}
	return &policy.Refusal{Code: policy.RefusedUnknown, Reason: fmt.Sprintf("Nobody in the directory is called %q, so nobody was appointed.", mailread.Shown(name)), Hint: hint}
}

// appointed tells those whom it concerns who stands in for whom: the principal,
// the deputy, one who no longer is, and the owners of the policy.
func (c *conversation) appointed(a policy.Appointment) []policy.Notice {
	notices := []policy.Notice{{Kind: policy.ReceiptDeputy, To: a.Principal, Appointed: &a, Why: "You said who stands in for you."}}
	tell := func(id policy.PersonID, a policy.Appointment) {
		if id != "" {
			notices = append(notices, policy.Notice{Kind: policy.NoticeDeputy, To: id, Appointed: &a, Why: c.dir.Name(a.Principal) + " said who stands in for them."})
		}
	}
	tell(a.Deputy, a)
	if before, was := c.dir.Appointed(a.Principal, a.At); was && before.Deputy != a.Deputy {
		ended := a
		ended.Deputy = ""
		tell(before.Deputy, ended)
	}
	for _, owner := range c.dir.Holders(policy.PolicyOwner) {
		notices = append(notices, policy.Notice{Kind: policy.OwnerDirectory, To: owner, Text: c.sentence(a), Why: "You own the policy."})
	}
	return notices
}

// sentence says who stands in for whom.
func (d *Desk) sentence(a policy.Appointment) string {
	dir := d.Directory()
	if a.Deputy == "" {
		return fmt.Sprintf("Nobody stands in for %s any more, by their own mail.", dir.Name(a.Principal))
	}
	day := func(t time.Time) string { return t.In(d.location()).Format("2 January 2006") }
	return fmt.Sprintf("%s stands in for %s from %s until %s, by their own mail.", dir.Name(a.Deputy), dir.Name(a.Principal), day(a.From), day(a.Until.Add(-time.Second)))
}

// appointsUnproven says whether the mail appoints a deputy and it is not proven
// who sent it: no token speaks for such a mail, so not even where nothing else
// is asked for it is believed by its From line.
func (c *conversation) appointsUnproven() bool {
	return c.out.Appointed != nil && c.level() != Authenticated
}
