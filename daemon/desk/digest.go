package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// sentDigest is what the record says of a digest that was sent.
const sentDigest = "digest.sent"

// FireDigests sends the digest of every month that is due up to asOf and was
// not sent, the oldest first, each in one transaction. The record begins the
// first month there is one of.
func (d *Desk) FireDigests(ctx context.Context, asOf time.Time) (fired int, err error) {
	begun, err := d.Store.FirstEvent(ctx)
	if err != nil || begun.IsZero() {
		return 0, err
	}
	calendar := d.Directory().Calendar
	var months []policy.Month
	var names []string
	for m := calendar.Month(begun); !calendar.DigestDue(m).After(asOf); m = m.Add(1) {
		months, names = append(months, m), append(names, policy.DigestFiring(m))
	}
	done, err := d.Store.Fired(ctx, names)
	if err != nil {
		return 0, err
	}
	for _, m := range months {
		if done[policy.DigestFiring(m)] {
			continue
		}
		sent, err := d.SendDigest(ctx, m)
		if err != nil {
			return fired, err
		}
		if sent {
			fired++
		}
	}
	return fired, nil
}

// SendDigest sends the digest of a month that is over, once.
func (d *Desk) SendDigest(ctx context.Context, m policy.Month) (sent bool, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		tx.Under(d.inForce())
		calendar := d.Directory().Calendar
		_, end := calendar.Span(m)
		digest, err := d.summarize(ctx, tx, m, end)
		if err != nil {
			return err
		}
		f := storage.Firing{Name: policy.DigestFiring(m), Due: calendar.DigestDue(m), At: d.now()}
		if err := d.fire(ctx, tx, f); err != nil {
			return err
		}
		return d.tell(ctx, tx, digest, f)
	})
	if errors.Is(err, errFired) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sending the digest of %s: %w", m, err)
	}
	return true, nil
}

// tell puts the digest into the outbox, for everyone of higher management once,
// and into the record.
func (d *Desk) tell(ctx context.Context, tx *storage.Tx, digest policy.Digest, f storage.Firing) error {
	r := result{seed: f.Name, at: f.At, notices: d.digestNotices(&digest)}
	if len(r.notices) == 0 {
		d.Log.Warn("nobody is in G7: the digest goes to nobody", "month", digest.Figures.String())
	}
	sent := digestSent{Month: digest.Figures.String(), Head: digest.Head, Counts: digest.Figures.Counts}
	for i, n := range r.notices {
		sent.Mails = append(sent.Mails, d.messageID(r, n, i))
	}
	payload, err := json.Marshal(sent)
	if err != nil {
		return fmt.Errorf("recording the digest: %w", err)
	}
	if err := d.publish(ctx, tx, r); err != nil {
		return err
	}
	tx.Append(storage.SubjectClock, f.Name, storage.Entry{Kind: sentDigest, Payload: payload, At: f.At})
	return nil
}

// digestSent is what the record says of a digest.
type digestSent struct {
	Month  string        `json:"month"`
	Head   policy.Head   `json:"head"`
	Counts policy.Counts `json:"counts"`
	Mails  []string      `json:"mails,omitempty"` // their Message-IDs
}

func (d *Desk) digestNotices(digest *policy.Digest) []policy.Notice {
	dir := d.Directory()
	var notices []policy.Notice
	told := map[string]bool{}
	add := func(n policy.Notice, address string) {
		if address == "" || told[address] {
			return
		}
		told[address] = true
		n.Kind, n.Digest = policy.DigestMonth, digest
		n.Why = "Major changes are reported to higher management (POL-005, 7c)."
		notices = append(notices, n)
	}
	for _, id := range dir.Members(policy.G7) {
		if p, ok := dir.Person(id); ok && len(p.Addresses) > 0 {
			add(policy.Notice{To: id}, p.Addresses[0])
		}
	}
	for _, address := range dir.Lists[policy.G7] {
		add(policy.Notice{Address: address}, address)
	}
	return notices
}

// PreviewDigest writes the digest of a month as it would go out, sending and
// changing nothing; of the month that still goes on, what there is so far. The
// mail is addressed to the first of its readers, or to the operator where
// nobody is in G7.
func (d *Desk) PreviewDigest(ctx context.Context, m policy.Month) (mail mailtmpl.Mail, err error) {
	_, end := d.Directory().Calendar.Span(m)
	if now := d.now(); now.Before(end) {
		end = now
	}
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		digest, err := d.summarize(ctx, tx, m, end)
		if err != nil {
			return err
		}
		notices := append(d.digestNotices(&digest), policy.Notice{Kind: policy.DigestMonth, Digest: &digest, Address: d.Org.Operator})
		reader, _ := d.Directory().Person(notices[0].To)
		mail, err = mailtmpl.Render(d.data(result{}, notices[0], reader, d.Directory(), "preview", false))
		return err
	})
	if err != nil {
		return mail, fmt.Errorf("writing the digest of %s: %w", m, err)
	}
	return mail, nil
}

// summarize reads the record up to the end and says what it comes to.
func (d *Desk) summarize(ctx context.Context, tx *storage.Tx, month policy.Month, end time.Time) (policy.Digest, error) {
	calendar := d.Directory().Calendar
	from, _ := calendar.Span(month)
	first, _ := calendar.Span(month.Add(-policy.MonthsBefore))
	m := policy.Material{Month: month, AsOf: end}
	var errs [5]error
	m.Begun, errs[0] = tx.FirstEvent(ctx)
	m.Histories, errs[1] = tx.Histories(ctx, first, end)
	m.Refused, errs[2] = tx.RefusedBetween(ctx, from, end)
	m.Head, errs[3] = tx.HeadBefore(ctx, end)
	m.Reloads, errs[4] = d.reloads(ctx, tx, from, end)
	return policy.Summarize(m, calendar), errors.Join(errs[:]...)
}

// reloads says what each directory of the month changed, and who was appointed a
// deputy by mail.
func (d *Desk) reloads(ctx context.Context, tx *storage.Tx, from, to time.Time) ([]policy.Reload, error) {
	loaded, err := tx.DirectoriesBefore(ctx, from, to)
	if err != nil {
		return nil, err
	}
	var list []policy.Reload
	var before policy.Directory
	for i, one := range loaded {
		var dir policy.Directory
		if err := json.Unmarshal(one.Body, &dir); err != nil {
			return nil, fmt.Errorf("decoding directory %s: %w", one.Hash, err)
		}
		if texts := whatChanged(before, dir); i > 0 && !one.At.Before(from) && len(texts) > 0 {
			list = append(list, policy.Reload{At: one.At, Texts: texts})
		}
		before = dir
	}
	appointed, err := tx.Appointments(ctx)
	for _, a := range appointed {
		if !a.At.Before(from) && a.At.Before(to) {
			list = append(list, policy.Reload{At: a.At, Texts: []string{d.sentence(a)}})
		}
	}
	slices.SortStableFunc(list, func(a, b policy.Reload) int { return a.At.Compare(b.At) })
	return list, err
}

// ErrNotSent is why a digest cannot be sent again: it never was.
var ErrNotSent = errors.New("it was never sent")

// ResendDigest sends the digest of a month again as it was: the same mails under
// the same ids. It gives how many there are.
func (d *Desk) ResendDigest(ctx context.Context, m policy.Month) (mails int, err error) {
	payload, err := d.Store.Said(ctx, storage.SubjectClock, policy.DigestFiring(m), sentDigest)
	if err != nil {
		return 0, err
	}
	if payload == nil {
		return 0, ErrNotSent
	}
	var sent digestSent
	if err := json.Unmarshal(payload, &sent); err != nil {
		return 0, fmt.Errorf("reading what was sent: %w", err)
	}
	again, err := json.Marshal(map[string]any{"month": sent.Month, "mails": sent.Mails})
	if err != nil {
		return 0, err
	}
	err = d.Store.Tx(ctx, func(tx *storage.Tx) (err error) {
		if mails, err = tx.SendAgain(ctx, string(policy.DigestMonth), sent.Mails, d.now()); err != nil || mails == 0 {
			return err
		}
		tx.Append(storage.SubjectOperator, policy.DigestFiring(m), storage.Entry{Kind: "digest.resent", Payload: again, At: d.now()})
		return nil
	})
	return mails, err
}
