package desk

import (
	"context"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// Of the mails that decide nothing one reader gets so many in a day, and so many
// about one change: two machines that answer each other come to an end, and who
// writes in somebody's name cannot bury them (RFC 3834, 2).
const (
	rationADay    = 20
	rationAChange = 10
)

// others are the rationed mails beside all answers.
var others = map[policy.NoticeKind]bool{
	policy.AskConfirmation: true, policy.OperatorUnreadable: true, policy.OwnerSpoofed: true, policy.OperatorSpoofed: true, policy.OwnerMisused: true, policy.OperatorMisused: true,
}

func rationed(kind policy.NoticeKind) bool {
	return others[kind] || strings.HasPrefix(string(kind), "person-answer-")
}

// A tally counts what mails decided in one transaction have used of the rations.
type tally map[string]int

// ration leaves out the mails of which their readers have had enough. What counts
// is answered in any case.
func (c *conversation) ration(ctx context.Context) error {
	if c.about != nil || c.decides() {
		return nil
	}
	var kept []policy.Notice
	for _, n := range c.out.Notices {
		enough, err := c.enough(ctx, n)
		if err != nil {
			return err
		}
		if !enough {
			kept = append(kept, n)
		}
	}
	if len(kept) < len(c.out.Notices) {
		c.out.Reason += "; of such mails enough left today"
	}
	c.out.Notices = kept
	return nil
}

// enough says whether the reader of the mail has had enough of its kind; if not,
// it counts.
func (c *conversation) enough(ctx context.Context, n policy.Notice) (bool, error) {
	address := n.Address
	if p, known := c.dir.Person(n.To); known && len(p.Addresses) > 0 {
		address = p.Addresses[0]
	}
	if !rationed(n.Kind) || address == "" {
		return false, nil
	}
	id := c.out.Change.ID
	about := address + " " + string(id)
	had, err := c.tx.Rationed(ctx, address, id, c.Desk.now().Add(-24*time.Hour))
	if err != nil || had.All+c.tally[address] >= rationADay || id != "" && had.OfChange+c.tally[about] >= rationAChange {
		return err == nil, err
	}
	c.tally[address]++
	c.tally[about]++
	return false, nil
}
