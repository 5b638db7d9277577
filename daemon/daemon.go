// Package daemon puts the parts together and runs them: intake brings mail to
// the desk, the desk decides, the outbox sends what is owed.
package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/daemon/outbox"
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
}

// A Daemon is the running whole.
type Daemon struct {
	Store  *storage.Store
	Desk   *desk.Desk
	Intake *intake.Intake
	Outbox *outbox.Outbox

	config *config.Config
	log    *slog.Logger
	pulses pulses
}

// New connects to the database and builds every part; nothing runs yet. The
// schema must be one this program knows.
func New(ctx context.Context, c *config.Config, o Options) (*Daemon, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
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
	d := &Daemon{Store: store, config: c, log: o.Log}
	d.Desk = desk.New(desk.Options{
		Store: store, Keys: keys, Org: organization(c), Operators: c.Operator.Addresses,
		Limits: limits(c), Now: o.Now, Log: o.Log,
	})
	reading := intakeOptions(c, o)
	reading.Pulse = &d.pulses.intake
	d.Intake = intake.New(reading, o.front(d.Desk))
	sending := outboxOptions(c, o)
	sending.Failed = d.Desk.Undelivered
	d.Outbox = outbox.New(sending, store, keys)
	return d, nil
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

func limits(c *config.Config) mailread.Limits {
	l := mailread.DefaultLimits
	l.Size = int64(c.Mailbox.SizeLimit)
	return l
}

// Configured is the directory as the configuration has it.
func (d *Daemon) Configured() policy.Directory { return d.config.Directory() }

// Load brings the configured directory into force.
func (d *Daemon) Load(ctx context.Context) error { return d.Desk.Load(ctx, d.Configured()) }

// Step sweeps the mailbox once and sends everything that is due: one breath of
// the daemon, for tests and the demo.
func (d *Daemon) Step(ctx context.Context) error {
	if _, err := d.Intake.Sweep(ctx); err != nil {
		return fmt.Errorf("sweeping the mailbox: %w", err)
	}
	if _, err := d.Outbox.Drain(ctx); err != nil {
		return fmt.Errorf("sending what is owed: %w", err)
	}
	return nil
}

// Run runs until ctx ends, with the directory that was loaded. Each part finishes the mail it has in hand; the
// database is closed last.
func (d *Daemon) Run(ctx context.Context) error {
	d.log.Warn("senders are proven by the token of their ballot alone; a proposal is believed by its From line", "sender_proof", string(d.config.Mailbox.SenderProof))
	d.log.Info("running", "policy", d.config.Policy.ID, "version", d.config.Policy.Version)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	ended := make(chan error, 2)
	for _, run := range []func(context.Context) error{d.Intake.Run, d.Outbox.Run} {
		parts.Go(func() {
			ended <- run(ctx)
			stop() // one part that ends takes the other with it
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
	d.log.Info("stopped")
	return errors.Join(errs...)
}

// Close closes the database.
func (d *Daemon) Close() error { return d.Store.Close() }
