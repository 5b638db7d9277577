// Package outbox hands the mail we owe to the SMTP server: it claims mails, fills
// in each reader's token, encodes them, submits them, and reports what came of
// them. It chooses no recipient and writes no word.
//
// Each mail goes to one recipient. A server that refuses it for good (5xx to
// the recipient or the mail itself) fails it; whatever else goes wrong is tried
// again, after a minute first and an hour at last, for five days. A connection
// that breaks after the mail was handed over leaves it unknown whether it went;
// it is sent again with the same Message-ID, by which mail servers and readers
// know it as the same mail. When the server cannot be reached at all, the mails
// stay as they are and nothing counts against them.
//
// Mails are claimed fifty at a time, and go out over one connection, or over
// several where many wait. To one recipient about one change they go one after
// the other: the next is not claimed before the last is reported.
//
// A mail is marked as sent as soon as the database has answered for those before
// it, together with what was accepted meanwhile. So a mail by itself is marked at
// once; of a backlog, no more than some two dozen are accepted and not marked.
// These, and no others, are sent again after a process was killed, once its claim
// is over. A database that does not answer does not repeat mails: the
// mark is tried until it is written, and nothing else is claimed.
package outbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/internal/server"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A Queue holds the mail owed; it is the store's outbox.
type Queue interface {
	Claim(ctx context.Context, limit int, lease time.Duration, now time.Time) ([]storage.OutMail, error)
	Renew(ctx context.Context, tries []storage.Try, until time.Time) (ours []int64, err error)
	GiveBack(ctx context.Context, tries []storage.Try) error
	MarkSent(ctx context.Context, tries []storage.Try, at time.Time) (marked []int64, err error)
	Defer(ctx context.Context, try storage.Try, until time.Time, why string) error
	Fail(ctx context.Context, try storage.Try, at time.Time, why string) error
	Listen(ctx context.Context) (<-chan struct{}, error)
}

// Options say which server and how patiently.
type Options struct {
	// URL is smtps://host, smtp://host (STARTTLS) or, to loopback only,
	// smtp+insecure://host. A port may follow.
	URL string
	// Username may be empty for a server that asks for none.
	Username string
	// Password is asked for at every login.
	Password func() (string, error)
	// TLS may name authorities to trust; nil means those of the system.
	TLS *tls.Config
	// From is our own mailbox, to which mail that cannot be delivered returns.
	From string
	// Timeout is how long one mail may take, the server's last word included.
	Timeout time.Duration
	// DialTimeout is how long it may take to connect and log in, and how long an
	// open connection may take to hear of another mail.
	DialTimeout time.Duration
	// Lines is how many connections there may be at once.
	Lines int
	// Lease is how long the mails of a dead process wait; one that lives renews it.
	Lease time.Duration
	// Poll is how often the queue is looked at when nobody announces mail.
	Poll time.Duration
	Log  *slog.Logger
	Now  func() time.Time
	// Failed tells the operator of a mail that will never be delivered. It is
	// called before the mail is marked so, and again if that does not succeed.
	Failed func(ctx context.Context, mail storage.OutMail, why string) error
	// Pulse is promised to be heard again before everything that may take long.
	Pulse *pulse.Pulse
}

// The defaults of Options.
const (
	DefaultTimeout     = 5 * time.Minute // a relay that scans mail takes its time
	DefaultDialTimeout = 30 * time.Second
	DefaultLines       = 3 // Exchange Online allows a mailbox no more
	DefaultLease       = 2 * time.Minute
	DefaultPoll        = 15 * time.Second
)

// patience is how long a mail is tried.
const patience = 5 * 24 * time.Hour

func (o *Options) complete() {
	orElse(&o.Timeout, DefaultTimeout)
	orElse(&o.DialTimeout, DefaultDialTimeout)
	orElse(&o.Lines, DefaultLines)
	orElse(&o.Lease, DefaultLease)
	orElse(&o.Poll, DefaultPoll)
	orElse(&o.Log, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Failed == nil {
		o.Failed = func(context.Context, storage.OutMail, string) error { return nil }
	}
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// An Outbox sends the mail of one queue.
type Outbox struct {
	Options
	queue Queue
	keys  paper.Keys
	lines lines
	promises
}

// New makes an outbox; nothing happens before Run, Drain or Probe.
func New(o Options, q Queue, keys paper.Keys) *Outbox {
	o.complete()
	return &Outbox{Options: o, queue: q, keys: keys, promises: promises{pulse: o.Pulse}}
}

// Run sends what is due until ctx ends, and finishes the mails on their way first.
func (o *Outbox) Run(ctx context.Context) error {
	woken, err := o.queue.Listen(ctx)
	if err != nil {
		return err
	}
	defer o.lines.hangUp(0)
	retry := server.Backoff{First: time.Second, Last: 5 * time.Minute}
	for ctx.Err() == nil {
		s, err := o.work(ctx, woken, false)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if s.well.Load() {
			retry.Reset()
		}
		pause := retry.Next()
		o.Log.Warn("outbox interrupted", "sent", s.sent.Load(), "error", err, "retry_in", pause.Round(time.Millisecond))
		o.wait(ctx, pause)
	}
	return nil
}

// wait waits for the time or ctx.
func (o *Outbox) wait(ctx context.Context, d time.Duration) {
	defer o.promise(d + slack)()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Drain sends what is due until nothing is due or ctx ends. It reports how many
// mails were accepted.
func (o *Outbox) Drain(ctx context.Context) (sent int, err error) {
	defer o.lines.hangUp(0)
	s, err := o.work(ctx, nil, true)
	return int(s.sent.Load()), err
}

// encode makes the mail as it goes out: only here the token exists.
func (o *Outbox) encode(m storage.OutMail) ([]byte, error) {
	letter, err := mailtmpl.Decode(m.Body)
	if err != nil {
		return nil, err
	}
	slots, err := o.tokens(m, append(letter.Slots(), mailtmpl.SlotToken))
	if err != nil {
		return nil, fmt.Errorf("making the token: %w", err)
	}
	return Compose(letter, slots)
}

// tokens are what the slots of the mail are filled with; nothing where it carries
// none.
func (o *Outbox) tokens(m storage.OutMail, slots []string) (map[string]string, error) {
	values := map[string]string{}
	if m.KeyID == "" {
		return values, nil
	}
	for _, slot := range slots {
		value, err := Fill(o.keys, m, slot)
		if err != nil {
			return nil, err
		}
		values[slot] = value
	}
	return values, nil
}

// purposes are what the tokens in slots are good for.
var purposes = map[string]paper.Purpose{
	mailtmpl.SlotToken: paper.Mail, mailtmpl.SlotPage: paper.Page, mailtmpl.SlotSignIn: paper.SignIn,
}

// Fill is what the mail's slot takes.
func Fill(keys paper.Keys, m storage.OutMail, slot string) (string, error) {
	what, of := mailtmpl.ParseSlot(slot)
	p := paper.Paper{Change: string(m.Change), Ballot: m.TokenBallot, Person: m.TokenPerson, Generation: m.Generation}
	switch {
	case what == mailtmpl.SlotCode && len(of) == 1:
		return keys.Code(m.KeyID, of[0])
	case what == mailtmpl.SlotSignIn && len(of) == 1:
		p.Change, p.Ballot = "", of[0]
	case len(of) == 2:
		p.Change, p.Ballot = of[0], of[1]
	case len(of) > 0 || purposes[what] == "":
		return "", fmt.Errorf("nothing is known of a slot %q", slot)
	}
	purpose := purposes[what]
	if what == mailtmpl.SlotToken {
		purpose = mailtmpl.PurposeOf(policy.NoticeKind(m.Notice))
	}
	return keys.Token(m.KeyID, purpose, p)
}
