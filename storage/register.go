package storage

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// A RegisterFilter chooses changes out of the register and says in which order.
// Its zero value chooses all, the lowest number first.
type RegisterFilter struct {
	States   []policy.State // any of them
	Category policy.Category
	Person   policy.PersonID // who proposed it, or was asked anything about it
	From     time.Time       // opened then or later
	Until    time.Time       // and before
	Text     string          // words, or the beginnings of words
	// Whole is set where the reader may know all of a restricted change. For
	// anybody else none is found by what they may not know.
	Whole bool

	Sort       RegisterSort
	Descending bool
	After      string // a [RegisterPage]'s Next: what comes behind it
	Before     string // a [RegisterPage]'s Previous: what comes before it
}

// A RegisterSort is what the register is sorted by.
type RegisterSort string

// The ways to sort. What is the same is sorted by number.
const (
	SortNumber RegisterSort = ""
	SortTitle  RegisterSort = "title"
	SortState  RegisterSort = "state"
	SortEnded  RegisterSort = "ended" // what has not ended comes first; last when descending
)

// RegisterSorts lists the ways to sort.
var RegisterSorts = []RegisterSort{SortNumber, SortTitle, SortState, SortEnded}

// A RegisterRow is one change in the register.
type RegisterRow struct {
	Name       string // its number, or the draft's
	Title      string
	State      policy.State
	Categories []policy.Category
	Proposer   policy.PersonID
	Opened     time.Time
	Ended      time.Time // zero while it has not ended
	Major      bool
	Restricted bool
	WaitingFor []policy.PersonID // who has an open ballot
	Due        time.Time         // the earliest deadline of those ballots
}

// A RegisterPage is some rows of the register. Next and Previous lead on; they
// are empty where nothing is.
type RegisterPage struct {
	Rows           []RegisterRow
	Next, Previous string
}

// ErrCursor is returned for an After or a Before that is no page's.
var ErrCursor = errors.New("this is no place in the register")

// perPage is how many rows a page has.
const perPage = 50

// Register gives one page of the register.
func (s *Store) Register(ctx context.Context, f RegisterFilter) (RegisterPage, error) {
	place, err := f.place()
	if err != nil {
		return RegisterPage{}, err
	}
	rows, err := s.registerRows(ctx, f, place, perPage+1)
	if err != nil {
		return RegisterPage{}, err
	}
	more := len(rows) > perPage
	rows = rows[:min(len(rows), perPage)]
	if place.Back {
		slices.Reverse(rows)
	}
	var page RegisterPage
	for _, r := range rows {
		page.Rows = append(page.Rows, r.row())
	}
	if len(rows) == 0 {
		return page, nil
	}
	if more || place.Back {
		page.Next = rows[len(rows)-1].place().String()
	}
	if more && place.Back || f.After != "" {
		page.Previous = rows[0].place().String()
	}
	return page, nil
}

// atOnce is how many rows are read at a time where all are wanted.
const atOnce = 1000

// Registered gives all rows of the register that the filter chooses. They are
// read some at a time, so that a slow reader holds nothing up.
func (s *Store) Registered(ctx context.Context, f RegisterFilter) iter.Seq2[RegisterRow, error] {
	return func(yield func(RegisterRow, error) bool) {
		f.After, f.Before = "", ""
		for place := (place{}); ; {
			rows, err := s.registerRows(ctx, f, place, atOnce)
			if err != nil {
				yield(RegisterRow{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r.row(), nil) {
					return
				}
			}
			if len(rows) < atOnce {
				return
			}
			place = rows[len(rows)-1].place()
		}
	}
}

func (s *Store) registerRows(ctx context.Context, f RegisterFilter, p place, limit int) (rows []foundRow, err error) {
	q := f.query(p, limit)
	err = s.again(ctx, func() error {
		rows = nil // a second try begins anew
		return s.db.SelectContext(ctx, &rows, q.text(), q.args...)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the register: %w", inTime(ctx, err))
	}
	return rows, nil
}

// A place is a row in the order of the register; the zero place is before all of
// them.
type place struct {
	Key     string `json:"k"` // what is sorted by, as Postgres writes it
	Ordinal int64  `json:"n"`
	Is      bool   `json:"-"`
	Back    bool   `json:"-"` // what comes before it is wanted
}

func (p place) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // a text and a number
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// place is where the page begins.
func (f RegisterFilter) place() (place, error) {
	p := place{Is: f.After+f.Before != "", Back: f.Before != ""}
	if !p.Is {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(f.After + f.Before)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	p.Key = clean(p.Key)
	if err != nil || !sorts[f.Sort].takes(p.Key) {
		return place{}, ErrCursor
	}
	return p, nil
}

type foundRow struct {
	Name       string          `db:"name"`
	Ordinal    int64           `db:"ordinal"`
	Key        string          `db:"key"`
	Title      string          `db:"title"`
	State      policy.State    `db:"state"`
	Categories pq.StringArray  `db:"categories"`
	Proposer   policy.PersonID `db:"proposer"`
	OpenedAt   time.Time       `db:"opened_at"`
	EndedAt    *time.Time      `db:"ended_at"`
	Major      bool            `db:"major"`
	Restricted bool            `db:"restricted"`
	WaitingFor pq.StringArray  `db:"waiting_for"`
	DueAt      *time.Time      `db:"due_at"`
}

func (r foundRow) place() place { return place{Key: r.Key, Ordinal: r.Ordinal, Is: true} }

func (r foundRow) row() RegisterRow {
	row := RegisterRow{
		Name: r.Name, Title: r.Title, State: r.State, Proposer: r.Proposer, Opened: r.OpenedAt.UTC(),
		Ended: timeOrZero(r.EndedAt), Major: r.Major, Restricted: r.Restricted, Due: timeOrZero(r.DueAt),
	}
	for _, c := range r.Categories {
		row.Categories = append(row.Categories, policy.Category(c))
	}
	for _, p := range r.WaitingFor {
		row.WaitingFor = append(row.WaitingFor, policy.PersonID(p))
	}
	return row
}
