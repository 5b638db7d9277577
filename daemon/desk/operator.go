package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Command carries out a command that came by no mail: a directory, an operator's
// verb. It is one transaction.
func (d *Desk) Command(ctx context.Context, id policy.ChangeID, cmd policy.Command) (decision policy.Decision, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		decision, err = d.command(ctx, tx, id, cmd, d.now())
		return err
	})
	return decision, err
}

// command carries out the command in the transaction, as of the time given.
func (d *Desk) command(ctx context.Context, tx *storage.Tx, id policy.ChangeID, cmd policy.Command, now time.Time) (policy.Decision, error) {
	tx.Under(d.inForce())
	before, err := tx.LockChange(ctx, id)
	if err != nil {
		return policy.Decision{}, err
	}
	r := result{before: before, seed: cmd.Seed, at: now}
	if before.Number == "" {
		if r.number, err = d.number(ctx, tx, r.at); err != nil {
			return policy.Decision{}, err
		}
		cmd.Draft, cmd.Number = r.number.draftNumber(), r.number.changeNumber()
	}
	dir, err := d.deputized(ctx, tx)
	if err != nil {
		return policy.Decision{}, err
	}
	r.dir = &dir
	decision := policy.Decide(before, dir, cmd, r.at)
	if decision.Refusal != nil || len(decision.Events) == 0 && len(decision.Notices) == 0 {
		return decision, nil
	}
	r.after, r.events, r.notices = decision.Change, decision.Events, decision.Notices
	r.notices = append(r.notices, d.overdue(decision)...)
	return decision, d.publish(ctx, tx, r)
}

// Cancel ends a change on an operator's word; a refusal says why not.
func (d *Desk) Cancel(ctx context.Context, name, reason string) (policy.Decision, error) {
	id, err := d.find(ctx, name)
	if err != nil {
		return policy.Decision{}, err
	}
	cmd := policy.Command{Kind: policy.CommandCancel, Proof: "operator", Text: reason, Seed: fmt.Sprintf("cancel %s %s %s", id, reason, d.now())}
	return d.Command(ctx, id, cmd)
}

// Excuse takes somebody, a person or a list, out of those to whom the report of
// a change (7) is still owed; a refusal says why not.
func (d *Desk) Excuse(ctx context.Context, name, recipient, reason string) (decision policy.Decision, err error) {
	id, err := d.find(ctx, name)
	if err != nil {
		return policy.Decision{}, err
	}
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		deliveries, err := tx.Deliveries(ctx, id)
		if err != nil {
			return err
		}
		cmd := policy.Command{
			Kind: policy.CommandExcuse, Recipient: recipient, Sent: storage.SentTo(deliveries), Proof: "operator", Text: reason,
			Seed: fmt.Sprintf("excuse %s %s %s", id, recipient, d.now()),
		}
		decision, err = d.command(ctx, tx, id, cmd, d.now())
		return err
	})
	return decision, err
}

func (d *Desk) find(ctx context.Context, name string) (id policy.ChangeID, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		id, err = tx.FindChange(ctx, name)
		return err
	})
	return id, err
}

// owed is to whom (7) owes the mail, if it does.
func owed(out storage.OutMail) string {
	if !slices.Contains(policy.Distribution, policy.NoticeKind(out.Notice)) {
		return ""
	}
	return cmp.Or(string(out.Person), out.Recipient)
}

// Undelivered tells the operators that a mail was given up. A mail to an
// operator that fails is not told again: it stands in the log and in show.
func (d *Desk) Undelivered(ctx context.Context, out storage.OutMail, reason string) error {
	if out.Notice == string(policy.OperatorUndelivered) {
		return nil
	}
	mail, err := mailtmpl.Decode(out.Body)
	if err != nil {
		return fmt.Errorf("mail %s: %w", out.MessageID, err)
	}
	return d.Store.Tx(ctx, func(tx *storage.Tx) error {
		r := result{seed: "undelivered " + out.MessageID, at: d.now()}
		if out.Change != "" {
			change, err := tx.LockChange(ctx, out.Change)
			if err != nil {
				return err
			}
			r.before, r.after = change, change
		}
		r.notices = d.undelivered(out, mail.Subject, reason)
		return d.publish(ctx, tx, r)
	})
}

// undelivered tells the operators of a mail that does not arrive, and why.
func (d *Desk) undelivered(out storage.OutMail, subject, reason string) (notices []policy.Notice) {
	for _, address := range d.Operators {
		notices = append(notices, policy.Notice{
			Kind: policy.OperatorUndelivered, Address: address, Owed: owed(out), Why: "You are an operator of Countersign.",
			Text: fmt.Sprintf("%s\nto %s\n%s", subject, out.Recipient, reason),
		})
	}
	return notices
}
