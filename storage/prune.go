package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Pruning is what was pruned of the archive, or could be.
type Pruning struct {
	Mails int   `db:"mails"`
	Bytes int64 `db:"bytes"`
}

// Prunable says what there is to prune of what was received before the time.
func (s *Store) Prunable(ctx context.Context, before time.Time) (p Pruning, err error) {
	err = s.db.GetContext(ctx, &p, `
		select count(*) as mails, coalesce(sum(bytes), 0)::bigint as bytes from prunable where received_at < $1`, micro(before))
	if err != nil {
		return Pruning{}, fmt.Errorf("looking for what can be pruned: %w", inTime(ctx, err))
	}
	return p, nil
}

// aHandful is how many mails are pruned in one transaction.
const aHandful = 100

// A pruned is what the record says of mails whose bytes were taken away.
type pruned struct {
	Mails  int       `json:"mails"`
	Bytes  int64     `json:"bytes"`
	Before time.Time `json:"received_before"`
	SHA256 []string  `json:"sha256"` // of each
}

// Prune takes away the bytes of a handful of the mails that are prunable and were
// received before the time, the oldest first, and records that. It is done when
// nothing was. The store is one that connects as the role countersign_prune.
func (s *Store) Prune(ctx context.Context, before, now time.Time) (p Pruning, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		p, err = tx.prune(ctx, micro(before), now)
		return err
	})
	if err != nil {
		return Pruning{}, fmt.Errorf("pruning the archive: %w", err)
	}
	return p, nil
}

func (t *Tx) prune(ctx context.Context, before, now time.Time) (Pruning, error) {
	// One at a time: what another takes just now is not to be recorded twice.
	if _, err := t.tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtext('countersign prune'))`); err != nil {
		return Pruning{}, fmt.Errorf("waiting for another who prunes: %w", err)
	}
	ids, event, err := t.oldest(ctx, before)
	if err != nil || len(ids) == 0 {
		return Pruning{}, err
	}
	if err := t.takeBytes(ctx, ids); err != nil {
		return Pruning{}, err
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return Pruning{}, fmt.Errorf("recording it: %w", err)
	}
	t.Append(SubjectArchive, before.Format(time.RFC3339), Entry{Kind: "archive.pruned", Payload: payload, At: now})
	return Pruning{event.Mails, event.Bytes}, nil
}

// oldest is a handful of what can be pruned, and what is to be recorded of it.
func (t *Tx) oldest(ctx context.Context, before time.Time) (ids []int64, event pruned, err error) {
	var rows []struct {
		ID     int64  `db:"id"`
		SHA256 string `db:"sha256"`
		Bytes  int64  `db:"bytes"`
	}
	err = t.tx.SelectContext(ctx, &rows, `
		select id, sha256, bytes from prunable where received_at < $1 order by received_at, id limit $2`, before, aHandful)
	event = pruned{Mails: len(rows), Before: before}
	for _, row := range rows {
		ids, event.SHA256 = append(ids, row.ID), append(event.SHA256, row.SHA256)
		event.Bytes += row.Bytes
	}
	return ids, event, wrapped(err, "looking for mails")
}

// takeBytes takes those of the attachments first: once the mail has lost its own,
// nothing of it can be altered any more.
func (t *Tx) takeBytes(ctx context.Context, ids []int64) error {
	for _, statement := range []string{
		`update attachments set bytes = null where message = any($1)`,
		`update messages set raw = null where id = any($1)`,
	} {
		if _, err := t.tx.ExecContext(ctx, statement, ids); err != nil {
			return fmt.Errorf("taking the bytes of %d mails: %w", len(ids), err)
		}
	}
	return nil
}

// mayPrune is all that the role may do which prunes, and which it needs.
var mayPrune = []string{
	"select schema_info.*", "select prunable.*", "select messages.id", "update messages.raw", "select attachments.message", "update attachments.bytes",
	"insert events.*", "insert event_payloads.*", "select chain_head.*", "update chain_head.seq", "update chain_head.hash", "update chain_head.directory", "update chain_head.appointed",
}

// CheckPruner refuses a role that cannot prune, and one that can do more.
func (s *Store) CheckPruner(ctx context.Context) error {
	var may []string
	err := s.db.SelectContext(ctx, &may, `
		select p.may || ' ' || c.relname || '.' || a.attname
		from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		cross join unnest(array['select', 'insert', 'update']) as p (may)
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and has_column_privilege(c.oid, a.attnum, p.may)
		union all
		select p.may || ' ' || c.relname || '.*'
		from pg_class as c cross join unnest(array['delete', 'truncate']) as p (may)
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and has_table_privilege(c.oid, p.may)
		order by 1`)
	if err != nil {
		return fmt.Errorf("asking what the pruning role may do: %w", err)
	}
	lacks := slices.DeleteFunc(slices.Clone(mayPrune), func(need string) bool {
		return slices.ContainsFunc(may, func(has string) bool { return covered(has, need) })
	})
	exceeds := slices.DeleteFunc(may, func(has string) bool {
		return slices.ContainsFunc(mayPrune, func(need string) bool { return covered(has, need) })
	})
	switch {
	case len(exceeds) > 0:
		return fmt.Errorf("the database role may do more than prune: %s", some(exceeds))
	case len(lacks) > 0:
		return fmt.Errorf("the database role may not prune: it lacks %s", some(lacks))
	}
	return nil
}

// covered says whether the privilege is the one that is needed, or one of those.
func covered(has, need string) bool {
	table, all := strings.CutSuffix(need, "*")
	return has == need || all && strings.HasPrefix(has, table)
}

// some names the first few.
func some(all []string) string {
	const few = 3
	if more := len(all) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:few], ", "), more)
	}
	return strings.Join(all, ", ")
}
