package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/storage"
)

// maxAttempts is how often a mail is tried before it is put aside unread.
const maxAttempts = 3

// patience is how often a mail is tried before it has to wait until all others
// are decided: it was in hand twice when something went wrong.
const patience = 2

// ReceiveAll brings mails to their dispositions, in the order given, and says
// where each belongs: nowhere where it could not be decided yet, which the error
// tells, or should be brought again by itself ([PutOff]).
//
// That they are about to be read is counted first, outside any transaction, so
// that a mail which kills the process is known by its count. Mails never tried
// before are then decided in one transaction. One that was in hand when
// something went wrong is decided by itself, and so are all when the one
// transaction fails: what is wrong with a mail is its own affair.
func (d *Desk) ReceiveAll(ctx context.Context, mails []Incoming) ([]Filing, error) {
	filings := make([]Filing, len(mails))
	if err := d.forget(ctx); err != nil {
		return filings, err
	}
	attempts, err := d.Store.CountAttempts(ctx, keys(mails))
	if err != nil {
		return filings, d.blame(ctx, mails, 0, err)
	}
	failpoint.Here(failpoint.Counted)
	var errs []error
	for at := 0; at < len(mails); {
		end := at
		for end < len(mails) && attempts[end] == (storage.Attempt{}) {
			end++
		}
		if end > at {
			errs = append(errs, d.decideAll(ctx, mails[at:end], filings[at:end]))
			at = end
			continue
		}
		switch known := attempts[at]; {
		case known.Disposition != "":
			filings[at] = Disposition(known.Disposition).Filing()
		case known.Before >= patience:
			filings[at] = PutOff
		default:
			filings[at], err = d.Receive(ctx, mails[at])
			errs = append(errs, err)
		}
		at++
	}
	return filings, errors.Join(errs...)
}

func keys(mails []Incoming) []storage.MailKey {
	keys := make([]storage.MailKey, len(mails))
	for i, in := range mails {
		keys[i] = in.key()
	}
	return keys
}

// Receive brings one mail to its disposition by itself, as often as it was tried
// before. A mail decided before is only filed again.
func (d *Desk) Receive(ctx context.Context, in Incoming) (Filing, error) {
	if err := d.forget(ctx); err != nil {
		return "", err
	}
	known, err := d.Store.CountAttempt(ctx, in.key())
	switch {
	case err != nil:
		return "", d.blame(ctx, []Incoming{in}, known.Before, err)
	case known.Disposition != "":
		return Disposition(known.Disposition).Filing(), nil
	case known.Before >= maxAttempts:
		return d.decide(ctx, unread(in), known.Before)
	}
	failpoint.Here(failpoint.Counted)
	return d.decide(ctx, d.open(ctx, in), known.Before)
}

// decideAll decides mails in one transaction or, if that does not go well, each
// in one of its own.
func (d *Desk) decideAll(ctx context.Context, mails []Incoming, filings []Filing) error {
	began := time.Now()
	opened := d.openAll(ctx, mails)
	outs, err := d.transact(ctx, opened)
	switch {
	case err == nil:
		for i, out := range outs {
			filings[i] = out.Disposition.Filing()
			d.decided(mails[i], out, time.Since(began))
		}
		return nil
	case storage.Blameless(err):
		return d.blame(ctx, mails, 0, fmt.Errorf("deciding %d mails: %w", len(mails), err))
	}
	var errs []error
	for i, mail := range opened {
		filings[i], err = d.decide(ctx, mail, 0)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// decide decides one mail, tried so often before, in a transaction.
func (d *Desk) decide(ctx context.Context, mail opened, before int) (Filing, error) {
	began := time.Now()
	outs, err := d.transact(ctx, []opened{mail})
	if errors.Is(err, storage.ErrDuplicate) { // decided by another instance meanwhile
		known, err := d.Store.CountAttempt(ctx, mail.in.key()) // which counts no mail that is decided
		return Disposition(known.Disposition).Filing(), err
	}
	if err != nil {
		return "", d.blame(ctx, []Incoming{mail.in}, before, fmt.Errorf("deciding mail %s: %w", mail.in.key(), err))
	}
	d.decided(mail.in, outs[0], time.Since(began))
	return outs[0].Disposition.Filing(), nil
}

// transact decides the mails, one after the other, in one transaction.
func (d *Desk) transact(ctx context.Context, mails []opened) (outs []Outcome, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		outs = nil // a second try begins anew
		tx.Under(d.inForce())
		if err := tx.ReadAhead(ctx, letters(mails)); err != nil {
			return err
		}
		var drafts []draft
		used := tally{}
		for _, mail := range mails {
			c, err := d.begin(ctx, tx, mail)
			if err != nil {
				return err
			}
			c.tally = used
			if err := c.read(ctx); err != nil {
				return err
			}
			owed, err := c.write()
			if err != nil {
				return err
			}
			outs, drafts = append(outs, c.out), append(drafts, owed...)
		}
		return d.post(ctx, tx, drafts)
	})
	if err == nil {
		failpoint.Here(failpoint.Committed)
	}
	return outs, err
}

func (d *Desk) decided(in Incoming, out Outcome, took time.Duration) {
	d.Log.Info("mail decided", "uid", in.UID, "disposition", string(out.Disposition), "change", out.Change.Name(), "reason", out.Reason, "took", took.Round(time.Millisecond))
}

// openAll takes mails apart, on every processor there is.
func (d *Desk) openAll(ctx context.Context, mails []Incoming) []opened {
	all := make([]opened, len(mails))
	each(len(mails), func(i int) { all[i] = d.open(ctx, mails[i]) })
	return all
}

// each does the work for 0 to n-1, as many at a time as there are processors.
func each(n int, work func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	workers.Wait()
}
