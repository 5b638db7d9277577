package main

import (
	"errors"
	"fmt"

	"github.com/countersign/countersign/storage"
)

type rebuildCmd struct {
	Check bool `help:"Only compare; write nothing."`
}

// Help says more than the one line.
func (*rebuildCmd) Help() string {
	return `The record is the chain of events; what list and show print is computed from it. With
--check, the chain is held against itself and every change against its events, and each
difference is a line; nothing is written, and the daemon may run meanwhile. It leaves with 0
if there is none, else with 1.

Without --check, what differs is written anew from the record. If the record itself is
damaged, nothing is written.`
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
	fmt.Fprintf(g.stdout, "%s, %s: ", count(int(report.Events), "event", "events"), count(report.Changes, "change", "changes"))
	differences := count(len(report.Differences), "difference", "differences")
	switch {
	case report.OK():
		fmt.Fprintln(g.stdout, "the record holds and everything agrees with it.")
	case r.Check:
		fmt.Fprintln(g.stdout, differences+".")
		return errNo
	default:
		fmt.Fprintln(g.stdout, differences+", mended.")
	}
	return nil
}
