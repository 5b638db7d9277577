package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

const registerPath = "/changes"

// A registerPage is one page of the register, and the form that filters it.
type registerPage struct {
	Filter   registerForm
	Heads    []head
	Rows     []registerLine
	Newer    string // the page before this one; empty where there is none
	Older    string // the page behind it
	ByNumber bool   // so that the pages are newer and older ones
	CSV      string
	Mine     string
}

// A registerForm is the filter as it was filled in.
type registerForm struct {
	Text, Person, From, Until string
	States, Categories        []option
	Sort, Order               string
	Problems                  []string
	Set                       bool // more is filled in than the text
}

// A head is a column, by which the register can be sorted or not.
type head struct {
	Name string
	Link string
	Sort string // ascending or descending, where it is sorted by it
}

// A registerLine is a row as people read it.
type registerLine struct {
	storage.RegisterRow
	Hidden        bool // its details are not the reader's to see
	Category      string
	By            string
	Opened, Ended string
	Waits         string // who is waited for
	Late          bool
}

// register shows one page of the register.
func (v *visit) register() error {
	q := v.r.URL.Query()
	filter, form := v.filter(q)
	found, err := v.Store.Register(v.r.Context(), filter)
	if errors.Is(err, storage.ErrCursor) {
		return v.refuse(http.StatusNotFound, "There is no such page of the register", "Look for the changes once more.")
	}
	if err != nil {
		return err
	}
	p := registerPage{
		Filter: form, Heads: heads(filter, q), ByNumber: filter.Sort == storage.SortNumber && filter.Descending,
		CSV: with(registerPath+".csv", q, "after", "", "before", ""), Mine: registerPath + "?person=" + url.QueryEscape(string(v.person.ID)),
	}
	if found.Previous != "" {
		p.Newer = with(registerPath, q, "before", found.Previous, "after", "")
	}
	if found.Next != "" {
		p.Older = with(registerPath, q, "after", found.Next, "before", "")
	}
	d := v.Desk.About(policy.Change{}, v.person)
	for _, row := range found.Rows {
		p.Rows = append(p.Rows, line(d, row, filter.Whole))
	}
	return v.show(http.StatusOK, "register", "Changes", p)
}

// with is the address with some of the query otherwise; an empty value takes it
// out.
func with(path string, query url.Values, pairs ...string) string {
	q := url.Values{}
	for name, values := range query {
		if values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }); len(values) > 0 {
			q[name] = values
		}
	}
	for pair := range slices.Chunk(pairs, 2) {
		if q.Del(pair[0]); pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// filter reads the filter out of an address. What cannot be read is said, and
// not filtered by.
func (v *visit) filter(q url.Values) (storage.RegisterFilter, registerForm) {
	form := registerForm{
		Text: q.Get("text"), Person: q.Get("person"), From: q.Get("from"), Until: q.Get("until"), Sort: q.Get("sort"), Order: q.Get("order"),
	}
	f := storage.RegisterFilter{Text: form.Text, States: states(q["state"]), After: q.Get("after"), Before: q.Get("before")}
	f.Category, _ = policy.ParseCategory(q.Get("category"))
	f.Person = v.someone(form.Person)
	f.From, f.Until = form.day("From", form.From, v.location()), form.day("Until", form.Until, v.location())
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // that day too
	}
	f.Whole = v.Desk.Directory().SeesAll(v.person.ID) || f.Person == v.person.ID
	f.Sort, f.Descending = sorting(form.Sort, form.Order)
	form.States, form.Categories = stateOptions(q["state"]), categoryOptions(f.Category)
	form.Set = len(f.States) > 0 || f.Category != "" || form.Person+form.From+form.Until != ""
	return f, form
}

// someone is the person who is named, or who was once known by that id.
func (v *visit) someone(name string) policy.PersonID {
	if p, known := v.Desk.Directory().Find(name); known {
		return p.ID
	}
	return policy.PersonID(strings.TrimSpace(name))
}

func (v *visit) location() *time.Location {
	return v.Desk.About(policy.Change{}, v.person).Location
}

// day reads the day at whose beginning something begins.
func (f *registerForm) day(name, text string, location *time.Location) time.Time {
	if text == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, text, location)
	if err != nil {
		f.Problems = append(f.Problems, name+" is no day. Write it as 2026-11-23.")
	}
	return day
}

// Groups of states have names of their own.
var groups = []struct {
	name   string
	states []policy.State
}{
	{"open", policy.OpenStates}, {"ended", policy.Ends},
}

// states are those chosen, each by itself or in a group.
func states(chosen []string) (all []policy.State) {
	for _, g := range groups {
		if slices.Contains(chosen, g.name) {
			all = append(all, g.states...)
		}
	}
	for _, s := range policy.States {
		if slices.Contains(chosen, string(s)) {
			all = append(all, s)
		}
	}
	return all
}

func stateOptions(chosen []string) (all []option) {
	for _, g := range groups {
		all = append(all, option{Value: g.name, Text: "all " + g.name})
	}
	for _, s := range policy.States {
		all = append(all, option{Value: string(s), Text: string(s)})
	}
	return choose(all, chosen...)
}

func categoryOptions(chosen policy.Category) (all []option) {
	for _, c := range policy.Categories {
		all = append(all, option{Value: string(c), Text: string(c)})
	}
	return choose(all, string(chosen))
}

// columns are those of the register, with how they are sorted at first.
var columns = []struct {
	name string
	sort storage.RegisterSort
	can  bool
	desc bool
}{
	{"Number", storage.SortNumber, true, true}, {"Title", storage.SortTitle, true, false}, {"State", storage.SortState, true, false},
	{"Category", "", false, false}, {"Proposed by", "", false, false}, {"Opened", "", false, false}, {"Ended", storage.SortEnded, true, true},
}

// sorting is by number, the newest first, unless something else was chosen.
func sorting(sort, order string) (storage.RegisterSort, bool) {
	for _, c := range columns {
		if c.can && string(c.sort) == sort {
			return c.sort, order == "desc" || order == "" && c.desc
		}
	}
	return storage.SortNumber, true
}

// heads lead to the register sorted by each column, or the other way round.
func heads(f storage.RegisterFilter, q url.Values) (all []head) {
	for _, c := range columns {
		h := head{Name: c.name}
		if c.can {
			order := map[bool]string{true: "desc", false: "asc"}[c.desc]
			if c.sort == f.Sort {
				h.Sort = map[bool]string{true: "descending", false: "ascending"}[f.Descending]
				order = map[bool]string{true: "asc", false: "desc"}[f.Descending]
			}
			h.Link = with(registerPath, q, "sort", string(c.sort), "order", order, "after", "", "before", "")
		}
		all = append(all, h)
	}
	return all
}

// line is the row as people read it. Of a restricted change it says only what
// everybody may know.
func line(d mailtmpl.Data, r storage.RegisterRow, whole bool) registerLine {
	l := registerLine{RegisterRow: r, Hidden: r.Restricted && !whole}
	if l.Title = mailtmpl.Clean(r.Title); strings.TrimSpace(l.Title) == "" {
		l.Title = "no title yet"
	}
	if l.Hidden {
		return l
	}
	var categories []string
	for _, c := range r.Categories {
		categories = append(categories, string(c))
	}
	l.Category, l.By, l.Waits = strings.Join(categories, ", "), d.Name(r.Proposer), people(d, r.WaitingFor)
	l.Opened, l.Ended = date(d, r.Opened), date(d, r.Ended)
	l.Late = !r.Due.IsZero() && r.Due.Before(d.Now)
	return l
}

func people(d mailtmpl.Data, ids []policy.PersonID) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.Name(id))
	}
	return strings.Join(names, ", ")
}

// date is a day in a table: "2026-11-23"; nothing for no time.
func date(d mailtmpl.Data, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.Location).Format(time.DateOnly)
}
