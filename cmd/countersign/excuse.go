package main

import (
	"fmt"

	"github.com/countersign/countersign/policy"
)

type excuseCmd struct {
	Change    string `arg:"" help:"The change's number, such as CHG-2026-0042."`
	Recipient string `arg:"" help:"Who: a person's id, name or address, or a list's address."`
	Reason    string `required:"" placeholder:"TEXT" help:"Why, and how they were told instead. The record keeps it."`
}

// Help says more than the one line.
func (*excuseCmd) Help() string {
	return `The report of an implementation is owed to everyone the policy names, and a change that has
ended reads "delivery outstanding" until the mail server took it for each of them. Where it
could not be delivered, tell them another way, and excuse them by name. A later report of the
same change is owed to them again.

    countersign excuse CHG-2026-0042 g7@example.com --reason "told in the meeting of 9 March"`
}

// Run excuses somebody whom the report of a change did not reach.
func (e *excuseCmd) Run(g *globals) error {
	if policy.Placeholder(e.Reason) {
		return &failure{err: fmt.Errorf("the reason %q says nothing", e.Reason), hint: "Say how they were told instead; the record keeps it.", code: exitUsage}
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	decision, err := d.Desk.Excuse(g.ctx, e.Change, e.Recipient, e.Reason)
	if err := undecided(e.Change, "excusing somebody from", decision, err); err != nil {
		return err
	}
	excused := decision.Change.Release.Excused
	_, err = fmt.Fprintf(g.stdout, "The report of %s is no longer owed to %s.\n", decision.Change.Name(), excused[len(excused)-1].Recipient())
	return err
}
