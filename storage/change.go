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
	if err := t.mayLock(); err != nil {
		return policy.Change{}, fmt.Errorf("locking change %s: %w", id, err)
	}
	var body []byte
	err := t.tx.GetContext(ctx, &body, `select body from changes where id = $1 for update`, id)
	if err != nil {
		return policy.Change{}, fmt.Errorf("locking change %s: %w", id, orNotFound(err))
	}
	return decodeChange(id, body)
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
	var id policy.ChangeID
	err := t.tx.GetContext(ctx, &id, `
		select id from changes where number = $1 or draft = $1`, strings.ToUpper(clean(name)))
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
func (t *Tx) SaveChange(ctx context.Context, c policy.Change) error {
	p, err := project(c)
	if err != nil {
		return err
	}
	if err := t.saveProjection(ctx, p); err != nil {
		return fmt.Errorf("saving change %s: %w", c.ID, err)
	}
	return nil
}

func (t *Tx) saveProjection(ctx context.Context, p projection) error {
	if err := t.saveChangeRow(ctx, p.change); err != nil {
		return err
	}
	if err := t.saveBallots(ctx, p.ballots); err != nil {
		return err
	}
	return t.saveHands(ctx, p.change.ID, p.hands)
}

func (t *Tx) saveChangeRow(ctx context.Context, row changeRow) error {
	_, err := t.tx.NamedExecContext(ctx, `
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
			opened_at = excluded.opened_at, ended_at = excluded.ended_at, body = excluded.body`, row)
	return err
}

func (t *Tx) saveBallots(ctx context.Context, rows []ballotRow) error {
	for _, row := range rows {
		_, err := t.tx.NamedExecContext(ctx, `
			insert into ballots (id, change, kind, person, revision, attempt, status, keyword,
				issued_at, due_at, answered_at)
			values (:id, :change, :kind, :person, :revision, :attempt, :status, :keyword,
				:issued_at, :due_at, :answered_at)
			on conflict (id) do update set change = excluded.change, kind = excluded.kind,
				person = excluded.person, revision = excluded.revision, attempt = excluded.attempt,
				status = excluded.status, keyword = excluded.keyword,
				issued_at = excluded.issued_at, due_at = excluded.due_at,
				answered_at = excluded.answered_at`, row)
		if err != nil {
			return fmt.Errorf("ballot %s: %w", row.ID, err)
		}
	}
	return nil
}

// saveHands writes all of a change's hands anew, so that the separation of
// duties is held against all of them.
func (t *Tx) saveHands(ctx context.Context, id policy.ChangeID, rows []handRow) error {
	if _, err := t.tx.ExecContext(ctx, `delete from hands where change = $1`, id); err != nil {
		return err
	}
	for _, row := range rows {
		_, err := t.tx.NamedExecContext(ctx, `
			insert into hands (change, person, part) values (:change, :person, :part)`, row)
		if err != nil {
			return fmt.Errorf("%s by %s: %w", row.Part, row.Person, err)
		}
	}
	return nil
}

// updated notes the last event about the change.
func (t *Tx) updated(ctx context.Context, id policy.ChangeID, seq int64) error {
	_, err := t.tx.ExecContext(ctx, `update changes set updated_seq = $2 where id = $1`, id, seq)
	if err != nil {
		return fmt.Errorf("noting its last event: %w", err)
	}
	return nil
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// oneRow is the error unless the statement concerned exactly one row.
func oneRow(result sql.Result, otherwise error) error {
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = otherwise
	}
	return err
}
