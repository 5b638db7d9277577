package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/storage"
)

type pruneCmd struct {
	DryRun bool `help:"Only say what would be pruned; change nothing."`
}

// Help says more than the one line.
func (*pruneCmd) Help() string {
	return `The archive keeps every mail whole. Of mail that decided nothing (strangers', automatic, our
own that came back, sent by somebody else than it says, copies) it keeps the bytes for
archive.keep. This takes them away, but where the mail is about a change that is still open.
What became of the mail, its sender, size and SHA-256 stay, and the record says which mails
lost their bytes. What counted or was accepted, answered, noted or held is never touched.

It connects as a database role that can do nothing else. The daemon may run meanwhile. It can be
killed and run again; the timer countersign-prune.timer runs it each night.`
}

// Run takes the bytes of idle mail out of the archive.
func (p *pruneCmd) Run(g *globals) error {
	c, err := g.read()
	if err != nil {
		return err
	}
	if err := prunable(c); err != nil {
		return err
	}
	store, err := g.pruner(c)
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // what was committed is safe
	now := g.now()
	before := c.Archive.Keep.Before(now)
	found, err := store.Prunable(g.ctx, before)
	if err != nil {
		return err
	}
	did, form := found, "Would be pruned: %s; nothing was changed.\n"
	if !p.DryRun {
		did, err = g.prune(store, found, before, now)
		form = "Pruned: %s; the record says which.\n"
	}
	switch {
	case did.Mails > 0:
		fmt.Fprintf(g.stdout, form, amount(did, before))
	case err == nil:
		fmt.Fprintf(g.stdout, "Nothing to prune: no mail that decided nothing is older than %d days and has its bytes.\n", int(c.Archive.Keep))
	}
	if err != nil {
		return hinted(err, "What was pruned is recorded. Run it again for the rest.")
	}
	return nil
}

// prunable refuses a configuration that says something wrong of the archive or
// the database. The rest does not matter here: the service that prunes is not
// given the secrets.
func prunable(c *config.Config) error {
	for _, f := range c.Check() {
		if f.Severity == config.Error && (strings.HasPrefix(f.Key, "archive.") || strings.HasPrefix(f.Key, "database.")) {
			return &failure{err: fmt.Errorf("%s %s", f.Key, f.What), hint: f.Remedy, code: exitUsage}
		}
	}
	return nil
}

// pruner connects as the role that prunes, and as no other.
func (g *globals) pruner(c *config.Config) (*storage.Store, error) {
	store, err := storage.Open(g.ctx, c.Database.Pruning())
	if err != nil {
		return nil, hinted(err, pruningHint)
	}
	for _, check := range []func(context.Context) error{store.CheckPruner, store.CheckSchema} {
		if err := check(g.ctx); err != nil {
			return nil, errors.Join(hinted(err, pruningHint), store.Close())
		}
	}
	return store, nil
}

const pruningHint = "countersign check tries the role that prunes, and says what to do."

// prune prunes a handful after the other until there is none.
func (g *globals) prune(store *storage.Store, found storage.Pruning, before, now time.Time) (did storage.Pruning, err error) {
	bar := newProgress(g.stderr, "mails")
	defer bar.end()
	for {
		more, err := store.Prune(g.ctx, before, now)
		if err != nil || more.Mails == 0 {
			return did, err
		}
		did.Mails, did.Bytes = did.Mails+more.Mails, did.Bytes+more.Bytes
		bar.show(int64(did.Mails), int64(max(found.Mails, did.Mails)))
	}
}

// amount is how much it is, in words.
func amount(p storage.Pruning, before time.Time) string {
	return fmt.Sprintf("%s, %s, received before %s", count(p.Mails, "mail", "mails"), mailtmpl.Size(int(p.Bytes)), before.UTC().Format("2006-01-02 15:04 UTC"))
}
