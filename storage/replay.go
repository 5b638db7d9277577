package storage

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/countersign/countersign/policy"
)

// A replay is the record read from its first event to its last.
type replay struct {
	last        eventRow
	changes     map[policy.ChangeID]*replayed
	projections []projection // of the changes, in the order they were opened
	damage      []string     // what is wrong with the record itself
}

type replayed struct {
	change  policy.Change
	lastSeq int64
}

// batch is how many events are read at a time.
const batch = 1000

// replay reads the whole record and checks the chain.
func (t *Tx) replay(ctx context.Context, progress Progress) (*replay, error) {
	var head eventRow
	if err := t.tx.GetContext(ctx, &head, `select seq, hash from chain_head`); err != nil {
		return nil, fmt.Errorf("reading the head of the chain: %w", err)
	}
	r := &replay{
		last:    eventRow{Hash: make([]byte, len(head.Hash))},
		changes: map[policy.ChangeID]*replayed{},
	}
	for {
		rows, err := t.eventsAfter(ctx, r.last.Seq)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			r.add(row)
		}
		if progress != nil {
			progress(r.last.Seq, max(head.Seq, r.last.Seq))
		}
		if len(rows) < batch {
			return r, r.finish(head)
		}
	}
}

func (t *Tx) eventsAfter(ctx context.Context, seq int64) ([]eventRow, error) {
	var rows []eventRow
	err := t.tx.SelectContext(ctx, &rows, `
		select e.seq, e.at, e.subject_kind, e.subject, e.kind, e.prev, e.payload_hash, e.hash, p.salt, p.payload
		from events as e left join event_payloads as p using (seq)
		where e.seq > $1 order by e.seq limit $2`, seq, batch)
	if err != nil {
		return nil, fmt.Errorf("reading events after %d: %w", seq, err)
	}
	return rows, nil
}

func (r *replay) add(row eventRow) {
	whole := r.checkLink(row)
	r.last = row
	if whole && row.SubjectKind == SubjectChange {
		r.apply(row)
	}
}

// checkLink holds the event against its predecessor and its payload; it says
// whether there is a payload to apply.
func (r *replay) checkLink(row eventRow) bool {
	switch missing := row.Seq - r.last.Seq - 1; {
	case missing == 1:
		r.damaged("event %d is missing", row.Seq-1)
	case missing > 1:
		r.damaged("events %d to %d are missing", r.last.Seq+1, row.Seq-1)
	case !bytes.Equal(row.Prev, r.last.Hash):
		r.damaged("event %d does not follow event %d: the hash it names is not that event's", row.Seq, r.last.Seq)
	}
	if !bytes.Equal(row.Hash, row.link().hash()) {
		r.damaged("event %d was altered: its hash does not fit what it says", row.Seq)
	}
	if row.Payload == nil {
		r.damaged("event %d (%s) has lost its payload", row.Seq, row.Kind)
		return false
	}
	if !bytes.Equal(row.PayloadHash, hashPayload(row.Salt, []byte(*row.Payload))) {
		r.damaged("event %d (%s): its payload was altered", row.Seq, row.Kind)
	}
	return true
}

func (r *replay) apply(row eventRow) {
	event, err := policy.DecodeEvent(row.Kind, []byte(*row.Payload))
	if err != nil {
		r.damaged("event %d cannot be read: %v", row.Seq, err)
		return
	}
	id := policy.ChangeID(row.Subject)
	if r.changes[id] == nil {
		r.changes[id] = &replayed{}
	}
	c := r.changes[id]
	c.change, c.lastSeq = policy.Apply(c.change, event), row.Seq
}

// finish holds the end of the record against the head of the chain, and makes
// the rows of every change.
func (r *replay) finish(head eventRow) error {
	if r.last.Seq != head.Seq || !bytes.Equal(r.last.Hash, head.Hash) {
		r.damaged("the head of the chain is event %d (%x), but the last event is %d (%x)",
			head.Seq, short(head.Hash), r.last.Seq, short(r.last.Hash))
	}
	for _, id := range slices.Sorted(maps.Keys(r.changes)) {
		c := r.changes[id]
		if c.change.ID != id {
			r.damaged("the events about change %s open change %q", id, c.change.ID)
		}
		p, err := project(c.change)
		if err != nil {
			return err
		}
		p.change.UpdatedSeq = c.lastSeq
		r.projections = append(r.projections, p)
	}
	slices.SortStableFunc(r.projections, func(a, b projection) int {
		return cmp.Or(a.change.OpenedAt.Compare(b.change.OpenedAt), cmp.Compare(a.change.ID, b.change.ID))
	})
	return nil
}

func (r *replay) damaged(format string, args ...any) {
	r.damage = append(r.damage, fmt.Sprintf(format, args...))
}

// short is enough of a hash to tell it from another.
func short(hash []byte) []byte { return hash[:min(len(hash), 4)] }
