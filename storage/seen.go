package storage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/countersign/countersign/policy"
)

// seen is what a transaction has read and need not read again: nobody else can
// alter a change it has locked, tokens, texts and mails never change, and of a
// deputy appointed meanwhile the head of the chain tells.
type seen struct {
	changes  map[policy.ChangeID][]byte
	register map[policy.ChangeID]saidRow
	tokens   map[string][]Token // by hash
	texts    map[correspondence][][]byte
	twins    []twin
	looked   map[string]bool  // mails whose twins are among these, by SHA-256
	shares   map[string]Share // by day

	appointed     []policy.Appointment // nil until they were asked for
	lastAppointed *int64               // the event that told of the last of them
}

// A correspondence is what we wrote to a person about a change.
type correspondence struct {
	change policy.ChangeID
	person policy.PersonID
}

type twin struct {
	ID          int64  `db:"id"`
	SHA256      string `db:"sha256"`
	ContentKey  string `db:"content_key"`
	Disposition string `db:"disposition"`
}

// A Letter is what must be known of a mail to read ahead for it.
type Letter struct {
	SHA256     string   // of its bytes, in hex
	ContentKey string   // may be empty
	Tokens     []string // hashes of the tokens it carries
}

// ReadAhead reads, in a few statements for all of them, what deciding the mails
// will ask for, and locks the changes their tokens name. It changes nothing but
// the speed.
func (t *Tx) ReadAhead(ctx context.Context, letters []Letter) error {
	if err := t.lookForTwins(ctx, letters); err != nil {
		return err
	}
	var hashes []string
	for _, l := range letters {
		hashes = append(hashes, l.Tokens...)
	}
	tokens, err := t.FindTokens(ctx, hashes)
	if err != nil {
		return err
	}
	var ids []policy.ChangeID
	var with []correspondence
	for _, token := range tokens {
		ids = append(ids, token.Change)
		with = append(with, correspondence{token.Change, token.Person})
	}
	if err := t.lockChanges(ctx, unique(ids)); err != nil {
		return err
	}
	return t.readTexts(ctx, uniqueIn(with))
}

// lookForTwins looks among the mails whose content keys begin with the same day,
// or that have none either: copies of a mail have the same Date.
func (t *Tx) lookForTwins(ctx context.Context, letters []Letter) error {
	var hashes, days, keys []string
	for _, l := range letters {
		hashes, days = append(hashes, l.SHA256), append(days, l.ContentKey[:min(8, len(l.ContentKey))])
		if l.ContentKey != "" {
			keys = append(keys, l.ContentKey)
		}
	}
	var found []twin
	err := t.tx.SelectContext(ctx, &found, `
		select m.id, m.sha256, m.content_key, m.disposition
		from unnest($2::text[], $3::text[]) as l (day, sha256)
		join messages as m on left(m.content_key, 8) = l.day and m.sha256 = l.sha256
		where m.disposition = any($1)
		union
		select id, sha256, content_key, disposition from messages
		where disposition = any($1) and content_key <> '' and content_key = any($4)
		order by id`, acted, days, hashes, keys)
	if err != nil {
		return fmt.Errorf("looking for earlier copies of mails: %w", err)
	}
	t.seen.twins = append(t.seen.twins, found...)
	if t.seen.looked == nil {
		t.seen.looked = map[string]bool{}
	}
	for _, h := range hashes {
		t.seen.looked[h] = true
	}
	return nil
}

// lockChanges locks and reads the changes, in the order of their ids, so that
// two who do so do not wait for each other.
func (t *Tx) lockChanges(ctx context.Context, ids []policy.ChangeID) error {
	if t.seen.changes == nil {
		t.seen.changes = map[policy.ChangeID][]byte{}
	}
	ids = slices.DeleteFunc(ids, func(id policy.ChangeID) bool { return t.seen.changes[id] != nil })
	if len(ids) == 0 {
		return nil
	}
	var rows []struct {
		ID   policy.ChangeID `db:"id"`
		Body []byte          `db:"body"`
	}
	err := t.tx.SelectContext(ctx, &rows, `select id, body from changes where id = any($1) order by id for update`, ids)
	if err != nil {
		return fmt.Errorf("locking %d changes: %w", len(ids), err)
	}
	for _, row := range rows {
		t.seen.changes[row.ID] = row.Body
	}
	return nil
}

// quoted is how many of our mails somebody may still be quoting.
const quoted = 20

func (t *Tx) readTexts(ctx context.Context, with []correspondence) error {
	if t.seen.texts == nil {
		t.seen.texts = map[correspondence][][]byte{}
	}
	var changes, people []string
	for _, c := range with {
		if _, known := t.seen.texts[c]; !known {
			t.seen.texts[c] = nil
			changes, people = append(changes, string(c.change)), append(people, string(c.person))
		}
	}
	if len(changes) == 0 {
		return nil
	}
	var rows []struct {
		Change policy.ChangeID `db:"change"`
		Person policy.PersonID `db:"person"`
		Body   []byte          `db:"body"`
	}
	err := t.tx.SelectContext(ctx, &rows, `
		select c.change, c.person, o.body
		from unnest($1::text[], $2::text[]) as c (change, person)
		cross join lateral (
			select id, body from outbox where outbox.change = c.change and outbox.person = c.person
			order by id desc limit $3) as o
		order by o.id desc`, changes, people, quoted)
	if err != nil {
		return fmt.Errorf("reading what we wrote about %d changes: %w", len(changes), err)
	}
	for _, row := range rows {
		c := correspondence{row.Change, row.Person}
		t.seen.texts[c] = append(t.seen.texts[c], row.Body)
	}
	return nil
}

func unique[T cmp.Ordered](values []T) []T {
	slices.Sort(values)
	return slices.Compact(values)
}

// uniqueIn keeps each value's first, in their order.
func uniqueIn[T comparable](values []T) []T {
	had := map[T]bool{}
	return slices.DeleteFunc(values, func(v T) bool {
		again := had[v]
		had[v] = true
		return again
	})
}
