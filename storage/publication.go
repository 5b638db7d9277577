package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// A Publication is what is known of a change's page in Confluence, the published
// copy of its record.
type Publication struct {
	Change policy.ChangeID  `db:"change"`
	Wanted int64            `db:"wanted"` // the last event about the change that was seen
	Told   int64            `db:"told"`   // the last that the page tells of
	State  PublicationState `db:"state"`
	Due    *time.Time       `db:"due"` // nil where nothing is to do
	Tries  int              `db:"tries"`
	Why    string           `db:"why"`    // what went wrong last, or why it is parked
	Forced bool             `db:"forced"` // what people made of our part is to be written over

	Page            string     `db:"page"` // its id in Confluence; empty before there is one
	URL             string     `db:"url"`
	Version         int        `db:"version"` // the page's, as we left it
	Title           string     `db:"title"`   // as we sent it
	Hash            string     `db:"hash"`    // SHA-256 of our part as we sent it
	Sent            string     `db:"sent"`    // our part as we sent it
	Trying          string     `db:"trying"`  // our part as it is being sent; whether it arrived is not known yet
	TryingTitle     string     `db:"trying_title"`
	Property        string     `db:"property"`
	PropertyVersion int        `db:"property_version"`
	Said            string     `db:"said"` // what the property says
	Labels          []string   `db:"-"`    // that it has from us
	Files           []string   `db:"-"`    // SHA-256 of those attached
	Confirmed       *time.Time `db:"confirmed_at"`
}

// publicationRow is a publication with its lists as the driver has them.
type publicationRow struct {
	Publication
	LabelList pq.StringArray `db:"labels"`
	FileList  pq.StringArray `db:"files"`
}

// A PublicationState says how far a page is.
type PublicationState string

// What a publication goes through.
const (
	PublicationOwed      PublicationState = "owed"
	PublicationConfirmed PublicationState = "confirmed"
	PublicationParked    PublicationState = "parked" // until an operator says so
)

const publicationColumns = `change, wanted, told, state, due, tries, why, forced, page, url, version, title, hash, sent, trying,
	trying_title, property, property_version, said, labels, files, confirmed_at`

// scanned is how many events are looked through at a time.
const scanned = 5000

// ScanForPublication looks through the record from where it was left, and makes a
// publication due for every change with news; due says when. It gives whether
// there is more to look through.
//
// What a change's page tells of can so be found out without a decision ever
// writing, or waiting, for it.
func (s *Store) ScanForPublication(ctx context.Context, due time.Time) (more bool, err error) {
	err = s.Tx(ctx, func(t *Tx) error {
		var at struct {
			Seq  int64 `db:"seq"`
			Head int64 `db:"head"`
		}
		err := t.tx.GetContext(ctx, &at, `select p.seq, h.seq as head from publishing as p cross join chain_head as h for update of p`)
		if err != nil {
			return fmt.Errorf("looking how far the record was looked through: %w", err)
		}
		end := min(at.Seq+scanned, at.Head)
		if more = end < at.Head; end == at.Seq {
			return nil
		}
		_, err = t.tx.ExecContext(ctx, `
			insert into publications as p (change, wanted, due)
			select subject, max(seq), $3 from events
			where seq > $1 and seq <= $2 and subject_kind = 'change' group by subject
			on conflict (change) do update set wanted = excluded.wanted,
				state = case when p.state = 'confirmed' then 'owed' else p.state end,
				due = case when p.state = 'confirmed' then excluded.due else p.due end`, at.Seq, end, micro(due))
		if err != nil {
			return fmt.Errorf("looking through the record for what is to be published: %w", err)
		}
		_, err = t.tx.ExecContext(ctx, `update publishing set seq = $1`, end)
		return wrapped(err, "writing down how far the record was looked through")
	})
	return more, err
}

// DuePublications lists those to be worked on at the time, the longest due first.
func (s *Store) DuePublications(ctx context.Context, now time.Time, limit int) ([]Publication, error) {
	return s.publications(ctx, `where state <> 'parked' and due <= $1 order by due, change limit $2`, micro(now), limit)
}

// Unpublished lists the publications that are parked or were tried and have not
// succeeded, by change.
func (s *Store) Unpublished(ctx context.Context, limit int) ([]Publication, error) {
	return s.publications(ctx, `where state = 'parked' or state = 'owed' and tries > 0 order by state desc, change limit $1`, limit)
}

// Publication gives what is known of the change's page; ErrNotFound where it was
// never looked at.
func (s *Store) Publication(ctx context.Context, change policy.ChangeID) (Publication, error) {
	found, err := s.publications(ctx, `where change = $1`, change)
	if err == nil && len(found) == 0 {
		return Publication{}, fmt.Errorf("the publication of change %s: %w", change, ErrNotFound)
	}
	if err != nil {
		return Publication{}, err
	}
	return found[0], nil
}

func (s *Store) publications(ctx context.Context, where string, args ...any) (list []Publication, err error) {
	var rows []publicationRow
	err = s.again(ctx, func() error {
		rows = nil // a second try begins anew
		return s.db.SelectContext(ctx, &rows, `select `+publicationColumns+` from publications `+where, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is published: %w", inTime(ctx, err))
	}
	for _, row := range rows {
		p := row.Publication
		p.Labels, p.Files = row.LabelList, row.FileList
		inUTC(p.Due, p.Confirmed)
		list = append(list, p)
	}
	return list, nil
}

// SavePublication writes down how far a page is. Told beyond which the record has
// gone on meanwhile leaves it owed, and it is worked on once more at once.
func (s *Store) SavePublication(ctx context.Context, p Publication) error {
	p.Why = clean(p.Why)
	row := publicationRow{p, orEmpty(p.Labels), orEmpty(p.Files)}
	err := s.again(ctx, func() error {
		_, err := s.db.NamedExecContext(ctx, `
			update publications set told = :told, due = case when :state = 'confirmed' and wanted > :told then now() else :due end, tries = :tries, why = :why, forced = :forced,
				state = case when :state = 'confirmed' and wanted > :told then 'owed' else :state end,
				page = :page, url = :url, version = :version, title = :title, hash = :hash, sent = :sent,
				trying = :trying, trying_title = :trying_title, property = :property, property_version = :property_version, said = :said,
				labels = :labels, files = :files, confirmed_at = :confirmed_at
			where change = :change`, row)
		return err
	})
	return wrapped(err, "writing down how far the page of change "+string(p.Change)+" is")
}

// orEmpty keeps an empty list from becoming null.
func orEmpty(list []string) pq.StringArray {
	if list == nil {
		return pq.StringArray{}
	}
	return list
}

// Republish makes the change's page due at once, parked or not; what people made
// of our part of it is then written over. ErrNotFound where there is none.
func (s *Store) Republish(ctx context.Context, change policy.ChangeID, now time.Time) error {
	done, err := s.db.ExecContext(ctx, `
		update publications set state = 'owed', forced = true, due = $2, tries = 0 where change = $1`, change, micro(now))
	if err != nil {
		return fmt.Errorf("making the page of change %s due: %w", change, inTime(ctx, err))
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("the publication of change %s: %w", change, ErrNotFound)
	}
	return nil
}

// Publishing is how publishing as a whole does.
type Publishing struct {
	Seq          int64      `db:"seq"`      // up to where the record was looked through
	Register     string     `db:"register"` // the id of the register's page
	FailingSince *time.Time `db:"failing_since"`
	FailingWhy   string     `db:"failing_why"`
	ToldAt       *time.Time `db:"told_at"` // when the operators were told of it

	Head      int64 `db:"head"` // of the chain
	Owed      int   `db:"owed"`
	Parked    int   `db:"parked"`
	Confirmed int   `db:"confirmed"`
}

// Backlog says how many pages are owed or parked.
func (p Publishing) Backlog() int { return p.Owed + p.Parked }

// Publishing says how publishing does.
func (s *Store) Publishing(ctx context.Context) (p Publishing, err error) {
	err = s.again(ctx, func() error {
		return s.db.GetContext(ctx, &p, `
			select p.seq, p.register, p.failing_since, p.failing_why, p.told_at, h.seq as head,
				(select count(*) from publications where state = 'owed') as owed,
				(select count(*) from publications where state = 'parked') as parked,
				(select count(*) from publications where state = 'confirmed' and page <> '') as confirmed
			from publishing as p cross join chain_head as h`)
	})
	inUTC(p.FailingSince, p.ToldAt)
	return p, wrapped(err, "asking how publishing does")
}

// SavePublishing writes down the register's page, and since when nothing can be
// published.
func (s *Store) SavePublishing(ctx context.Context, p Publishing) error {
	return wrapped(s.again(ctx, func() error {
		_, err := s.db.ExecContext(ctx, `update publishing set register = $1, failing_since = $2, failing_why = $3, told_at = $4`,
			p.Register, p.FailingSince, clean(p.FailingWhy), p.ToldAt)
		return err
	}), "writing down how publishing does")
}

// UnpublishedOf says which of the changes have a number and no page that tells of
// all that the record says.
func (s *Store) UnpublishedOf(ctx context.Context, changes ...policy.ChangeID) (unpublished map[policy.ChangeID]bool, err error) {
	err = s.again(ctx, func() error {
		unpublished, err = unpublishedOf(ctx, s.db, changes)
		return err
	})
	return unpublished, err
}

// UnpublishedOf is [Store.UnpublishedOf] as the transaction sees it.
func (t *Tx) UnpublishedOf(ctx context.Context, changes ...policy.ChangeID) (map[policy.ChangeID]bool, error) {
	return unpublishedOf(ctx, t.tx, changes)
}

func unpublishedOf(ctx context.Context, from selecter, changes []policy.ChangeID) (map[policy.ChangeID]bool, error) {
	var ids []policy.ChangeID
	err := from.SelectContext(ctx, &ids, `
		select c.id from changes as c left join publications as p on p.change = c.id
		where c.id = any($1) and c.number is not null and (p.change is null or p.state <> 'confirmed' or p.told < c.updated_seq)`, changes)
	if err != nil {
		return nil, fmt.Errorf("asking what is not published: %w", inTime(ctx, err))
	}
	unpublished := map[policy.ChangeID]bool{}
	for _, id := range ids {
		unpublished[id] = true
	}
	return unpublished, nil
}

// UnpublishedBefore lists the changes whose page lacks what was recorded before the
// time, with the first of it.
func (t *Tx) UnpublishedBefore(ctx context.Context, before time.Time) ([]policy.Unpublished, error) {
	var list []policy.Unpublished
	err := t.tx.SelectContext(ctx, &list, `
		select p.change as id, min(e.at) as since, p.why
		from publications as p
			join changes as c on c.id = p.change and c.number is not null
			join events as e on e.subject_kind = 'change' and e.subject = p.change and e.seq > p.told
		where p.state <> 'confirmed' group by p.change, p.why having min(e.at) < $1 order by since, id`, micro(before))
	if err != nil {
		return nil, fmt.Errorf("reading what is not published: %w", err)
	}
	for i := range list {
		inUTC(&list[i].Since)
	}
	return list, nil
}
