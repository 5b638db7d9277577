package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/countersign/countersign/policy"
)

// LockChange gives the change and keeps everyone else from altering it until
// the transaction ends.
func (t *Tx) LockChange(ctx context.Context, id policy.ChangeID) (policy.Change, error) {
	if p, ok := t.queue.queued(id); ok {
		return decodeChange(id, []byte(p.change.ChangeAsJSON))
	}
	if err := t.lockChanges(ctx, []policy.ChangeID{id}); err != nil {
		return policy.Change{}, err
	}
	body, ok := t.seen.changes[id]
	if !ok {
		return policy.Change{}, fmt.Errorf("locking change %s: %w", id, ErrNotFound)
	}
	c, err := decodeChange(id, body)
	t.seen.registered(c)
	return c, err
}

func decodeChange(id policy.ChangeID, body []byte) (policy.Change, error) {
	var c policy.Change
	if err := json.Unmarshal(body, &c); err != nil {
		return policy.Change{}, fmt.Errorf("decoding change %s: %w", id, err)
	}
	return c, nil
}

// FindChange gives the id of the change that people know by the name: CHG-…,
// or D-… for a draft.
func (t *Tx) FindChange(ctx context.Context, name string) (policy.ChangeID, error) {
	name = strings.ToUpper(clean(name))
	for _, p := range t.queue.changes {
		if p.change.Draft == name || p.change.Number != nil && *p.change.Number == name {
			return p.change.ID, nil
		}
	}
	var id policy.ChangeID
	err := t.tx.GetContext(ctx, &id, `
		select id from changes where number = $1 or draft = $1`, name)
	if err != nil {
		return "", fmt.Errorf("looking for change %s: %w", name, orNotFound(err))
	}
	return id, nil
}

// OpenChanges lists the changes that have not reached an end, oldest first.
func (t *Tx) OpenChanges(ctx context.Context) ([]policy.ChangeID, error) {
	var ids []policy.ChangeID
	err := t.tx.SelectContext(ctx, &ids, `
		select id from changes where ended_at is null order by opened_at, id`)
	if err != nil {
		return nil, fmt.Errorf("listing open changes: %w", err)
	}
	return ids, nil
}

// SaveChange writes what the events made of the change: its row, its ballots
// and whose hands were on it. A change that breaks what the policy promises of
// every change is refused by the database.
func (t *Tx) SaveChange(c policy.Change) error {
	p, err := project(c)
	if err != nil {
		return err
	}
	t.queue.keep(p)
	return nil
}

func (t *Tx) saveProjections(ctx context.Context, projections []projection) error {
	var changes []changeRow
	var ballots []ballotRow
	var hands []handRow
	var register []saidRow
	for _, p := range projections {
		changes, ballots, hands = append(changes, p.change), append(ballots, p.ballots...), append(hands, p.hands...)
		if !t.seen.stands(p) {
			register = append(register, saidRow{p.register, p.said})
		}
	}
	if err := t.saveChangeRows(ctx, changes); err != nil {
		return err
	}
	if err := t.saveBallots(ctx, ballots); err != nil {
		return err
	}
	if err := t.saveHands(ctx, changes, hands); err != nil {
		return err
	}
	return t.saveRegister(ctx, register)
}

func (t *Tx) saveChangeRows(ctx context.Context, rows []changeRow) error {
	return insert(ctx, t, `
		insert into changes (id, draft, number, state, revision, hash, proposer, implementer,
			attempt, passed_by, told, live, ever_live, held_from, open_ballots, title,
			major, restricted, opened_at, ended_at, updated_seq, body)
		values (:id, :draft, :number, :state, :revision, :hash, :proposer, :implementer,
			:attempt, :passed_by, :told, :live, :ever_live, :held_from, :open_ballots, :title,
			:major, :restricted, :opened_at, :ended_at, :updated_seq, :body)
		on conflict (id) do update set draft = excluded.draft, number = excluded.number,
			state = excluded.state, revision = excluded.revision, hash = excluded.hash,
			proposer = excluded.proposer, implementer = excluded.implementer,
			attempt = excluded.attempt, passed_by = excluded.passed_by,
			told = excluded.told, live = excluded.live, ever_live = excluded.ever_live,
			held_from = excluded.held_from, open_ballots = excluded.open_ballots,
			title = excluded.title, major = excluded.major, restricted = excluded.restricted,
			opened_at = excluded.opened_at, ended_at = excluded.ended_at, body = excluded.body,
			updated_seq = greatest(changes.updated_seq, excluded.updated_seq)`, rows)
}

func (t *Tx) saveBallots(ctx context.Context, rows []ballotRow) error {
	err := insert(ctx, t, `
		insert into ballots (id, change, kind, person, revision, attempt, status, keyword,
			issued_at, due_at, next_at, answered_at)
		values (:id, :change, :kind, :person, :revision, :attempt, :status, :keyword,
			:issued_at, :due_at, :next_at, :answered_at)
		on conflict (id) do update set change = excluded.change, kind = excluded.kind,
			person = excluded.person, revision = excluded.revision, attempt = excluded.attempt,
			status = excluded.status, keyword = excluded.keyword,
			issued_at = excluded.issued_at, due_at = excluded.due_at, next_at = excluded.next_at,
			answered_at = excluded.answered_at`, rows)
	if err != nil {
		return fmt.Errorf("its ballots: %w", err)
	}
	return nil
}

// saveHands writes all hands of the changes anew, so that the separation of
// duties is held against all of them.
func (t *Tx) saveHands(ctx context.Context, changes []changeRow, rows []handRow) error {
	ids := make([]policy.ChangeID, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := t.tx.ExecContext(ctx, `delete from hands where change = any($1)`, ids); err != nil {
		return fmt.Errorf("whose hands were on it: %w", err)
	}
	err := insert(ctx, t, `insert into hands (change, person, part) values (:change, :person, :part)`, rows)
	if err != nil {
		return fmt.Errorf("whose hands were on it: %w", err)
	}
	return nil
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
