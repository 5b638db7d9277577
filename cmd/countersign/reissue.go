package main

import (
	"errors"
	"fmt"
)

type reissueCmd struct {
	Open bool `help:"Send every open ballot once more."`
}

// Help says more than the one line.
func (*reissueCmd) Help() string {
	return `It is for when a token key was lost, or leaked and was taken out of the configuration. What was
made with a key that is not configured opens nothing; so everybody who is waited for gets
their ballot once more, with a token of the first key of [[tokens.keys]], and mail that waits
for the missing key is sent with such a token. Nothing is decided, and no answer is lost. The
daemon may run meanwhile, with the same keys; it sends the mails.

    countersign reissue --open`
}

// Run sends every open ballot once more.
func (r *reissueCmd) Run(g *globals) error {
	if !r.Open {
		return &failure{err: errors.New("nothing is said of which ballots"), hint: "Write countersign reissue --open.", code: exitUsage}
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	did, err := d.Desk.Reissue(g.ctx)
	if err != nil {
		return otherDirectory(fmt.Errorf("sending the open ballots again: %w", err))
	}
	_, err = fmt.Fprintf(g.stdout, "Sent again: %s of %s.\nSent now, with other tokens: %s that waited for a missing key.\n",
		count(did.Ballots, "ballot", "ballots"), count(did.Changes, "change", "changes"), count(did.Mails, "mail", "mails"))
	return err
}
