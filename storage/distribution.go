package storage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/policy"
)

// A Delivery is what became of the latest report of a change (7) to one of its
// recipients.
type Delivery struct {
	Change    policy.ChangeID   `db:"change"`
	Recipient string            `db:"recipient"` // a person's id, or a list's address
	Address   string            `db:"address"`
	Notice    policy.NoticeKind `db:"notice"`
	State     string            `db:"state"` // as in the outbox
	At        time.Time         `db:"at"`    // when it came to this state; when it was owed, while it waits
	LastError string            `db:"last_error"`
}

// Sent says whether the mail server took the report.
func (d Delivery) Sent() bool { return d.State == "sent" }

// SentTo lists the recipients whose report the mail server took.
func SentTo(deliveries []Delivery) []string {
	var to []string
	for _, d := range deliveries {
		if d.Sent() {
			to = append(to, d.Recipient)
		}
	}
	return to
}

// Owed lists the recipients of the change's report to whom it was neither sent
// nor who are excused by name.
func Owed(c policy.Change, deliveries []Delivery) []string {
	var to []string
	for _, d := range deliveries {
		if _, excused := c.Excuse(d.Recipient); d.Change == c.ID && !d.Sent() && !excused {
			to = append(to, d.Recipient)
		}
	}
	return to
}

// Deliveries gives what became of the reports of the change, one for each
// recipient, in the order in which they were first told.
func (s *Store) Deliveries(ctx context.Context, change policy.ChangeID) ([]Delivery, error) {
	return deliveries(ctx, s.db, true, change)
}

// Deliveries is [Store.Deliveries] as the transaction sees it, with what it has
// yet to write.
func (t *Tx) Deliveries(ctx context.Context, change policy.ChangeID) ([]Delivery, error) {
	all, err := deliveries(ctx, t.tx, true, change)
	for _, m := range t.queue.out {
		if kind := policy.NoticeKind(m.Notice); m.Change == change && slices.Contains(policy.Distribution, kind) {
			all = renewed(all, Delivery{
				Change: change, Recipient: cmp.Or(string(m.Person), m.Recipient), Address: m.Recipient,
				Notice: kind, State: "pending", At: m.At,
			})
		}
	}
	return all, err
}

// renewed puts the delivery in place of the earlier one to its recipient.
func renewed(all []Delivery, latest Delivery) []Delivery {
	i := slices.IndexFunc(all, func(d Delivery) bool { return d.Recipient == latest.Recipient })
	if i < 0 {
		return append(all, latest)
	}
	all[i] = latest
	return all
}

// deliveries gives those of the changes, with what was sent or without.
func deliveries(ctx context.Context, from sqlx.QueryerContext, withSent bool, changes ...policy.ChangeID) ([]Delivery, error) {
	var all []Delivery
	err := sqlx.SelectContext(ctx, from, &all, `
		select change, recipient, address, notice, state, at, last_error from (
			select distinct on (change, recipient) *, min(id) over (partition by change, recipient) as first
			from (
				select id, change, coalesce(nullif(person, ''), recipient) as recipient, recipient as address,
					notice, state, coalesce(ended_at, at) as at, last_error
				from outbox where change = any($1) and notice = any($2)) as reports
			order by change, recipient, id desc) as latest
		where $3 or state <> 'sent' order by first`, changes, policy.Distribution, withSent)
	if err != nil {
		return nil, fmt.Errorf("reading what became of the reports: %w", err)
	}
	for i := range all {
		inUTC(&all[i].At)
	}
	return all, nil
}

// Outstanding says which of the changes still owe somebody their report (7): it
// was neither sent nor are they excused by name.
func (s *Store) Outstanding(ctx context.Context, changes ...policy.ChangeID) (map[policy.ChangeID]bool, error) {
	unsent, err := deliveries(ctx, s.db, false, changes...)
	if err != nil {
		return nil, err
	}
	outstanding := map[policy.ChangeID]bool{}
	for _, d := range unsent {
		if _, seen := outstanding[d.Change]; seen {
			continue
		}
		change, err := s.Change(ctx, string(d.Change))
		if err != nil {
			return nil, err
		}
		outstanding[d.Change] = len(Owed(change, unsent)) > 0
	}
	return outstanding, nil
}
