package storage

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
)

// A sorting is what the register is sorted by, before the number: of open
// changes (c, with r their row in the register), and of those that have ended,
// as an index has it.
type sorting struct {
	open, ended string
	kind        string // its type
}

var sorts = map[RegisterSort]sorting{
	SortNumber: {open: `''`, ended: `''`, kind: "text"},
	SortTitle:  {open: `lower(left(r.title, 80))`, ended: `lower(left(r.title, 80))`, kind: "text"},
	SortState:  {open: `c.state`, ended: `r.state`, kind: "text"},
	SortEnded:  {open: `'-infinity'::timestamptz`, ended: `r.ended_at`, kind: "timestamptz"},
}

// takes says whether the key can be one of the sorting's.
func (s sorting) takes(key string) bool {
	if s.kind != "timestamptz" || key == "-infinity" {
		return true
	}
	_, err := time.Parse("2006-01-02 15:04:05.999999-07", key)
	return err == nil
}

// A registerQuery is a query that is put together: of open changes and of those
// that have ended, each by its own indexes and as many as are wanted in all, and
// of both the first.
type registerQuery struct {
	RegisterFilter
	sorting
	place place
	limit int
	args  []any

	openIf, endedIf []string
}

func (f RegisterFilter) query(p place, limit int) *registerQuery {
	q := &registerQuery{
		RegisterFilter: f, sorting: sorts[f.Sort], place: p, limit: limit,
		openIf: []string{`c.ended_at is null`}, endedIf: []string{`r.ended_at is not null`},
	}
	q.filterStates()
	q.filterParts()
	q.filterTimes()
	if words := wordsQuery(f.Text); words != "" {
		q.both(`r.words @@ to_tsquery('simple', %s)`, q.arg(words))
	} else if strings.TrimSpace(f.Text) != "" {
		q.both(`false`) // nothing is found by marks alone
	}
	q.goOn()
	return q
}

// arg is where the value stands in the query.
func (q *registerQuery) arg(value any) string {
	q.args = append(q.args, value)
	return fmt.Sprintf("$%d", len(q.args))
}

// both adds a condition for open changes and for those that have ended.
func (q *registerQuery) both(condition string, args ...any) {
	condition = fmt.Sprintf(condition, args...)
	q.openIf, q.endedIf = append(q.openIf, condition), append(q.endedIf, condition)
}

func (q *registerQuery) filterStates() {
	if len(q.States) == 0 {
		return
	}
	var open, ended []policy.State
	for _, s := range q.States {
		if s.End() {
			ended = append(ended, s)
		} else {
			open = append(open, s)
		}
	}
	q.openIf = append(q.openIf, q.oneOf(`c.state`, open))
	q.endedIf = append(q.endedIf, q.oneOf(`r.state`, ended))
}

func (q *registerQuery) oneOf(column string, states []policy.State) string {
	if len(states) == 0 {
		return `false`
	}
	return column + ` = any(` + q.arg(pq.Array(states)) + `::text[])`
}

// filterParts is by what not everybody may know of a restricted change.
func (q *registerQuery) filterParts() {
	if q.Category == "" && q.Person == "" {
		return
	}
	if !q.Whole {
		q.both(`not r.restricted`)
	}
	if q.Category != "" {
		q.both(`r.categories @> %s::text[]`, q.arg(pq.Array([]policy.Category{q.Category})))
	}
	if q.Person != "" {
		person := q.arg(q.Person)
		q.openIf = append(q.openIf, `(c.proposer = `+person+`
			or exists (select from ballots as b where b.change = c.id and b.person = `+person+`))`)
		q.endedIf = append(q.endedIf, `r.people @> array[`+person+`]`)
	}
}

func (q *registerQuery) filterTimes() {
	if !q.From.IsZero() {
		q.both(`r.opened_at >= %s`, q.arg(micro(q.From)))
	}
	if !q.Until.IsZero() {
		q.both(`r.opened_at < %s`, q.arg(micro(q.Until)))
	}
}

// goOn begins behind the place.
func (q *registerQuery) goOn() {
	if !q.place.Is {
		return
	}
	sign := map[bool]string{false: ">", true: "<"}[q.descending()]
	n := q.arg(q.place.Ordinal)
	if q.Sort == SortNumber {
		q.both(`r.ordinal %s %s`, sign, n)
		return
	}
	key := q.arg(q.place.Key) + `::` + q.kind
	q.openIf = append(q.openIf, fmt.Sprintf(`(%s, r.ordinal) %s (%s, %s)`, q.open, sign, key, n))
	q.endedIf = append(q.endedIf, fmt.Sprintf(`(%s, r.ordinal) %s (%s, %s)`, q.ended, sign, key, n))
}

// descending is the direction in which is read.
func (q *registerQuery) descending() bool { return q.Descending != q.place.Back }

// order is by the key and the number, or by the number alone.
func (q *registerQuery) order(key string) string {
	direction := map[bool]string{false: "", true: " desc"}[q.descending()]
	if q.Sort == SortNumber {
		return `order by ordinal` + direction
	}
	return `order by ` + key + direction + `, ordinal` + direction
}

func (q *registerQuery) text() string {
	const columns = `r.change, r.name, r.ordinal, r.title, r.categories, r.proposer, r.opened_at, r.major, r.restricted`
	limit := fmt.Sprintf(" limit %d", q.limit)
	return `
		select f.name, f.ordinal, f.key::text, f.title, f.state, f.categories, f.proposer, f.opened_at, f.ended_at,
			f.major, f.restricted, w.waiting_for, w.due_at
		from (
			(select ` + columns + `, c.state, null::timestamptz as ended_at, ` + q.open + ` as key
			from changes as c join register as r on r.change = c.id
			where ` + strings.Join(q.openIf, " and ") + ` ` + q.order(q.open) + limit + `)
			union all
			(select ` + columns + `, r.state, r.ended_at, ` + q.ended + ` as key
			from register as r
			where ` + strings.Join(q.endedIf, " and ") + ` ` + q.order(q.ended) + limit + `)
			` + q.order("key") + limit + `) as f
		left join lateral (
			select array_agg(distinct b.person order by b.person) as waiting_for, min(b.due_at) as due_at
			from ballots as b where f.ended_at is null and b.change = f.change and b.status = 'open') as w on true
		` + q.order("f.key")
}

// wordsQuery has the words of a text found, each by its beginning, all of them.
func wordsQuery(text string) string {
	words := strings.FieldsFunc(clean(text), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
	for i, word := range words {
		words[i] = word + ":*"
	}
	return strings.Join(words[:min(len(words), mostWords)], " & ")
}

// mostWords are looked for; nobody types more.
const mostWords = 20
