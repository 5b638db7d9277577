package main

import (
	"errors"
	"fmt"

	"github.com/countersign/countersign/storage"
)

type cancelCmd struct {
	Change string `arg:"" placeholder:"CHG" help:"The change's number."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; everyone with a part in the change is told."`
}

// Run ends a change that touched nothing in production. The daemon may run
// meanwhile; it sends the mails.
func (c *cancelCmd) Run(g *globals) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	if err := d.Load(g.ctx); err != nil {
		return err
	}
	decision, err := d.Desk.Cancel(g.ctx, c.Change, c.Reason)
	if errors.Is(err, storage.ErrNotFound) {
		return &failure{err: fmt.Errorf("there is no change %s", c.Change), hint: "countersign list --all shows every change.", code: exitNo}
	}
	if err != nil {
		return err
	}
	if r := decision.Refusal; r != nil {
		return &failure{err: errors.New(r.Reason), hint: r.Hint, code: exitNo}
	}
	_, err = fmt.Fprintf(g.stdout, "%s is canceled; %d people are told.\n", decision.Change.Name(), len(decision.Notices))
	return err
}
