// Package daemon puts the parts together and runs them: intake brings mail to
// the desk, the clock what time drives and the pages what people enter, the desk
// decides, the outbox sends what is owed.
package daemon

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/daemon/clock"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/daemon/records"
	"github.com/countersign/countersign/daemon/web"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Options are what the configuration does not say.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // the clock; nil means the real one
	TLS *tls.Config      // authorities to trust; nil means the system's
	// Front stands between the intake and the desk; for tests.
	Front func(intake.Desk) intake.Desk
	// Lookup asks the DNS for the keys of signatures; nil means the system's.
	Lookup mailread.Lookup
	// Version is the program's, for people to read.
	Version string
	// Lease is how long this instance may read the mailbox without asking again.
	Lease time.Duration
	// Beat is how often the other instances are told that this one runs.
	Beat time.Duration
}

// The defaults of Options.
const (
	DefaultLease = 15 * time.Second
	DefaultBeat  = 10 * time.Second
)

// A Daemon is the running whole.
type Daemon struct {
	Store  *storage.Store
	Desk   *desk.Desk
	Intake *intake.Intake
	Clock  *clock.Clock
	Outbox *outbox.Outbox
	Web    *web.Server // nil where no pages are configured
	// Records publishes the record; nil where that is not configured.
	Records *records.Publisher

	config *config.Config
	log    *slog.Logger
	pulses pulses

	self        storage.Instance
	role        atomic.Value // a string
	lease, beat time.Duration
}

// New connects to the database and builds every part; nothing runs yet. The
// schema must be one this program knows.
func New(ctx context.Context, c *config.Config, o Options) (*Daemon, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	self, err := o.instance()
	if err != nil {
		return nil, err
	}
	keys, err := c.Tokens.Load()
	if err != nil {
		return nil, err
	}
	store, err := storage.Open(ctx, c.Database.URL)
	if err != nil {
		return nil, err
	}
	for _, check := range []func(context.Context) error{store.CheckSchema, store.CheckRole} {
		if err := check(ctx); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	d := &Daemon{
		Store: store, config: c, log: o.Log,
		self: self, lease: cmp.Or(o.Lease, DefaultLease), beat: cmp.Or(o.Beat, DefaultBeat),
	}
	d.Desk = desk.New(desk.Options{
		Store: store, Keys: keys, Org: organization(c), Operators: c.Operator.Addresses, Publishes: c.Confluence.On(),
		Senders: senders(c, o), Strangers: int64(c.Archive.Strangers), Limits: limits(c), Habits: mailread.Habits{Stamps: c.Mailbox.Stamps}, Host: self.Host, Now: o.Now, Log: o.Log,
	})
	reading := intakeOptions(c, o)
	reading.Pulse, reading.Known = &d.pulses.intake, store.KnownMails
	d.Intake = intake.New(reading, o.front(d.Desk))
	d.Clock = clock.New(clock.Options{Chores: d.chores(), Swept: d.Intake.Swept, Pulse: &d.pulses.clock, Log: o.Log})
	sending := outboxOptions(c, o)
	sending.Pulse = &d.pulses.outbox
	sending.Failed = d.Desk.Undelivered
	d.Outbox = outbox.New(sending, store, keys)
	d.openRecords(c, o)
	if err := d.openWeb(c, o); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return d, nil
}

// openWeb builds the pages, where there are any.
func (d *Daemon) openWeb(c *config.Config, o Options) error {
	if c.Web.Listen == "" {
		return nil
	}
	certificate, err := c.Web.Certificate()
	if err != nil {
		return err
	}
	d.Web, err = web.New(web.Options{
		Desk: d.Desk, Store: d.Store, URL: c.Web.URL, Listen: c.Web.Listen, Certificate: certificate,
		Limit: int64(c.Mailbox.SizeLimit), Now: o.Now, Log: o.Log,
	})
	return err
}

func (o Options) front(d intake.Desk) intake.Desk {
	if o.Front == nil {
		return d
	}
	return o.Front(d)
}

func intakeOptions(c *config.Config, o Options) intake.Options {
	return intake.Options{
		URL: c.Mailbox.IMAP, Username: c.Mailbox.Username, Password: c.Mailbox.Password, TLS: o.TLS,
		Limit: int64(c.Mailbox.SizeLimit), Poll: time.Duration(c.Mailbox.Poll), Folders: intake.Folders(c.Mailbox.Folders),
		Now: o.Now, Log: o.Log,
	}
}

func outboxOptions(c *config.Config, o Options) outbox.Options {
	return outbox.Options{
		URL: c.Mailbox.SMTP, Username: c.Mailbox.Username, Password: c.Mailbox.Password, TLS: o.TLS,
		From: c.Mailbox.Address, Now: o.Now, Log: o.Log,
	}
}

func organization(c *config.Config) mailtmpl.Organization {
	org := mailtmpl.Organization{
		Name: c.Organization.Name, Mailbox: c.Mailbox.Address, SubAddress: c.Mailbox.SubAddress,
		WebURL: c.Web.URL, PolicyID: policy.ID, OneSubject: c.Mailbox.OneSubject,
	}
	if len(c.Operator.Addresses) > 0 {
		org.Operator = c.Operator.Addresses[0]
	}
	return org
}

// senders is whose word is believed about who sent a mail.
func senders(c *config.Config, o Options) mailread.Profile {
	p := c.Mailbox.Profile()
	p.Lookup = o.Lookup
	return p
}

func limits(c *config.Config) mailread.Limits {
	l := mailread.DefaultLimits
	l.Size, l.File, l.Files = int64(c.Mailbox.SizeLimit), int64(c.Mailbox.FileLimit), int64(c.Mailbox.FilesLimit)
	return l
}

// Configured is the directory as the configuration has it.
func (d *Daemon) Configured() policy.Directory { return d.config.Directory() }

// chores are all that time drives.
func (d *Daemon) chores() []clock.Chore {
	all := []clock.Chore{
		{Name: "ballots", Do: d.Desk.FireBallots},
		{Name: "digests", Do: d.Desk.FireDigests},
		{Name: "deputies", Do: d.Desk.FireDeputies},
		{Name: "review", Do: d.Desk.FireReview},
	}
	if d.config.Reminders.Weekly {
		all = append(all, clock.Chore{Name: "waiting", Do: d.Desk.FireWaiting})
	}
	return all
}

// Step sweeps the mailbox once, does what time does, sends everything that is due
// and publishes what has news: one breath of the daemon, for tests and the demo.
func (d *Daemon) Step(ctx context.Context) error {
	if _, err := d.Intake.Sweep(ctx); err != nil {
		return fmt.Errorf("sweeping the mailbox: %w", err)
	}
	if err := d.Clock.Tick(ctx); err != nil {
		return fmt.Errorf("doing what time does: %w", err)
	}
	if _, err := d.Outbox.Drain(ctx); err != nil {
		return fmt.Errorf("sending what is owed: %w", err)
	}
	if d.Records != nil {
		if _, err := d.Records.Round(ctx); err != nil { // for which nothing waits
			d.log.Warn("not everything could be published", "error", err)
		}
	}
	return nil
}

// Run runs until ctx ends, with the directory that was loaded. Each part
// finishes the mail it has in hand; the database is closed last.
//
// As long as another directory is in force, it only waits. It ends with an error
// where waiting is of no use.
func (d *Daemon) Run(ctx context.Context) error {
	if proof := d.config.Mailbox.SenderProof; proof == config.TokenOnly {
		d.log.Warn("senders are proven by the token of their ballot alone; a proposal is believed by its From line", "sender_proof", string(proof))
	}
	d.log.Info("running", "policy", d.config.Policy.ID, "version", d.config.Policy.Version, "instance", d.self.ID)
	defer d.log.Info("stopped")
	for {
		err := d.work(ctx)
		if !overtaken(err) {
			return err
		}
		if err := d.standAside(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// work runs the parts until one ends, which takes the others with it.
func (d *Daemon) work(ctx context.Context) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	parts := []func(context.Context) error{d.read, d.Outbox.Run, d.present}
	if d.Web != nil {
		parts = append(parts, d.Web.Run)
	}
	if d.Records != nil {
		parts = append(parts, d.publish)
	}
	return together(ctx, parts...)
}

// together runs the parts until one ends, which takes the others with it.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	ended := make(chan error, len(all))
	for _, run := range all {
		parts.Go(func() {
			ended <- run(ctx)
			stop()
		})
	}
	parts.Wait()
	close(ended)
	var errs []error
	for err := range ended {
		if !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Close takes leave of the other instances and closes the database.
func (d *Daemon) Close() error {
	d.leave()
	return d.Store.Close()
}
