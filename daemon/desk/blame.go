package desk

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/storage"
)

// The forgiven are the mails whose last attempt is still to be taken back, and
// how often each was tried before it. A database that was away three times must
// not put a vote aside unread; and while it is away nothing can be taken back.
type forgiven struct {
	mu     sync.Mutex
	before map[storage.MailKey]int
}

// blame takes the attempt at mails back where they are not at fault, now or
// before the next one is made.
func (d *Desk) blame(ctx context.Context, mails []Incoming, before int, err error) error {
	if !storage.Blameless(err) {
		return err
	}
	d.forgiven.mu.Lock()
	for _, key := range keys(mails) {
		d.forgiven.before[key] = before
	}
	d.forgiven.mu.Unlock()
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return errors.Join(err, d.forget(ctx))
}

// forget takes back every attempt that is forgiven.
func (d *Desk) forget(ctx context.Context) error {
	f := &d.forgiven
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range slices.Collect(maps.Keys(f.before)) {
		if err := d.Store.ForgetAttempts(ctx, key, f.before[key]); err != nil {
			return err
		}
		delete(f.before, key)
	}
	return nil
}
