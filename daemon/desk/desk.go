// Package desk is where everything is decided: it is the only caller of policy
// inside a storage transaction. Intake, clock, pages and the operator's verbs
// bring what they have to the desk; the desk locks the change, decides, renders
// what is to be said, and writes all of it in one transaction. Nothing leaves
// before that has committed.
//
// receive.go is the way of a mail, top to bottom. read.go are its steps.
package desk

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Options are what a desk needs.
type Options struct {
	Store     *storage.Store
	Keys      paper.Keys
	Org       mailtmpl.Organization
	Operators []string // addresses told of what needs a hand
	Host      string   // where the desk stands
	Limits    mailread.Limits
	Habits    mailread.Habits
	Publishes bool             // there is to be a page in Confluence for each change
	Senders   mailread.Profile // whose word is believed about who sent a mail
	Strangers int64            // bytes of the archive that mail of strangers may take in a day; zero sets no bound
	Now       func() time.Time
	Log       *slog.Logger
}

// A Desk decides. It is safe for several goroutines.
type Desk struct {
	Options
	mu        sync.RWMutex
	directory policy.Directory
	hash      string // of the directory
	forgiven  forgiven
}

// New gives a desk that knows nobody yet; [Desk.Load] brings the directory.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{Options: o, forgiven: forgiven{before: map[storage.MailKey]int{}}}
}

// Directory is the directory in force, as the configuration has it.
func (d *Desk) Directory() policy.Directory {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.directory
}

// inForce is the hash of the directory decisions are made under.
func (d *Desk) inForce() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.hash
}

// now is the time of a decision, to the microsecond, as Postgres keeps it.
func (d *Desk) now() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// domain is what our Message-IDs end in.
func (d *Desk) domain() string {
	return d.Org.Mailbox[strings.LastIndexByte(d.Org.Mailbox, '@')+1:]
}

// series are the numbers changes and drafts get, gap-free for each year.
const (
	changeSeries = "CHG"
	draftSeries  = "D"
)

// numbering reserves the next numbers for a command and spends those used.
type numbering struct {
	tx            *storage.Tx
	year          int
	change, draft int
}

func (d *Desk) number(ctx context.Context, tx *storage.Tx, now time.Time) (*numbering, error) {
	n := &numbering{tx: tx, year: now.In(d.location()).Year()}
	var err error
	if n.draft, err = tx.NextNumber(ctx, draftSeries, n.year); err != nil {
		return nil, err
	}
	n.change, err = tx.NextNumber(ctx, changeSeries, n.year)
	return n, err
}

func (n *numbering) changeNumber() string {
	return fmt.Sprintf("%s-%d-%04d", changeSeries, n.year, n.change)
}
func (n *numbering) draftNumber() string {
	return fmt.Sprintf("%s-%d-%04d", draftSeries, n.year, n.draft)
}

// spend uses the numbers the change took. Without a reservation there are none.
func (n *numbering) spend(before, after policy.Change) error {
	if n == nil {
		return nil
	}
	if before.Draft == "" && after.Draft == n.draftNumber() {
		if err := n.tx.UseNumber(draftSeries, n.year, n.draft); err != nil {
			return err
		}
	}
	if before.Number == "" && after.Number == n.changeNumber() {
		return n.tx.UseNumber(changeSeries, n.year, n.change)
	}
	return nil
}

func (d *Desk) location() *time.Location {
	if l := d.Directory().Calendar.Location; l != nil {
		return l
	}
	return time.UTC
}
