// Package intake brings the mail of one IMAP mailbox to the desk, in the order
// it arrived, and puts each mail into the folder the desk names.
//
// It keeps a connection open, sweeps the inbox when the server announces
// something (IDLE) and every few minutes in any case, and connects again when
// the connection breaks. A mail is known by folder, UIDVALIDITY and UID; flags
// mean nothing to it. The desk decides each mail in one transaction; only then
// is the mail moved, and a move that is lost is made up for by the next sweep,
// because the desk answers for a decided mail without deciding again.
//
// What is asked of the server is little on purpose: the IMAP library gives up a
// connection at any response it does not know.
package intake

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/internal/server"
)

// A Desk decides.
type Desk interface {
	// ReceiveAll brings mails to their dispositions, in the order given, which is
	// that of their UIDs. It reports the folder each belongs in, or none where it
	// could not decide. For a mail that already has its disposition it reports
	// the same again; of one that is better tried last, by itself, it says so.
	ReceiveAll(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error)
	// Receive brings one mail to its disposition by itself.
	Receive(ctx context.Context, in desk.Incoming) (desk.Filing, error)
}

// Folders are the names of the mailbox's folders. Those missing are created.
type Folders struct {
	Inbox, Done, Ignored, Attention string
}

func (f Folders) of(filing desk.Filing) string {
	switch filing {
	case desk.FileDone:
		return f.Done
	case desk.FileIgnored:
		return f.Ignored
	default: // what nobody foresaw is for a person to look at
		return f.Attention
	}
}

// Options say which mailbox and how patiently.
type Options struct {
	// URL is imaps://host, imap://host (STARTTLS) or, to loopback only,
	// imap+insecure://host. A port may follow.
	URL      string
	Username string
	// Password is asked for at every login.
	Password func() (string, error)
	// TLS may name authorities to trust; nil means those of the system.
	TLS *tls.Config
	// Limit is the size in bytes above which only the header is fetched.
	Limit int64
	// Poll is how often a server without IDLE is looked at.
	Poll time.Duration
	// IdleFor is how long one IDLE lasts; each is followed by a sweep.
	IdleFor time.Duration
	// CommandTimeout is how long the server may be silent while we wait for it.
	CommandTimeout time.Duration
	Folders        Folders
	Log            *slog.Logger
	// Now is the clock Swept is told by.
	Now func() time.Time
	// Pulse is told how long what comes next may take. It may be nil.
	Pulse *pulse.Pulse
	// Known says whether the database is as old as the mailbox. Without it, Run
	// does not ask.
	Known Known
}

// The defaults of Options.
const (
	DefaultLimit          = 25 << 20
	DefaultPoll           = time.Minute
	DefaultIdleFor        = 5 * time.Minute // many NATs forget a silent connection soon after
	DefaultCommandTimeout = 2 * time.Minute
)

// slack is added to what is promised of a time, for the work around it.
const slack = 30 * time.Second

func (o *Options) complete() {
	orElse(&o.Limit, DefaultLimit)
	orElse(&o.Poll, DefaultPoll)
	orElse(&o.IdleFor, DefaultIdleFor)
	orElse(&o.CommandTimeout, DefaultCommandTimeout)
	orElse(&o.Folders.Inbox, "INBOX")
	orElse(&o.Folders.Done, "Done")
	orElse(&o.Folders.Ignored, "Ignored")
	orElse(&o.Folders.Attention, "Attention")
	orElse(&o.Log, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// An Intake reads one mailbox.
type Intake struct {
	Options
	desk Desk

	sweeping sync.Mutex // held for a sweep: mail is decided one at a time
	validity uint32     // UIDVALIDITY of the inbox as filed knows it
	filed    map[uint32]desk.Filing

	mu    sync.Mutex
	swept time.Time
}

// New makes an intake; nothing happens before Run, Sweep or Probe.
func New(o Options, d Desk) *Intake {
	o.complete()
	return &Intake{Options: o, desk: d, filed: map[uint32]desk.Filing{}}
}

// Swept is when the last sweep began that left no mail of the inbox undecided.
// A deadline may fire only if it lies before that.
func (i *Intake) Swept() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.swept
}

// Sweep connects and passes over the mailbox once: everything there is brought
// to its disposition and moved. It reports how many mails were decided.
func (i *Intake) Sweep(ctx context.Context) (int, error) {
	s, err := i.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer s.close()
	if err := s.prepare(); err != nil {
		return 0, err
	}
	decided, _, err := i.sweep(ctx, s)
	return decided, err
}

// Run reads the mailbox until ctx ends, and finishes the mails in hand first. It
// ends by itself only when nothing more must be decided, with
// [storage.ErrDirectoryChanged], [storage.ErrSchemaTooNew] or [ErrUnknownMail].
func (i *Intake) Run(ctx context.Context) error {
	retry := server.Backoff{First: time.Second, Last: 5 * time.Minute}
	defer i.Pulse.Rest()
	for ctx.Err() == nil {
		began := time.Now()
		err := i.live(ctx)
		if ctx.Err() != nil {
			break
		}
		if final(err) != nil {
			return err
		}
		if time.Since(began) > lasting {
			retry.Reset()
		}
		pause := retry.Next()
		i.Log.Warn("mailbox connection lost", "error", err, "retry_in", pause.Round(time.Millisecond))
		i.Pulse.Within(pause + slack)
		sleep(ctx, pause)
	}
	return nil
}

// lasting is how long a connection must have held for the next one to be tried
// without a longer pause.
const lasting = time.Minute

// live is the life of one connection, until it breaks or ctx ends.
func (i *Intake) live(ctx context.Context) error {
	i.Pulse.Within(2*i.CommandTimeout + slack) // dialing, then the rest
	s, err := i.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.prepare(); err != nil {
		return err
	}
	if err := i.remembers(ctx, s); err != nil {
		return err
	}
	i.Log.Info("mailbox connected", "idle", s.can(idling), "move", s.can(moving))
	again := server.Backoff{First: time.Second, Last: i.IdleFor}
	for {
		_, whole, err := i.sweep(ctx, s)
		if err != nil {
			return err
		}
		limit := i.IdleFor
		if whole {
			again.Reset()
		} else {
			limit = again.Next() // what could not be decided is tried again soon
		}
		if err := s.wait(ctx, limit); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
