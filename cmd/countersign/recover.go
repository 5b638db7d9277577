package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/storage"
)

type recoverCmd struct {
	Since  time.Time `format:"2006-01-02" placeholder:"DATE" help:"Leave aside mail that arrived before this day, such as 2026-03-02."`
	DryRun bool      `help:"Only list the mails that would be decided."`
}

// Help says more than the one line.
func (*recoverCmd) Help() string {
	return `It is for a database that was restored from a backup and is older than the mailbox. It
reads the folders Done, Ignored and Attention and decides every mail the database does not
know, in the order in which they were decided before. Ids are made from the mails, so changes,
ballots and the mails that are owed are the same again. The inbox is left to serve.

Stop the daemon first. With --dry-run nothing is changed, and the daemon may run. It can be
killed and run again; once everything is known it decides nothing.`
}

// Run decides once more what a restored database does not know.
func (c *recoverCmd) Run(g *globals) error {
	looking, deciding := newProgress(g.stderr, "mails looked at"), newProgress(g.stderr, "mails decided")
	if g.LogLevel == slog.LevelInfo { // a line for each mail would be in the way of the bar
		g.log = slog.New(slog.NewTextHandler(g.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was committed is safe
	zone := d.Configured().Calendar.Location
	r := &countersign.Recovery{Looking: looking.show, Deciding: deciding.show}
	if day := c.Since; !day.IsZero() {
		r.Since = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	}
	work := r.Run
	if c.DryRun {
		work = r.Look
	}
	err = work(g.ctx, d)
	looking.end()
	deciding.end()
	if err == nil && c.DryRun {
		err = g.listUnknown(d, r, zone)
	}
	if err == nil || r.Done() > 0 {
		fmt.Fprint(g.stdout, recovered(r, c.DryRun))
	}
	return notRecovered(err)
}

// listUnknown writes a line for each mail that would be decided.
func (g *globals) listUnknown(d *countersign.Daemon, r *countersign.Recovery, zone *time.Location) error {
	return d.Intake.Headers(g.ctx, r.Unknown, func(in desk.Incoming) error {
		from, subject := "it cannot be taken apart", ""
		if m, err := mailread.Read(in.Raw, mailread.DefaultLimits); err == nil {
			from, subject = m.From.Address, m.Subject
		}
		_, err := fmt.Fprintf(g.stdout, "%s  %-9s  %s  %q\n", at(in.Received, zone), in.Folder, from, subject)
		return err
	})
}

// recovered says what was done, and what follows from it.
func recovered(r *countersign.Recovery, dry bool) string {
	says := fmt.Sprintf("%s read, %d unknown", count(r.Looked, "mail", "mails"), len(r.Unknown))
	if dry || r.Done() == 0 {
		return says + "; nothing was decided.\n"
	}
	var became []string
	for _, d := range desk.Dispositions {
		if n := r.Decided[d]; n > 0 {
			became = append(became, fmt.Sprintf("%s %d", d, n))
		}
	}
	says += ", decided: " + strings.Join(became, ", ") + ".\n"
	if r.Done() < len(r.Unknown) {
		return says
	}
	return says + count(r.Owed, "mail is", "mails are") + ` owed and will leave when countersign serve runs. Those that had left
before the restore leave once more with the same Message-ID: somebody may get a mail twice.
`
}

// notRecovered adds what to do about the error.
func notRecovered(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, countersign.ErrMailboxRead):
		return hinted(err, "Stop the daemon on every host: systemctl stop countersign. One that was killed lets the mailbox go within 15 seconds.")
	case errors.Is(err, storage.ErrDirectoryChanged):
		return otherDirectory(err)
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	return hinted(err, "What was decided stays decided. Run it again for the rest.")
}
