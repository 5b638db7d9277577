package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/storage"
)

// ErrMailboxRead says that another instance reads the mailbox.
var ErrMailboxRead = errors.New("another instance reads the mailbox")

// A Recovery decides once more what was decided before and is not known any
// more, because a backup was restored. The mails of Done, Ignored and Attention
// say what that was, and ids are derived from the mails, so that they are the
// same again.
type Recovery struct {
	// Since leaves aside mail that arrived before.
	Since time.Time
	// Looking and Deciding are told how far it has come.
	Looking, Deciding func(done, total int64)

	Looked  int                      // mails looked at
	Unknown []desk.Incoming          // those the database did not know, without their bytes
	Decided map[desk.Disposition]int // what became of those decided
	Owed    int                      // mails that are owed now
}

// Look finds the mails the database does not know, and changes nothing.
func (r *Recovery) Look(ctx context.Context, d *Daemon) (err error) {
	r.Unknown, r.Looked, err = d.Intake.Unknown(ctx, r.Since, r.Looking)
	return err
}

// Run decides the mails the database does not know, in their order, while no
// instance reads the mailbox; if there are any, the configured directory is
// brought into force first. It can be killed and run again: what was decided is
// known then.
func (r *Recovery) Run(ctx context.Context, d *Daemon) error {
	l := lease{store: d.Store, name: storage.LeaseIntake, holder: d.self.ID, lasting: d.lease, log: d.log}
	until, held, err := l.take(ctx)
	if err != nil {
		return err
	}
	if !held {
		return ErrMailboxRead
	}
	ended, err := l.hold(ctx, until, func(ctx context.Context) error { return r.run(ctx, d) })
	if !ended && ctx.Err() == nil {
		return errors.Join(ErrMailboxRead, err)
	}
	return err
}

func (r *Recovery) run(ctx context.Context, d *Daemon) error {
	r.Decided = map[desk.Disposition]int{}
	if err := r.Look(ctx, d); err != nil {
		return fmt.Errorf("looking for mail the database does not know: %w", err)
	}
	if len(r.Unknown) > 0 {
		if err := d.Load(ctx); err != nil {
			return err
		}
		err := d.Intake.Recover(ctx, r.Unknown, func(in desk.Incoming) error { return r.decided(ctx, d, in) })
		if err != nil {
			return fmt.Errorf("deciding mail the database does not know: %w", err)
		}
	}
	var err error
	r.Owed, err = d.Store.Owed(ctx)
	return err
}

// decided counts what became of a mail.
func (r *Recovery) decided(ctx context.Context, d *Daemon, in desk.Incoming) error {
	sum := sha256.Sum256(in.Raw)
	known, err := d.Store.KnownMails(context.WithoutCancel(ctx), []storage.LyingMail{{Received: in.Received, SHA256: hex.EncodeToString(sum[:])}})
	if err != nil {
		return err
	}
	key := storage.MailKey{Folder: in.Folder, UIDValidity: in.UIDValidity, UID: in.UID}
	n := slices.IndexFunc(known, func(k storage.KnownMail) bool { return k.Key == key })
	if n < 0 {
		return fmt.Errorf("mail %s was decided and is not known", key)
	}
	r.Decided[desk.Disposition(known[n].Disposition)]++
	r.Deciding(int64(r.Done()), int64(len(r.Unknown)))
	return nil
}

// Done is how many mails were decided.
func (r *Recovery) Done() (n int) {
	for _, decided := range r.Decided {
		n += decided
	}
	return n
}
