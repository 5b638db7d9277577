// Package outbox hands the mail we owe to the SMTP server: it claims a mail,
// fills in the reader's token, encodes it, submits it, and reports what came of
// it. It chooses no recipient and writes no word.
//
// Each mail goes to one recipient. A server that refuses it for good (5xx to
// the recipient or the mail itself) fails it; whatever else goes wrong is tried
// again, after a minute first and an hour at last, for five days. A connection
// that breaks after the mail was handed over leaves it unknown whether it went;
// it is sent again with the same Message-ID, by which mail servers and readers
// know it as the same mail. When the server cannot be reached at all, the mails
// stay as they are and nothing counts against them.
package outbox

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/server"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/storage"
)

// A Queue holds the mail owed; it is the store's outbox.
type Queue interface {
	Claim(ctx context.Context, limit int, lease time.Duration, now time.Time) ([]storage.OutMail, error)
	MarkSent(ctx context.Context, id int64, attempt int, at time.Time) error
	Defer(ctx context.Context, id int64, attempt int, until time.Time, why string) error
	Fail(ctx context.Context, id int64, attempt int, at time.Time, why string) error
	NextDue(ctx context.Context) (time.Time, bool, error)
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
	// DialTimeout is how long it may take to connect and log in.
	DialTimeout time.Duration
	// Poll is how often the queue is looked at when nobody announces mail.
	Poll time.Duration
	Log  *slog.Logger
	Now  func() time.Time
	// Failed tells the operator of a mail that will never be delivered. It is
	// called before the mail is marked so, and again if that does not succeed.
	Failed func(ctx context.Context, mail storage.OutMail, why string) error
}

// The defaults of Options.
const (
	DefaultTimeout     = 5 * time.Minute // a relay that scans mail takes its time
	DefaultDialTimeout = 30 * time.Second
	DefaultPoll        = 15 * time.Second
)

// patience is how long a mail is tried.
const patience = 5 * 24 * time.Hour

func (o *Options) complete() {
	orElse(&o.Timeout, DefaultTimeout)
	orElse(&o.DialTimeout, DefaultDialTimeout)
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
}

// New makes an outbox; nothing happens before Run, Drain or Probe.
func New(o Options, q Queue, keys paper.Keys) *Outbox {
	o.complete()
	return &Outbox{Options: o, queue: q, keys: keys}
}

// Run sends what is due until ctx ends, and finishes the mail in hand first.
func (o *Outbox) Run(ctx context.Context) error {
	woken, err := o.queue.Listen(ctx)
	if err != nil {
		return err
	}
	retry := server.Backoff{First: time.Second, Last: 5 * time.Minute}
	for ctx.Err() == nil {
		sent, err := o.Drain(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			pause := retry.Next()
			o.Log.Warn("outbox interrupted", "sent", sent, "error", err, "retry_in", pause.Round(time.Millisecond))
			wait(ctx, nil, pause)
		default:
			retry.Reset()
			woken = wait(ctx, woken, o.Poll)
		}
	}
	return nil
}

// wait waits for the wake-up, the time, or ctx. A closed channel wakes nobody
// any more, so it is forgotten.
func wait(ctx context.Context, woken <-chan struct{}, d time.Duration) <-chan struct{} {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case _, open := <-woken:
		if !open {
			return nil
		}
	case <-t.C:
	case <-ctx.Done():
	}
	return woken
}

// Drain sends what is due, over one connection where it holds, until nothing is
// due or ctx ends. It reports how many mails were accepted.
func (o *Outbox) Drain(ctx context.Context) (sent int, err error) {
	var l *line
	defer func() { l.quit() }()
	for ctx.Err() == nil {
		due, err := o.due(ctx)
		if err != nil || !due {
			return sent, err
		}
		if l == nil {
			// Before a mail is claimed: that we cannot connect is not its fault.
			if l, err = o.dial(ctx); err != nil {
				return sent, err
			}
		}
		// One at a time: the lease need not outlast more than one mail.
		mails, err := o.queue.Claim(ctx, 1, o.Timeout+time.Minute, o.Now())
		if err != nil || len(mails) == 0 {
			return sent, err
		}
		result := o.send(ctx, l, mails[0])
		if result.broken {
			l.drop()
			l = nil
		}
		if result.fate == accepted {
			sent++
		}
		// Even when ctx has ended: what is done must be written down.
		if err := o.report(context.WithoutCancel(ctx), mails[0], result); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (o *Outbox) due(ctx context.Context) (bool, error) {
	at, owed, err := o.queue.NextDue(ctx)
	return owed && !at.After(o.Now()), err
}

// send submits one mail.
func (o *Outbox) send(ctx context.Context, l *line, m storage.OutMail) result {
	raw, err := o.encode(m)
	if err != nil {
		return result{fate: postponed, why: err.Error()}
	}
	return l.submit(ctx, o.From, m.Recipient, raw)
}

// encode makes the mail as it goes out: only here the token exists.
func (o *Outbox) encode(m storage.OutMail) ([]byte, error) {
	var letter mailtmpl.Mail
	if err := json.Unmarshal(m.Body, &letter); err != nil {
		return nil, fmt.Errorf("reading the rendered mail: %w", err)
	}
	slots := map[string]string{}
	if m.KeyID != "" {
		token, err := o.keys.Token(m.KeyID, paper.Mail, PaperOf(m))
		if err != nil {
			return nil, fmt.Errorf("making the token: %w", err)
		}
		slots[mailtmpl.SlotToken] = token
	}
	return Compose(letter, slots)
}

// PaperOf is what the mail's token stands for.
func PaperOf(m storage.OutMail) paper.Paper {
	return paper.Paper{
		Change: string(m.Change), Ballot: m.TokenBallot, Person: m.TokenPerson, Generation: m.Generation,
	}
}
