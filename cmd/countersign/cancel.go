package main

import (
	"errors"
	"fmt"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type cancelCmd struct {
	Change string `arg:"" help:"The change's number, such as CHG-2026-0042."`
	Reason string `required:"" placeholder:"TEXT" help:"Why. Everyone with a part in the change is told."`
}

// Help says more than the one line.
func (*cancelCmd) Help() string {
	return `It is for a change that nobody of the policy can end any more, such as one whose people
have left. The record says that an operator did it. A change of which anything was ever in
production cannot be canceled: its authorizer answers UNDO. The daemon may run meanwhile; it
sends the mails.

    countersign cancel CHG-2026-0042 --reason "the vendor withdrew the product"`
}

// Run ends a change that touched nothing in production.
func (c *cancelCmd) Run(g *globals) error {
	if policy.Placeholder(c.Reason) {
		return &failure{err: fmt.Errorf("the reason %q says nothing", c.Reason), hint: "Everyone with a part in the change will read it.", code: exitUsage}
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	decision, err := d.Desk.Cancel(g.ctx, c.Change, c.Reason)
	if err := undecided(c.Change, "canceling", decision, err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(g.stdout, "%s is canceled. The daemon tells %s.\n", decision.Change.Name(), count(len(decision.Notices), "person", "people"))
	return err
}

// undecided says why an operator's verb decided nothing about a change; it is
// nil where it did.
func undecided(change, doing string, decision policy.Decision, err error) error {
	switch r := decision.Refusal; {
	case errors.Is(err, storage.ErrNotFound):
		return unknownChange(change)
	case err != nil:
		return otherDirectory(fmt.Errorf("%s %s: %w", doing, change, err))
	case r != nil:
		return &failure{err: errors.New(r.Reason), hint: r.Hint, code: exitNo}
	}
	return nil
}
