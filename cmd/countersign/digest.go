package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/policy"
)

type digestCmd struct {
	Month  string `placeholder:"YYYY-MM" help:"Of which month, such as 2026-10; the one before this if it is not said."`
	DryRun bool   `xor:"what" help:"Only show it. This changes nothing, and may be the month that still goes on."`
	Resend bool   `xor:"what" help:"Send the mails of the month again, as they were."`
}

// Help says more than the one line.
func (*digestCmd) Help() string {
	return `In the morning of the first working day of each month, G7 is told of the month before. This
shows such a digest, or sends it.

    countersign digest --dry-run                   what was, or would be, sent for last month
    countersign digest --month 2026-10 --dry-run
    countersign digest --month 2026-10 --resend    the very same mails again, to the same people
    countersign digest --month 2026-10             what the clock would do: send it, once

It depends on nothing but the record up to the end of the month, so it says the same
whenever it is asked.`
}

// Run shows or sends the digest of a month.
func (c *digestCmd) Run(g *globals) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	calendar := d.Configured().Calendar
	this := calendar.Month(g.now())
	month := this.Add(-1)
	if c.Month != "" {
		if month, err = policy.ParseMonth(c.Month); err != nil {
			return &failure{err: err, hint: "Write the year and the month with digits: --month 2026-10.", code: exitUsage}
		}
	}
	begun, err := d.Store.FirstEvent(g.ctx)
	if err != nil {
		return err
	}
	switch {
	case begun.IsZero() || month.Before(calendar.Month(begun)):
		return &failure{err: fmt.Errorf("of %s there is no record", month.Name()), hint: "The first digest is that of the month in which the daemon was first started.", code: exitNo}
	case this.Before(month):
		return &failure{err: fmt.Errorf("%s has not begun", month.Name()), hint: "Name a month that has.", code: exitUsage}
	case c.DryRun:
		return c.show(g, d.Desk, month)
	case c.Resend:
		return c.resend(g, d.Desk, month)
	case !month.Before(this):
		return &failure{err: fmt.Errorf("%s is not over", month.Name()), hint: "Add --dry-run to see what there is so far.", code: exitNo}
	default:
		return c.send(g, d.Desk, month)
	}
}

func (*digestCmd) show(g *globals, d *desk.Desk, month policy.Month) error {
	mail, err := d.PreviewDigest(g.ctx, month)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range mail.Files {
		names = append(names, f.Name)
	}
	_, err = fmt.Fprintf(g.stdout, "Subject: %s\n\n%s\nAttached: %s\n", mail.Subject, mail.Text.String(), strings.Join(names, ", "))
	return err
}

func (*digestCmd) resend(g *globals, d *desk.Desk, month policy.Month) error {
	n, err := d.ResendDigest(g.ctx, month)
	switch {
	case errors.Is(err, desk.ErrNotSent):
		return &failure{err: fmt.Errorf("the digest of %s was not sent yet", month.Name()), hint: "Without --resend it is sent now.", code: exitNo}
	case err != nil:
		return err
	case n == 0:
		return &failure{err: fmt.Errorf("the digest of %s is still waiting to leave", month.Name()), hint: "countersign check tries the mail server.", code: exitNo}
	}
	_, err = fmt.Fprintf(g.stdout, "The digest of %s leaves again, as it was, to %s.\n", month.Name(), count(n, "recipient", "recipients"))
	return err
}

func (*digestCmd) send(g *globals, d *desk.Desk, month policy.Month) error {
	sent, err := d.SendDigest(g.ctx, month)
	if err != nil {
		return otherDirectory(err)
	}
	if !sent {
		return &failure{err: fmt.Errorf("the digest of %s was sent before", month.Name()), hint: "Add --resend to send the same mails again.", code: exitNo}
	}
	_, err = fmt.Fprintf(g.stdout, "The digest of %s leaves now.\n", month.Name())
	return err
}
