package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// A Filter chooses changes to list; its zero value chooses all.
type Filter struct {
	States []policy.State
	Open   bool // only those that have not reached an end
	Limit  int  // 0: no limit
}

// A Summary is one change in a list.
type Summary struct {
	ID         policy.ChangeID
	Number     string // empty for a draft
	Draft      string
	State      policy.State
	Revision   int
	Title      string
	Proposer   policy.PersonID
	Major      bool
	Restricted bool
	Opened     time.Time
	Ended      time.Time         // zero while it has not ended
	WaitingFor []policy.PersonID // who has an open ballot
	Due        time.Time         // the earliest deadline of those ballots
}

// Name is the number people know the change by.
func (s Summary) Name() string {
	if s.Number != "" {
		return s.Number
	}
	return s.Draft
}

type summaryRow struct {
	ID         policy.ChangeID `db:"id"`
	Number     string          `db:"number"`
	Draft      string          `db:"draft"`
	State      policy.State    `db:"state"`
	Revision   int             `db:"revision"`
	Title      string          `db:"title"`
	Proposer   policy.PersonID `db:"proposer"`
	Major      bool            `db:"major"`
	Restricted bool            `db:"restricted"`
	OpenedAt   time.Time       `db:"opened_at"`
	EndedAt    *time.Time      `db:"ended_at"`
	WaitingFor pq.StringArray  `db:"waiting_for"`
	DueAt      *time.Time      `db:"due_at"`
}

func (r summaryRow) summary() Summary {
	s := Summary{
		ID: r.ID, Number: r.Number, Draft: r.Draft, State: r.State, Revision: r.Revision,
		Title: r.Title, Proposer: r.Proposer, Major: r.Major, Restricted: r.Restricted,
		Opened: r.OpenedAt.UTC(), Ended: timeOrZero(r.EndedAt), Due: timeOrZero(r.DueAt),
	}
	for _, person := range r.WaitingFor {
		s.WaitingFor = append(s.WaitingFor, policy.PersonID(person))
	}
	return s
}

// List gives the changes the filter chooses, oldest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Summary, error) {
	states := []string{}
	for _, state := range f.States {
		states = append(states, string(state))
	}
	var rows []summaryRow
	err := s.db.SelectContext(ctx, &rows, `
		select c.id, coalesce(c.number, '') as number, c.draft, c.state, c.revision, c.title,
			c.proposer, c.major, c.restricted, c.opened_at, c.ended_at, w.waiting_for, w.due_at
		from changes as c
		left join lateral (
			select array_agg(distinct b.person order by b.person) as waiting_for, min(b.due_at) as due_at
			from ballots as b where b.change = c.id and b.status = 'open') as w on true
		where (cardinality($1::text[]) = 0 or c.state = any($1)) and (not $2 or c.ended_at is null)
		order by c.opened_at, c.id
		limit nullif($3, 0)`, pq.Array(states), f.Open, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing changes: %w", err)
	}
	var list []Summary
	for _, row := range rows {
		list = append(list, row.summary())
	}
	return list, nil
}

// Change gives the change that people know by the name (CHG-… or D-…), or that
// has it as its id.
func (s *Store) Change(ctx context.Context, name string) (policy.Change, error) {
	var body []byte
	err := s.db.GetContext(ctx, &body, `
		select body from changes where number = $1 or draft = $1 or id = $2`, strings.ToUpper(clean(name)), clean(name))
	if err != nil {
		return policy.Change{}, fmt.Errorf("reading change %s: %w", name, orNotFound(err))
	}
	return decodeChange(policy.ChangeID(name), body)
}

// Ballot gives the ballot and its change; ErrNotFound where there is none.
func (s *Store) Ballot(ctx context.Context, id policy.BallotID) (policy.Change, policy.Ballot, error) {
	var row struct {
		ID   policy.ChangeID `db:"id"`
		Body []byte          `db:"body"`
	}
	err := s.again(ctx, func() error {
		return s.db.GetContext(ctx, &row, `
			select c.id, c.body from ballots as b join changes as c on c.id = b.change where b.id = $1`, clean(string(id)))
	})
	if err != nil {
		return policy.Change{}, policy.Ballot{}, fmt.Errorf("reading ballot %s: %w", id, orNotFound(err))
	}
	c, err := decodeChange(row.ID, row.Body)
	if err != nil {
		return policy.Change{}, policy.Ballot{}, err
	}
	b, ok := c.Ballot(id)
	if !ok {
		return policy.Change{}, policy.Ballot{}, fmt.Errorf("reading ballot %s: change %s has none of that id", id, c.ID)
	}
	return c, b, nil
}

// An EventRow is one event of the record.
type EventRow struct {
	Seq     int64
	At      time.Time
	Kind    string
	Payload []byte // nil where it was erased
	Hash    []byte
}

// Events gives the events about the change, in order.
func (s *Store) Events(ctx context.Context, change policy.ChangeID) ([]EventRow, error) {
	var rows []eventRow
	err := s.db.SelectContext(ctx, &rows, `
		select e.seq, e.at, e.kind, e.hash, p.payload
		from events as e left join event_payloads as p using (seq)
		where e.subject_kind = 'change' and e.subject = $1 order by e.seq`, change)
	if err != nil {
		return nil, fmt.Errorf("reading the events of change %s: %w", change, err)
	}
	var events []EventRow
	for _, r := range rows {
		event := EventRow{Seq: r.Seq, At: r.At.UTC(), Kind: r.Kind, Hash: r.Hash}
		if r.Payload != nil {
			event.Payload = []byte(*r.Payload)
		}
		events = append(events, event)
	}
	return events, nil
}

// Head gives the number and hash of the last event; 0 and zeros before the
// first.
func (s *Store) Head(ctx context.Context) (seq int64, hash []byte, err error) {
	err = s.db.QueryRowContext(ctx, `select seq, hash from chain_head`).Scan(&seq, &hash)
	if err != nil {
		return 0, nil, fmt.Errorf("reading the head of the record: %w", err)
	}
	return seq, hash, nil
}

// An OutRow is one mail of the outbox, with what became of it.
type OutRow struct {
	OutMail
	State     string     `db:"state"` // pending, deferred, sent, failed, superseded
	Due       time.Time  `db:"due"`   // the next try, while one is owed
	LastError string     `db:"last_error"`
	Ended     *time.Time `db:"ended_at"` // when it was sent, failed or superseded
}

// Outbox gives the mails about the change, oldest first, whatever became of
// them; all mails where the change is empty.
func (s *Store) Outbox(ctx context.Context, change policy.ChangeID) ([]OutRow, error) {
	var rows []OutRow
	err := s.db.SelectContext(ctx, &rows, `
		select `+outMailColumns+`, state, due, last_error, ended_at
		from outbox where change = $1 or $1 = '' order by id`, change)
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	for i := range rows {
		inUTC(&rows[i].At, &rows[i].Due, rows[i].Ended)
	}
	return rows, nil
}
