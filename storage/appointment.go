package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/countersign/countersign/policy"
)

// EventAppointed is what the record calls a principal's word on who stands in for
// them. It is about the directory.
const EventAppointed = "deputy.appointed"

// errAppointed is why a transaction is run again: somebody has said who stands in
// for them since it has asked.
var errAppointed = errors.New("a deputy was appointed meanwhile")

// Appoint records a principal's word on who stands in for them.
func (t *Tx) Appoint(a policy.Appointment) error {
	payload, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encoding the appointment of a deputy: %w", err)
	}
	t.queue.appointed = append(t.queue.appointed, a)
	t.Append(SubjectDirectory, string(a.Principal), Entry{Kind: EventAppointed, Payload: payload, At: a.At})
	return nil
}

// Appointments lists what principals have said, oldest first, and then what they
// say in this very transaction. If anybody says more before it ends, it is run
// again.
func (t *Tx) Appointments(ctx context.Context) ([]policy.Appointment, error) {
	if t.seen.appointed == nil {
		recorded, last, err := appointments(ctx, t.tx)
		if err != nil {
			return nil, err
		}
		t.seen.appointed, t.seen.lastAppointed = recorded, &last
	}
	return append(slices.Clip(t.seen.appointed), t.queue.appointed...), nil
}

// Appointments lists what principals have said, oldest first.
func (s *Store) Appointments(ctx context.Context) (list []policy.Appointment, err error) {
	err = s.again(ctx, func() error {
		list, _, err = appointments(ctx, s.db)
		return err
	})
	return list, err
}

type selecter interface {
	SelectContext(ctx context.Context, into any, query string, args ...any) error
}

// appointments reads them, and gives the last event there was.
func appointments(ctx context.Context, from selecter) (list []policy.Appointment, last int64, err error) {
	var rows []struct {
		Seq     int64  `db:"seq"`
		Payload string `db:"payload"`
	}
	err = from.SelectContext(ctx, &rows, `
		select e.seq, p.payload from events as e join event_payloads as p using (seq)
		where e.kind = 'deputy.appointed' order by e.seq`)
	if err != nil {
		return nil, 0, fmt.Errorf("reading who stands in for whom: %w", inTime(ctx, err))
	}
	list = make([]policy.Appointment, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.Payload), &list[i]); err != nil {
			return nil, 0, fmt.Errorf("reading event %d: %w", row.Seq, err)
		}
		last = row.Seq
	}
	return list, last, nil
}
