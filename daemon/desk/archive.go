package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Anybody can write to the mailbox, as much and as often as they like. So mail that
// decides nothing, and for whose sender nobody vouches, may take so much of the
// archive on a day and no more. What comes after that is decided and filed as ever,
// and lies whole in the mailbox; its bytes are not kept here as well.

// idle are the dispositions of mail that decides nothing, whoever sent it.
var idle = []Disposition{UnknownSender, Automatic, Own, Unverified, Duplicate, Oversize, Unreadable}

// ofStrangers says whether the mail decides nothing and nobody vouches for its
// sender.
func (c *conversation) ofStrangers() bool {
	switch {
	case c.level() == Authenticated || c.vouched:
		return false
	case c.out.Disposition == Held:
		return c.held == nil
	case c.out.Disposition == Answered:
		return c.level() == Unproven
	default:
		return slices.Contains(idle, c.out.Disposition)
	}
}

// keep settles whether the archive keeps the bytes of the mail.
func (c *conversation) keep(ctx context.Context) error {
	if c.held != nil && !slices.ContainsFunc(c.out.Notices, func(n policy.Notice) bool { return n.Kind == policy.AskConfirmation }) {
		c.held = nil // nobody is asked, so nothing waits for an answer
	}
	if c.out.Disposition == Duplicate && c.tx.SameBytes(c.sha) {
		c.notKept = true // they are kept with the mail that acted
		return nil
	}
	if c.Strangers == 0 || !c.ofStrangers() {
		return nil
	}
	used, err := c.tx.Share(ctx, c.today())
	if err != nil {
		return err
	}
	if size := c.weight(); used.Bytes+size <= c.Strangers {
		c.tx.AddShare(c.today(), storage.Share{Bytes: size})
		return nil
	}
	c.tx.AddShare(c.today(), storage.Share{LeftOut: 1})
	c.notKept, c.filled = true, used.LeftOut == 0
	c.out.Reason += "; not kept: strangers' mail has filled today's share of the archive"
	return nil
}

// today is the day of the decision, for those who decide.
func (d *Desk) today() time.Time { return d.now().In(d.location()) }

// weight is how much the archive takes to keep the mail.
func (c *conversation) weight() int64 {
	n := int64(len(c.in.Raw))
	if c.message != nil {
		for _, a := range c.message.Attachments {
			n += int64(len(a.Bytes))
		}
	}
	return n
}

// tellFilled tells the operators, once a day, that the archive keeps no more of
// strangers' mail. It is about no change, whatever the mail was about.
func (c *conversation) tellFilled() ([]draft, error) {
	if !c.filled {
		return nil, nil
	}
	r := result{seed: "share of " + c.today().Format(time.DateOnly), at: c.Desk.now()}
	text := fmt.Sprintf("It took %s on %s.", megabytes(c.Strangers), c.today().Format("2 January 2006"))
	for _, address := range c.Operators {
		r.notices = append(r.notices, policy.Notice{Kind: policy.OperatorArchive, Address: address, Text: text, Why: "You are an operator of Countersign."})
	}
	return c.draft(c.tx, r)
}
