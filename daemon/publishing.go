package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/records"
	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/storage"
)

// openRecords builds what publishes the record, where it is to be.
func (d *Daemon) openRecords(c *config.Config, o Options) {
	if !c.Confluence.On() {
		return
	}
	d.Records = records.New(records.Options{
		Store: d.Store, Desk: d.Desk, Site: site(c, o), Space: c.Confluence.Space, Parent: c.Confluence.Parent,
		Register: c.Confluence.Register, WebURL: c.Web.URL, Settle: time.Duration(c.Confluence.Settle),
		Now: o.Now, Pulse: &d.pulses.records, Log: o.Log,
	})
}

// site is the Confluence of the configuration.
func site(c *config.Config, o Options) *confluence.Site {
	at := c.Confluence
	return confluence.New(confluence.Options{
		Flavor: confluence.Flavor(at.Flavor), URL: at.URL, API: at.API, Space: at.Space, User: at.Username, Token: at.Token, Log: o.Log,
	})
}

// publish keeps the pages as long as no other instance does.
func (d *Daemon) publish(ctx context.Context) error {
	l := lease{store: d.Store, name: storage.LeaseRecords, holder: d.self.ID, lasting: d.lease, log: d.log}
	l.tell = func(bool) {}
	return l.while(ctx, d.Records.Run)
}

// published is how publishing does, on a line for people; nothing where all is
// well.
func (d *Daemon) published(ctx context.Context) string {
	if d.Records == nil {
		return ""
	}
	at, err := d.Store.Publishing(ctx)
	switch {
	case err != nil:
		return "" // the database is away, which is said already
	case at.FailingSince != nil:
		return fmt.Sprintf("nothing can be published since %s, %d pages wait: %s", at.FailingSince.Local().Format(time.DateTime), at.Backlog(), oneLine(at.FailingWhy))
	case at.Backlog() > 0:
		return fmt.Sprintf("%d pages wait to be published, %d of them for a hand", at.Backlog(), at.Parked)
	}
	return ""
}

// probeConfluence says whether the record can be published.
func probeConfluence(ctx context.Context, c *config.Config, o Options) (string, error) {
	if !c.Confluence.On() {
		return "", Note("records are not published; POL-005 wants them kept in Confluence")
	}
	space, err := site(c, o).Probe(ctx)
	if err != nil {
		return "", err
	}
	if c.Confluence.Parent != "" {
		p, err := site(c, o).Page(ctx, c.Confluence.Parent)
		if err != nil {
			return "", fmt.Errorf("the page confluence.parent: %w", err)
		}
		if p.Status != confluence.StatusCurrent {
			return "", fmt.Errorf("the page confluence.parent is %s", p.Status)
		}
		return fmt.Sprintf("space %s (%s), below the page %q", space.Key, space.Name, p.Title), nil
	}
	return fmt.Sprintf("space %s (%s), below its home page", space.Key, space.Name), nil
}
