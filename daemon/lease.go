package daemon

import (
	"context"
	"log/slog"
	"time"

	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/storage"
)

// A lease is what only one instance should have at a time. It saves work, and no
// decision rests on it: one that lost it unknowingly, because it was frozen,
// decides nothing that was decided meanwhile.
type lease struct {
	store        *storage.Store
	name, holder string
	lasting      time.Duration
	log          *slog.Logger
	tell         func(held bool) // called whenever it is known
}

// while runs the part as long as the lease is held, again each time it is taken,
// until ctx ends or the part ends by itself.
func (l lease) while(ctx context.Context, run func(context.Context) error) error {
	for ; ctx.Err() == nil; pulse.Pause(ctx, min(l.lasting/3, again)) {
		switch until, held, err := l.take(ctx); {
		case err != nil: // the database is away; others say so
		case !held:
			l.tell(false)
		default:
			l.tell(true)
			if ended, err := l.hold(ctx, until, run); ended || ctx.Err() != nil {
				return err
			}
			l.log.Warn("lease lost", "lease", l.name)
		}
	}
	return nil
}

// again is how long an instance waits before it asks for the lease once more:
// not long after it was given back, another has it.
const again = time.Second

// hold runs the part until the lease is lost, ctx ends, or it ends by itself. The
// lease is given back when the part has finished what it had in hand.
func (l lease) hold(ctx context.Context, until time.Time, run func(context.Context) error) (ended bool, err error) {
	term, stop := context.WithCancel(ctx)
	over := time.AfterFunc(time.Until(until), stop) // whether the database answers or not
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		defer stop()
		l.renew(term, over)
	}()
	err = run(term)
	ended = term.Err() == nil
	stop()
	<-renewing // it would take the lease again
	over.Stop()
	l.release(ctx)
	return ended, err
}

// renew renews the lease until that is refused or ctx ends, and puts off the end
// of the term each time.
func (l lease) renew(ctx context.Context, over *time.Timer) {
	for pulse.Pause(ctx, l.lasting/3); ctx.Err() == nil; pulse.Pause(ctx, l.lasting/3) {
		switch until, held, err := l.take(ctx); {
		case err != nil && ctx.Err() == nil:
			l.log.Warn("lease not renewed", "lease", l.name, "error", err)
		case err == nil && !held:
			return
		case err == nil:
			over.Reset(time.Until(until))
		}
	}
}

// take takes the lease or renews it, and says until when it surely lasts.
func (l lease) take(ctx context.Context) (until time.Time, held bool, err error) {
	until = time.Now().Add(l.lasting)
	held, err = l.store.Lease(ctx, l.name, l.holder, l.lasting)
	return until, held, err
}

// release gives the lease back, also when ctx has ended; one that was lost is no
// longer ours to give.
func (l lease) release(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer stop()
	if err := l.store.Release(ctx, l.name, l.holder); err != nil {
		l.log.Warn("lease not given back; it ends by itself", "lease", l.name, "error", err)
	}
}

// lastWords is how long the end waits for the database.
const lastWords = 5 * time.Second
