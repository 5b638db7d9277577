// Package records keeps the published copy of the record: a page in Confluence
// for every change, as the last sentence of POL-005 asks for, and one that lists
// them all.
//
// A [Publisher] looks through the record for changes with news. So no decision
// writes for it or waits for it, and whatever is missed while Confluence is away,
// or was not configured yet, is found afterwards. What is known of each page is a
// row in the database: which page it is, what was sent last, and what is being
// sent now. By these a page is made exactly once, and what people write on it is
// told from what we wrote (docs/confluence.md):
//
//   - what is to be sent is written down first, so that a page whose answer was
//     lost is known again;
//   - a page is found by its id alone. Its title is asked for only where there is
//     no id yet, and one that is not ours is never touched;
//   - only our part is written, and only if it is still as we left it. Otherwise
//     the page is parked, and the operators get the difference.
//
// records.go is the round, job.go the way of one page, guard.go what keeps
// people's work, failure.go what is done about each fault.
package records

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/storage"
)

// A Site is a Confluence, as far as it is needed here.
type Site interface {
	Probe(ctx context.Context) (confluence.Space, error)
	Page(ctx context.Context, id string) (confluence.Page, error)
	Find(ctx context.Context, title string) ([]confluence.Page, error)
	Create(ctx context.Context, p confluence.Page) (confluence.Page, error)
	Update(ctx context.Context, p confluence.Page, message string) (confluence.Page, error)
	Property(ctx context.Context, page, key string) (confluence.Property, error)
	SetProperty(ctx context.Context, page string, p confluence.Property) (confluence.Property, error)
	Label(ctx context.Context, page string, names ...string) error
	Unlabel(ctx context.Context, page, name string) error
	Attachments(ctx context.Context, page string) ([]confluence.Attachment, error)
	Attach(ctx context.Context, page string, f confluence.File) error
	Comment(ctx context.Context, page, body string) error
	OpenInline(ctx context.Context, page string) ([]confluence.Inline, error)
}

// Options are what a publisher needs.
type Options struct {
	Store  *storage.Store
	Desk   *desk.Desk
	Site   Site
	Space  string // its key
	Parent string // the id of the page under which the pages are; empty: the space's home
	// Register is the title of the page that lists all changes; empty: there is none.
	Register string
	WebURL   string        // of our own pages; may be empty
	Settle   time.Duration // how long after an event its change's page is brought up to date: several come together
	Now      func() time.Time
	Pulse    *pulse.Pulse
	Log      *slog.Logger
}

// A Publisher keeps the pages. One at a time works on a database.
type Publisher struct {
	Options
	waits server // until when Confluence as a whole is left alone
}

// A server is how Confluence as a whole does.
type server struct {
	until time.Time
	fails int
	known bool // it was found out since the start
}

// New gives a publisher that does not run yet.
func New(o Options) *Publisher {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pulse == nil {
		o.Pulse = &pulse.Pulse{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Publisher{Options: o}
}

const (
	look     = 5 * time.Second  // from one look at the record to the next
	patience = 15 * time.Minute // how long one page may take: files are sent with it
	together = 20               // pages listed at a time
)

// Run publishes what is due until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	defer p.Pulse.Rest()
	for ; ctx.Err() == nil; pulse.Pause(ctx, look) {
		p.Pulse.Within(patience)
		if _, err := p.Round(ctx); err != nil && ctx.Err() == nil {
			p.Log.Warn("not everything could be published", "error", err)
		}
	}
	return ctx.Err()
}

// Round looks through the record for news and brings every page up to date that
// is due. It gives how many pages it confirmed. An error says that it could not
// go on; what is wrong with one page alone is that page's own affair.
func (p *Publisher) Round(ctx context.Context) (confirmed int, err error) {
	for more := true; more; {
		if more, err = p.Store.ScanForPublication(ctx, p.now().Add(p.Settle)); err != nil {
			return 0, err
		}
	}
	if p.now().Before(p.waits.until) {
		return 0, nil
	}
	if err := p.register(ctx); err != nil {
		if err = p.failing(ctx, err); p.now().Before(p.waits.until) {
			return 0, err
		}
		p.Log.Warn("the page that lists all changes could not be made", "error", err) // which keeps no page of a change from being made
	}
	for ctx.Err() == nil {
		due, err := p.Store.DuePublications(ctx, p.now(), together)
		if err != nil || len(due) == 0 {
			return confirmed, err
		}
		for _, pub := range due {
			p.Pulse.Within(patience)
			done, err := p.publish(ctx, pub)
			if done {
				confirmed++
			}
			if err != nil {
				return confirmed, err
			}
		}
	}
	return confirmed, ctx.Err()
}

// publish brings one page up to date and writes down how that went. It fails
// where Confluence as a whole is in the way, or the database.
func (p *Publisher) publish(ctx context.Context, pub storage.Publication) (confirmed bool, err error) {
	j := &job{Publisher: p, pub: pub}
	err = j.do(ctx)
	if err != nil {
		return false, p.failed(ctx, j, err)
	}
	if err := p.works(ctx); err != nil {
		return false, err
	}
	return j.pub.Page != "", p.Store.SavePublication(ctx, j.pub)
}

// now is the time, to the microsecond, as Postgres keeps it.
func (p *Publisher) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// in is the time so long from now.
func (p *Publisher) in(d time.Duration) *time.Time {
	t := p.now().Add(d)
	return &t
}

// doing says what was being done to which page.
func doing(what string, pub storage.Publication, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of change %s: %w", what, pub.Change, err)
}
