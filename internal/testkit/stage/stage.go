// Package stage sets up a whole Countersign on one machine: a Postgres, a mail
// provider, a company of people with mailboxes, and the real daemon between
// them on a clock of its own. The conversations are played on it, and so is the
// demo.
//
// A stage has two hands: people write and answer mail ([Stage.Write],
// [Stage.Reply]), and [Stage.Step] lets the daemon take one breath.
package stage

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Mailbox is the address of the change mailbox on every stage.
const Mailbox = "changes@example.com"

// An IMAP server holds the change mailbox: the provider in process, or a
// Dovecot.
type IMAP interface {
	AddUser(address, password string) error
	Deliver(address string, raw []byte, at time.Time) error
}

// Options say what stage to set up.
type Options struct {
	OwnerURL, AppURL string    // the database, empty but for its roles
	Company          string    // TOML: the policy section and the people; [Company] if empty
	Start            time.Time // what the clock shows at first
	IMAP             IMAP      // nil: the provider in process
	Post             Post      // in place of both; mail comes by it when the clock of the stage says
	IMAPURL          string    // of IMAP or Post, where it is given
	SMTPURL          string    // of Post
	WebURL           string    // where the pages are, which the daemon's Web then has; empty for none
	Keys             []string  // ids of the token keys, the current one first; one if empty
	Proof            string    // how senders are proven, one of [Proofs]; token-only if empty
	Mailbox          string    // the address of the change mailbox; [Mailbox] if empty
	User             string    // whose mailbox that is; the address itself if empty
	Wiki             *Wiki     // where the record is published; nil for nowhere
	TLS              *tls.Config
	Log              *slog.Logger
}

// A Stage is a running company.
type Stage struct {
	*daemon.Daemon
	Provider *mailbox.Server // nil where Options have a Post
	Clock    *Clock

	options   Options
	post      Post
	dir       string
	tick      int            // makes Message-IDs of people's mail differ
	collected map[int64]bool // of the mails in the outbox
	inboxes   map[string][]Received
}

// New sets up the stage and loads the company.
func New(ctx context.Context, o Options) (*Stage, error) {
	if o.Company == "" {
		o.Company = Company
	}
	o.Mailbox = cmp.Or(o.Mailbox, Mailbox)
	o.User = cmp.Or(o.User, o.Mailbox)
	s := &Stage{options: o, Clock: &Clock{now: o.Start}, collected: map[int64]bool{}, inboxes: map[string][]Received{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context) (err error) {
	if s.post = s.options.Post; s.post == nil {
		if err := s.startProvider(); err != nil {
			return err
		}
	}
	if err := s.post.AddUser(s.options.User, Password); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "countersign-stage-"); err != nil {
		return err
	}
	return s.Reload(ctx, s.options.Company)
}

func (s *Stage) startProvider() (err error) {
	if s.Provider, err = mailbox.Start(mailbox.WithClock(s.Clock.Now)); err != nil {
		return fmt.Errorf("starting the mail provider: %w", err)
	}
	s.options.SMTPURL = "smtp+insecure://" + s.Provider.SMTP
	if s.options.IMAP == nil {
		s.options.IMAP, s.options.IMAPURL = s.Provider, "imap+insecure://"+s.Provider.IMAP
	}
	s.post = &local{provider: s.Provider, imap: s.options.IMAP}
	return nil
}

// ConfigPath is where the stage's configuration lies.
func (s *Stage) ConfigPath() string { return filepath.Join(s.dir, ConfigName) }

// Rotate restarts the daemon with other token keys, the current one first.
func (s *Stage) Rotate(ctx context.Context, keys ...string) error {
	s.options.Keys = keys
	return s.Reload(ctx, s.options.Company)
}

// Reload restarts the daemon with another company: roles, teams and people as
// the TOML says.
func (s *Stage) Reload(ctx context.Context, company string) error {
	settings := Settings{
		Mailbox: s.options.Mailbox, IMAP: s.options.IMAPURL, SMTP: s.options.SMTPURL, User: s.options.User,
		AppURL: s.options.AppURL, OwnerURL: s.options.OwnerURL, WebURL: s.options.WebURL, Company: company, Keys: s.options.Keys, Proof: s.options.Proof, Wiki: s.options.Wiki,
	}
	if err := settings.Write(s.dir); err != nil {
		return err
	}
	c, err := config.Load(s.ConfigPath())
	if err != nil {
		return err
	}
	if faults := c.Check(); config.Broken(faults) {
		return fmt.Errorf("the company's configuration is broken: %v", faults)
	}
	if s.options.Post != nil { // the provider keeps mail for anybody
		if err := settle(s.options.Post, c); err != nil {
			return err
		}
	}
	if s.Daemon != nil {
		if err := s.Daemon.Close(); err != nil {
			return err
		}
	}
	if s.Daemon, err = daemon.New(ctx, c, s.daemonOptions()); err != nil {
		return err
	}
	return s.Load(ctx)
}

func (s *Stage) daemonOptions() daemon.Options {
	o := daemon.Options{Now: s.Clock.Now, Log: s.options.Log, TLS: s.options.TLS, Lookup: lookup}
	if s.options.Post != nil {
		o.Front = func(d intake.Desk) intake.Desk { return onClock{d, s.Clock} }
	}
	return o
}

// Close takes the stage down.
func (s *Stage) Close() error {
	var errs []error
	if s.Daemon != nil {
		errs = append(errs, s.Daemon.Close())
	}
	if s.Provider != nil {
		s.Provider.Stop()
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// Step lets the daemon take one breath and collects the mail that left.
func (s *Stage) Step(ctx context.Context) ([]Received, error) {
	if err := s.Daemon.Step(ctx); err != nil {
		return nil, err
	}
	return s.collect(ctx)
}

// collect sorts what has come to people since the last time into their inboxes.
func (s *Stage) collect(ctx context.Context) ([]Received, error) {
	handed, err := s.handed(ctx)
	if err != nil {
		return nil, err
	}
	mails, err := s.post.Collect(ctx, handed)
	if err != nil {
		return nil, err
	}
	var fresh []Received
	for _, m := range mails {
		if m.To == Mailbox || m.From != "" && m.From != Mailbox {
			continue // what we keep there comes to nobody; what people write themselves is theirs
		}
		r, err := Read(m.Raw)
		if err != nil {
			return nil, fmt.Errorf("reading a mail we sent: %w\n%s", err, m.Raw)
		}
		r.To = m.To
		if err := s.Store.Tx(ctx, func(tx *storage.Tx) error { return s.name(ctx, tx, &r) }); err != nil {
			return nil, err
		}
		s.inboxes[r.To] = append(s.inboxes[r.To], r)
		fresh = append(fresh, r)
	}
	return fresh, nil
}

// Refuse has mail to the address refused from now on.
func (s *Stage) Refuse(address string) { s.post.Refuse(address) }

// name says which notice the mail is, as the outbox knows it.
func (s *Stage) name(ctx context.Context, tx *storage.Tx, r *Received) error {
	out, ok, err := tx.ByMessageID(ctx, r.MessageID)
	if err == nil && !ok {
		err = fmt.Errorf("a mail left that the outbox does not have: %s", r.MessageID)
	}
	r.Notice = policy.NoticeKind(out.Notice)
	return err
}

// Latest is the last mail of the kind in the mailbox of an address.
func (s *Stage) Latest(address string, kind policy.NoticeKind) (Received, bool) {
	all := s.All(address, kind)
	if len(all) == 0 {
		return Received{}, false
	}
	return all[len(all)-1], true
}

// All lists the mails of the kind in the mailbox of an address, oldest first.
func (s *Stage) All(address string, kind policy.NoticeKind) []Received {
	var all []Received
	for _, m := range s.inboxes[address] {
		if m.Notice == kind {
			all = append(all, m)
		}
	}
	return all
}

// Inbox lists the mails in the mailbox of an address, oldest first.
func (s *Stage) Inbox(address string) []Received { return s.inboxes[address] }

// A Clock shows the time it was set to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time shown.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set sets the clock.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }
