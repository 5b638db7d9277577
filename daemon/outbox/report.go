package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/internal/server"
	"github.com/countersign/countersign/storage"
)

// report writes down what came of the mail.
func (o *Outbox) report(ctx context.Context, m storage.OutMail, r result) error {
	now := o.Now()
	if r.fate == postponed && now.Sub(m.At) > patience {
		r.fate, r.why = refused, "given up after five days: "+r.why
	}
	log := o.Log.With("outbox", m.ID, "message_id", m.MessageID, "attempt", m.Attempt)
	var err error
	switch r.fate {
	case accepted:
		log.Info("mail sent")
		err = o.queue.MarkSent(ctx, m.ID, m.Attempt, now)
	case refused:
		log.Error("mail failed", "code", r.code)
		if err = o.Failed(ctx, m, r.why); err != nil {
			return fmt.Errorf("telling of failed outbox mail %d: %w", m.ID, err)
		}
		err = o.queue.Fail(ctx, m.ID, m.Attempt, now, r.why)
	case postponed:
		pause := pauseBefore(m.Attempt)
		log.Warn("mail deferred", "code", r.code, "retry_in", pause.Round(time.Second))
		err = o.queue.Defer(ctx, m.ID, m.Attempt, now.Add(pause), r.why)
	}
	if errors.Is(err, storage.ErrStale) {
		log.Warn("mail was taken over by another worker")
		return nil
	}
	return err
}

// pauseBefore is how long to wait after the nth try: 1, 2, 4 … minutes, an hour
// at most, and a little by chance.
func pauseBefore(attempt int) time.Duration {
	b := server.Backoff{First: time.Minute, Last: time.Hour}
	for range min(attempt, 10) - 1 {
		b.Next()
	}
	return b.Next()
}
