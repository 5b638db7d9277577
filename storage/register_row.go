package storage

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// A registerRow is a change as the register keeps it: what decisions do not
// alter, and when it has ended, how.
type registerRow struct {
	Change     policy.ChangeID `db:"change"`
	Name       string          `db:"name"`
	Ordinal    int64           `db:"ordinal"`
	Title      string          `db:"title"`
	Categories pq.StringArray  `db:"categories"`
	Proposer   policy.PersonID `db:"proposer"`
	OpenedAt   time.Time       `db:"opened_at"`
	Major      bool            `db:"major"`
	Restricted bool            `db:"restricted"`
	State      *policy.State   `db:"state"` // this and what follows, of changes that have ended
	EndedAt    *time.Time      `db:"ended_at"`
	People     pq.StringArray  `db:"people"`
}

// A saidRow is such a row with the text it is found by.
type saidRow struct {
	registerRow
	Said string `db:"said"`
}

func projectRegister(c policy.Change) registerRow {
	r := registerRow{
		Change: c.ID, Name: c.Name(), Ordinal: ordinal(c), Title: c.Title(), Categories: pq.StringArray{},
		Proposer: c.Proposer, OpenedAt: micro(c.Opened), Major: c.IsMajor(), Restricted: c.IsRestricted(),
	}
	for _, category := range c.Proposal.Categories {
		r.Categories = append(r.Categories, string(category))
	}
	if c.State.End() {
		r.State, r.EndedAt, r.People = &c.State, microOrNil(c.Ended), partners(c)
	}
	return r
}

// partners are those with a part in the change: who proposed it, and whoever was
// asked anything about it.
func partners(c policy.Change) pq.StringArray {
	people := pq.StringArray{string(c.Proposer)}
	for _, b := range c.Ballots {
		people = append(people, string(b.Person))
	}
	return unique(people)
}

// What a number is made of, so that numbers sort as people read them: however
// many there are in a year, and drafts, which have numbers of their own, before
// all others.
const (
	ofYear  = 1_000_000_000
	ofDraft = -10_000 * ofYear
)

// ordinal is the name of a change as a number, such as 2026000000042.
func ordinal(c policy.Change) int64 {
	_, rest, _ := strings.Cut(c.Name(), "-")
	year, n, _ := strings.Cut(rest, "-")
	if c.Number == "" {
		return number(year)*ofYear + number(n) + ofDraft
	}
	return number(year)*ofYear + number(n)
}

func number(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64) // another's number sorts as none
	return n
}

// saidOf is the text a change is found by. Of one that is restricted, and of a
// draft, that is the number and the title alone.
func saidOf(c policy.Change) string {
	said := []string{c.Name(), c.Title()}
	if !c.IsRestricted() {
		said = append(said, c.Proposal.Systems, c.Proposal.Description)
	}
	return strings.Join(said, " ")
}

// registered keeps what the register says of a change that was read.
func (s *seen) registered(c policy.Change) {
	if s.register == nil {
		s.register = map[policy.ChangeID]saidRow{}
	}
	s.register[c.ID] = saidRow{projectRegister(c), saidOf(c)}
}

// stands says whether the register says already what it is to say.
func (s *seen) stands(p projection) bool {
	before, read := s.register[p.change.ID]
	return read && reflect.DeepEqual(before, saidRow{p.register, p.said})
}

// saveRegister writes the rows; few decisions have one to write.
func (t *Tx) saveRegister(ctx context.Context, rows []saidRow) error {
	err := insert(ctx, t, `
		insert into register (change, name, ordinal, title, categories, proposer, opened_at, major, restricted,
			words, state, ended_at, people)
		values (:change, :name, :ordinal, :title, :categories, :proposer, :opened_at, :major, :restricted,
			register_words(:said), :state, :ended_at, :people)
		on conflict (change) do update set name = excluded.name, ordinal = excluded.ordinal, title = excluded.title,
			categories = excluded.categories, proposer = excluded.proposer, opened_at = excluded.opened_at,
			major = excluded.major, restricted = excluded.restricted, words = excluded.words,
			state = excluded.state, ended_at = excluded.ended_at, people = excluded.people`, rows)
	if err != nil {
		return fmt.Errorf("its place in the register: %w", err)
	}
	return nil
}

// registerColumns are those of a registerRow.
const registerColumns = `change, name, ordinal, title, categories, proposer, opened_at, major, restricted, state, ended_at, people`

func (t *Tx) registered(ctx context.Context) ([]registerRow, error) {
	var rows []registerRow
	if err := t.tx.SelectContext(ctx, &rows, `select `+registerColumns+` from register`); err != nil {
		return nil, fmt.Errorf("reading the register: %w", err)
	}
	return rows, nil
}

// compareWords says which changes are found by other words than theirs. Only
// Postgres can tell: it takes the words out of a text.
func (t *Tx) compareWords(ctx context.Context, record *replay) ([]string, error) {
	var found []string
	for some := range slices.Chunk(record.projections, most) {
		var changes, said []string
		for _, p := range some {
			changes, said = append(changes, string(p.change.ID)), append(said, p.said)
		}
		var wrong []string
		err := t.tx.SelectContext(ctx, &wrong, `
			select r.change from unnest($1::text[], $2::text[]) as told (change, said)
			join register as r using (change) where r.words <> register_words(told.said)`, changes, said)
		if err != nil {
			return nil, fmt.Errorf("reading the words of the register: %w", err)
		}
		for _, change := range wrong {
			found = append(found, fmt.Sprintf("change %s, in the register: it is found by words that are not its own", change))
		}
	}
	slices.Sort(found)
	return found, nil
}
