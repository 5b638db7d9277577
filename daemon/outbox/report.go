package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/server"
	"github.com/countersign/countersign/storage"
)

// reportAll writes down what came of the mails.
func (s *shift) reportAll(all []outcome) error {
	var sent []storage.OutMail
	for _, o := range all {
		if o.fate == accepted {
			s.logOf(o.mail).Info("mail sent")
			sent = append(sent, o.mail)
		}
	}
	err := s.markSent(sent)
	for _, o := range all {
		if o.fate != accepted {
			err = errors.Join(err, s.reportUnsent(o))
		}
	}
	return err
}

func (o *Outbox) logOf(m storage.OutMail) *slog.Logger {
	return o.Log.With("outbox", m.ID, "message_id", m.MessageID, "attempt", m.Attempt)
}

// markSent marks the mails as sent. It tries until that is written, since
// otherwise they would be sent again; once we are told to stop, a little longer.
func (s *shift) markSent(mails []storage.OutMail) error {
	if len(mails) == 0 {
		return nil
	}
	tries := make([]storage.Try, len(mails))
	for i, m := range mails {
		tries[i] = m.Try()
	}
	retry := server.Backoff{First: 100 * time.Millisecond, Last: 2 * time.Second}
	var stopped time.Time
	for {
		marked, err := s.mark(tries)
		if err == nil {
			failpoint.Here(failpoint.Marked)
			s.warnOfStale(mails, marked)
			return nil
		}
		s.Log.Warn("mails are sent, and not marked yet", "mails", len(mails), "error", err)
		switch {
		case s.ctx.Err() == nil:
		case stopped.IsZero():
			stopped = time.Now()
		case time.Since(stopped) > grace:
			return fmt.Errorf("these mails will be repeated: %w", err)
		}
		s.wait(context.WithoutCancel(s.ctx), retry.Next())
	}
}

func (s *shift) mark(tries []storage.Try) ([]int64, error) {
	defer s.promise(slack)()
	return s.queue.MarkSent(context.WithoutCancel(s.ctx), tries, s.Now())
}

func (s *shift) warnOfStale(mails []storage.OutMail, marked []int64) {
	for _, m := range mails {
		if !slices.Contains(marked, m.ID) {
			s.logOf(m).Warn("mail was taken over by another worker")
		}
	}
}

// reportUnsent writes down that a mail was not sent.
func (s *shift) reportUnsent(o outcome) error {
	defer s.promise(2 * slack)()
	ctx, now, m := context.WithoutCancel(s.ctx), s.Now(), o.mail
	if o.fate == postponed && now.Sub(m.At) > patience {
		o.fate, o.why = refused, "given up after five days: "+o.why
	}
	log := s.logOf(m).With("code", o.code)
	var err error
	if o.fate == refused {
		log.Error("mail failed")
		if err := s.Failed(ctx, m, o.why); err != nil {
			return fmt.Errorf("telling of failed outbox mail %d: %w", m.ID, err)
		}
		err = s.queue.Fail(ctx, m.Try(), now, o.why)
	} else {
		pause := pauseBefore(m.Attempt)
		log.Warn("mail deferred", "retry_in", pause.Round(time.Second))
		err = s.queue.Defer(ctx, m.Try(), now.Add(pause), o.why)
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
