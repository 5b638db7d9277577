package main

import (
	"errors"
	"fmt"

	"github.com/countersign/countersign/storage"
)

type rebuildCmd struct {
	Check bool `help:"Only compare; write nothing."`
}

// Run recomputes every change from the record, and with --check only says
// where the stored one differs.
func (r *rebuildCmd) Run(g *globals) error {
	store, _, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // what was committed is safe
	bar := newProgress(g.stderr, "events")
	work := store.RebuildWrite
	if r.Check {
		work = store.Rebuild
	}
	report, err := work(g.ctx, bar.show)
	bar.end()
	for _, difference := range report.Differences {
		fmt.Fprintln(g.stdout, difference)
	}
	if errors.Is(err, storage.ErrDamaged) {
		return hinted(err, "Nothing was written. Restore the newest backup whose record holds, and keep this database for whoever examines it.")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(g.stdout, "%d events, %d changes: ", report.Events, report.Changes)
	switch {
	case report.OK():
		fmt.Fprintln(g.stdout, "the record holds and everything agrees with it.")
	case r.Check:
		fmt.Fprintf(g.stdout, "%d differences.\n", len(report.Differences))
		return errNo
	default:
		fmt.Fprintf(g.stdout, "%d differences, mended.\n", len(report.Differences))
	}
	return nil
}
