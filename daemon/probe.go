package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/daemon/web"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/storage"
)

// A Probe tries one server for real and changes nothing.
type Probe struct {
	Name   string
	Needs  string // the probe without which this one tells nothing
	Remedy string // what to do when it fails
	Try    func(context.Context) (says string, err error)
}

// A Note is what a probe finds that the daemon can live with.
type Note string

func (n Note) Error() string { return string(n) }

// Probes lists what the daemon needs to reach, and what people reach of it.
func Probes(c *config.Config, o Options) []Probe {
	probes := []Probe{
		{
			Name:   "database",
			Remedy: `Look at database.url; "countersign migrate" brings an older schema up to date.`,
			Try:    func(ctx context.Context) (string, error) { return probeDatabase(ctx, c) },
		}, {
			Name: "pruning", Needs: "database",
			Remedy: "Look at database.prune_url.",
			Try:    func(ctx context.Context) (string, error) { return probePruning(ctx, c, o) },
		}, {
			Name:   "imap",
			Remedy: "Look at mailbox.imap, mailbox.username and mailbox.password_file.",
			Try:    func(ctx context.Context) (string, error) { return probeIMAP(ctx, c, o) },
		}, {
			Name:   "smtp",
			Remedy: "Look at mailbox.smtp, mailbox.username and mailbox.password_file.",
			Try:    func(ctx context.Context) (string, error) { return probeSMTP(ctx, c, o) },
		}, {
			Name: "tokens", Needs: "database",
			Remedy: `Put the key back under its id, or run "countersign reissue --open".`,
			Try:    func(ctx context.Context) (string, error) { return probeTokens(ctx, c) },
		}, {
			Name: "senders", Needs: "database",
			Remedy: "Look at mailbox.sender_proof and docs/proof.md; \"countersign explain\" says of each mail why.",
			Try:    func(ctx context.Context) (string, error) { return probeSenders(ctx, c, o) },
		},
	}
	probes = append(probes, Probe{
		Name:   "confluence",
		Remedy: "Look at the section [confluence] and docs/confluence.md. No change waits for Confluence.",
		Try:    func(ctx context.Context) (string, error) { return probeConfluence(ctx, c, o) },
	})
	if c.Web.URL != "" {
		probes = append(probes, Probe{Name: "pages", Try: func(ctx context.Context) (string, error) { return web.Probe(ctx, c.Web.URL), nil }})
	}
	return probes
}

func probeDatabase(ctx context.Context, c *config.Config) (string, error) {
	store, err := storage.Open(ctx, c.Database.URL)
	if err != nil {
		return "", err
	}
	defer store.Close() //nolint:errcheck // it only read
	if err := store.CheckSchema(ctx); err != nil {
		return "", err
	}
	if err := store.CheckRole(ctx); err != nil {
		return "", err
	}
	seq, hash, err := store.Head(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("schema %d, %d entries in the record, head %x", storage.SchemaVersion, seq, hash[:8]), nil
}

// probePruning tries the role that prunes: it must be able to, and to do nothing
// else.
func probePruning(ctx context.Context, c *config.Config, o Options) (string, error) {
	store, err := storage.Open(ctx, c.Database.Pruning())
	if err != nil {
		return "", err
	}
	defer store.Close() //nolint:errcheck // it only read
	if err := store.CheckPruner(ctx); err != nil {
		return "", err
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	old, err := store.Prunable(ctx, c.Archive.Keep.Before(now()))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("may prune and nothing else; %d mails that decided nothing are kept for longer than %s", old.Mails, c.Archive.Keep), nil
}

func probeIMAP(ctx context.Context, c *config.Config, o Options) (string, error) {
	facts, err := intake.New(intakeOptions(c, o), nil).Probe(ctx)
	if err != nil {
		return "", err
	}
	says := []string{fmt.Sprintf("logged in, %d mails wait", facts.Mails)}
	for _, missing := range []struct {
		has  bool
		says string
	}{
		{facts.Idle, "no IDLE: new mail is seen when the mailbox is polled"},
		{facts.Move || facts.Expunge, "neither MOVE nor UIDPLUS: decided mail stays in the inbox, marked"},
		{len(facts.Missing) == 0, "folders to be created at start: " + strings.Join(facts.Missing, ", ")},
	} {
		if !missing.has {
			says = append(says, missing.says)
		}
	}
	return strings.Join(says, "; "), nil
}

func probeSMTP(ctx context.Context, c *config.Config, o Options) (string, error) {
	if err := outbox.New(outboxOptions(c, o), nil, paper.Keys{}).Probe(ctx); err != nil {
		return "", err
	}
	return "logged in; nothing was sent", nil
}

// probeTokens looks whether every open ballot can be answered with a key there is.
func probeTokens(ctx context.Context, c *config.Config) (string, error) {
	keys, err := c.Tokens.Load()
	if err != nil {
		return "", err
	}
	store, err := storage.Open(ctx, c.Database.URL)
	if err != nil {
		return "", err
	}
	defer store.Close() //nolint:errcheck // it only read
	n, err := store.Keyless(ctx, slices.Sorted(maps.Keys(keys.Secrets)))
	switch {
	case err != nil:
		return "", err
	case n > 0:
		return "", fmt.Errorf("%d open ballots have no token of a key that is configured: their answers count for nothing", n)
	}
	return fmt.Sprintf("made with key %s; every open ballot has one that counts", keys.Current), nil
}
