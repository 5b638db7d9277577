package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// automatic settles mail no person sent before a word of it is read as an
// answer. It decides nothing and is never answered. Two kinds of it tell
// something: a delivery report, and an out-of-office.
func (c *conversation) automatic(ctx context.Context) (bool, error) {
	m := c.out.Message
	if m.From.Address == c.Org.Mailbox {
		return true, c.own(ctx)
	}
	class := mailread.Automatic(m)
	if class == "" {
		return false, nil
	}
	if p, ok := c.dir.ByAddress(m.From.Address); ok {
		c.out.Person = p.ID
	}
	c.end(Automatic, "%s", class)
	if class == mailread.Bounce {
		return true, c.reported(ctx, mailread.ReadReport(m))
	}
	c.away(m)
	return true, nil
}

// reported takes note of what a mail server says became of a mail of ours.
// Anybody can forge such a report: the operators are told, and the mail is marked,
// but no ballot is voided by it and nobody excused.
func (c *conversation) reported(ctx context.Context, r mailread.Report) error {
	for _, id := range r.Of {
		ours, found, err := c.tx.ByMessageID(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		said, named := r.About(ours.Recipient)
		if named && said.Failed {
			return c.cameBack(ctx, ours, said.Words)
		}
		return c.aboutOurs(ctx, ours, stillWell(r, named))
	}
	return nil
}

// stillWell is why a report changes nothing.
func stillWell(r mailread.Report, named bool) string {
	switch {
	case named:
		return "about a mail of ours that may still arrive"
	case len(r.To) == 0:
		return "about a mail of ours, but it names nobody"
	default:
		return "about a mail of ours, but somebody it was passed on to"
	}
}

// cameBack marks a mail of ours as failed and tells the operators, once.
func (c *conversation) cameBack(ctx context.Context, ours storage.OutMail, words string) error {
	if err := c.aboutOurs(ctx, ours, "a mail of ours came back"); err != nil {
		return err
	}
	why := "it came back: " + words
	marked, err := c.tx.Return(ctx, ours, c.Desk.now(), why)
	if err != nil {
		return err
	}
	if !marked {
		c.end(Automatic, "%s: about a mail of ours that is known to fail, or has not left", mailread.Bounce)
		return nil
	}
	if ours.Notice == string(policy.OperatorUndelivered) {
		return nil // it stands in the log and in show
	}
	mail, err := mailtmpl.Decode(ours.Body)
	if err != nil {
		return fmt.Errorf("mail %s: %w", ours.MessageID, err)
	}
	c.out.Notices = append(c.out.Notices, c.undelivered(ours, mail.Subject, why)...)
	return nil
}

// aboutOurs files the report with the change that our mail was about.
func (c *conversation) aboutOurs(ctx context.Context, ours storage.OutMail, reason string) error {
	c.end(Automatic, "%s: %s", mailread.Bounce, reason)
	if ours.Change == "" {
		return nil
	}
	c.paper.ballot = ours.Ballot
	return c.lock(ctx, ours.Change)
}

// away keeps of an out-of-office the date until which its sender is away, and
// nothing else.
func (c *conversation) away(m *mailread.Message) {
	if c.out.Person == "" {
		return
	}
	if until, ok := mailread.AwayUntil(m, c.in.Received); ok {
		c.out.Away = until
		c.out.Reason += ", away until " + until.Format(time.DateOnly)
	}
}
