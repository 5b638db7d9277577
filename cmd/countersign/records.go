package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type recordsCmd struct {
	Status    recordsStatusCmd    `cmd:"" help:"Say how far the pages are, and which need a hand."`
	Republish recordsRepublishCmd `cmd:"" help:"Have the page of a change written anew."`
	Diff      recordsDiffCmd      `cmd:"" help:"Show what people made of our part of a page."`
}

type recordsStatusCmd struct {
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Help says more than the one line.
func (*recordsStatusCmd) Help() string {
	return `Of the pages in Confluence: how many say what the record says, how many wait to be written and
how many are parked, which is until somebody has looked and says "countersign records
republish"; then each that is parked, or was tried in vain, and why. It leaves with 1 where
something needs a hand. docs/confluence.md says what to do.`
}

// A publishing is what records status --json prints: a documented interface, to
// which fields are only added.
type publishing struct {
	Confirmed    int         `json:"confirmed"`
	Owed         int         `json:"owed"`
	Parked       int         `json:"parked"`
	Unseen       int64       `json:"unseen"` // entries of the record not looked through yet
	FailingSince *time.Time  `json:"failing_since,omitempty"`
	FailingWhy   string      `json:"failing_why,omitempty"`
	Pages        []published `json:"pages"`
}

// A published page is one that needs a hand, or was tried in vain.
type published struct {
	Number string     `json:"number"`
	State  string     `json:"state"`
	Why    string     `json:"why"`
	Tries  int        `json:"tries"`
	Due    *time.Time `json:"due,omitempty"`
	URL    string     `json:"url,omitempty"`
}

// mostPages is how many pages are listed.
const mostPages = 100

// Run says how publishing does.
func (r *recordsStatusCmd) Run(g *globals) error {
	store, location, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // it only read
	answer, err := g.publishing(store)
	if err != nil {
		return err
	}
	if r.JSON {
		err = printJSON(g.stdout, answer)
	} else {
		err = answer.print(g.stdout, location)
	}
	if err == nil && (answer.Parked > 0 || answer.FailingSince != nil) {
		return errNo
	}
	return err
}

func (g *globals) publishing(store *storage.Store) (p publishing, err error) {
	at, err := store.Publishing(g.ctx)
	if err != nil {
		return p, err
	}
	p = publishing{Confirmed: at.Confirmed, Owed: at.Owed, Parked: at.Parked, Unseen: at.Head - at.Seq, FailingSince: at.FailingSince, FailingWhy: at.FailingWhy, Pages: []published{}}
	pages, err := store.Unpublished(g.ctx, mostPages)
	if err != nil {
		return p, err
	}
	for _, one := range pages {
		c, err := store.Change(g.ctx, string(one.Change))
		if err != nil {
			return p, err
		}
		p.Pages = append(p.Pages, published{Number: c.Name(), State: string(one.State), Why: one.Why, Tries: one.Tries, Due: one.Due, URL: one.URL})
	}
	return p, nil
}

func (p publishing) print(out io.Writer, location *time.Location) error {
	fmt.Fprintf(out, "%s what the record tells, %d wait to be written, %d need a hand.\n", count(p.Confirmed, "page tells", "pages tell"), p.Owed, p.Parked)
	if p.FailingSince != nil {
		fmt.Fprintf(out, "Nothing can be published since %s: %s\n", at(*p.FailingSince, location), p.FailingWhy)
	}
	if len(p.Pages) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHANGE\tPAGE\tBECAUSE")
	for _, one := range p.Pages {
		fmt.Fprintf(w, "%s\t%s\t%s\n", one.Number, one.State, one.Why)
	}
	return w.Flush()
}

type recordsRepublishCmd struct {
	Change string `arg:"" help:"The change's number, such as CHG-2026-0042."`
}

// Help says more than the one line.
func (*recordsRepublishCmd) Help() string {
	return `The page is written anew within seconds, parked or not, by the daemon that runs. What people
made of our part of it is written over: "countersign records diff" shows it before. What
stands in the notes at the end of the page is kept.

    countersign records republish CHG-2026-0042`
}

// Run has the page of a change written anew.
func (r *recordsRepublishCmd) Run(g *globals) error {
	store, _, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // what was committed is safe
	c, err := change(g, store, r.Change)
	if err != nil {
		return err
	}
	if err := unpublished(c, store.Republish(g.ctx, c.ID, g.now())); err != nil {
		return err
	}
	_, err = fmt.Fprintf(g.stdout, "The page of %s is written anew as soon as the daemon comes to it.\n", c.Name())
	return err
}

// unpublished says that a change has no page.
func unpublished(c policy.Change, err error) error {
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return &failure{err: fmt.Errorf("%s has no page", c.Name()), hint: "A change gets one when it has its number, where [confluence] is configured and the daemon runs.", code: exitNo}
}

type recordsDiffCmd struct {
	Change string `arg:"" help:"The change's number, such as CHG-2026-0042."`
}

// Help says more than the one line.
func (*recordsDiffCmd) Help() string {
	return `It reads the page as it is now and holds our part of it against what was sent last. A line that
begins with "-" is ours and is gone, one with "+" was added. It leaves with 1 where there is
a difference.`
}

// Run shows what people made of our part of a page.
func (r *recordsDiffCmd) Run(g *globals) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it only read
	if d.Records == nil {
		return &failure{err: errors.New("no Confluence is configured"), hint: "docs/confluence.md says how to set it up.", code: exitUsage}
	}
	c, err := change(g, d.Store, r.Change)
	if err != nil {
		return err
	}
	diff, err := d.Records.Diff(g.ctx, c.ID)
	if err = unpublished(c, err); err != nil {
		return hinted(err, remedy(countersign.Probe{Name: "confluence"}, err))
	}
	if diff == "" {
		_, err = fmt.Fprintln(g.stdout, "Our part of the page is as it was sent.")
		return err
	}
	if _, err = fmt.Fprintln(g.stdout, diff); err != nil {
		return err
	}
	return errNo
}
