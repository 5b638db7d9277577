package storage_test

import (
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

var slow = flag.Bool("slow", false, "tell how long each query of the register takes")

// plans is a database whose server writes down how it goes about each query of
// the daemon's role.
type plans struct {
	t     *testing.T
	store *storage.Store
	log   string
	read  int64
}

// openPlans gives a store on a server of its own, filled with so many changes.
func openPlans(t *testing.T, changes, open int) *plans {
	t.Helper()
	_, ownerURL, appURL := pgtest.Own(t)
	owner := openSQL(t, ownerURL)
	fill(t, owner, changes, open)
	superuser := asSuperuser(t, ownerURL)
	exec(t, superuser, `vacuum (analyze)`)
	for _, setting := range []string{`session_preload_libraries = 'auto_explain'`, `auto_explain.log_min_duration = 0`} {
		exec(t, superuser, `alter role countersign_app set `+setting)
	}
	u, err := url.Parse(ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	return &plans{t: t, store: openURL(t, appURL), log: filepath.Join(u.Query().Get("host"), "log")}
}

func asSuperuser(t *testing.T, ownerURL string) *sql.DB {
	t.Helper()
	u, err := url.Parse(ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("user", "postgres")
	u.RawQuery = q.Encode()
	return openSQL(t, u.String())
}

var took = regexp.MustCompile(`duration: ([0-9.]+) ms  plan:`)

// of gives the plans of the queries that are made, and the longest a query took.
func (p *plans) of(ask func() error) (plan string, longest float64) {
	p.t.Helper()
	if err := ask(); err != nil {
		p.t.Fatal(err)
	}
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	plan = string(text[p.read:])
	p.read = int64(len(text))
	for _, m := range took.FindAllStringSubmatch(plan, -1) {
		ms, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			p.t.Fatal(err)
		}
		longest = max(longest, ms)
	}
	return plan, longest
}

var wholeTable = regexp.MustCompile(`Seq Scan on (changes|register|ballots|messages|attachments|outbox|events|event_payloads)\b`)

// byIndex fails if any query reads a whole table.
func (p *plans) byIndex(name string, ask func() error) {
	p.t.Helper()
	plan, longest := p.of(ask)
	if found := wholeTable.FindString(plan); found != "" {
		p.t.Errorf("%s: %s:\n%s", name, found, plan)
	}
	if !strings.Contains(plan, "plan:") {
		p.t.Errorf("%s: the server says nothing of its plans:\n%s", name, plan)
	}
	if *slow {
		p.t.Logf("%8.1f ms  %s", longest, name)
	}
}

// With 100,000 changes, nothing the pages ask for reads a whole table: not the
// register by any filter in any order, first page or later, nor a change, nor what
// waits for somebody.
func TestPagesReadByIndex(t *testing.T) {
	p := openPlans(t, 100_000, 200)
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	filters := map[string]storage.RegisterFilter{
		"all":            {},
		"open":           {States: policy.OpenStates},
		"ended":          {States: policy.Ends},
		"closed":         {States: []policy.State{policy.StateClosed}},
		"rejected":       {States: []policy.State{policy.StateRejected}},
		"canceled":       {States: []policy.State{policy.StateCanceled}},
		"rare or open":   {States: []policy.State{policy.StateExpired, policy.StateProposed}},
		"category":       {Category: policy.Cybersecurity},
		"no category":    {Category: "none such"},
		"person":         {Person: "p3"},
		"person, whole":  {Person: "p3", Whole: true},
		"stranger":       {Person: "eve", Whole: true},
		"a day":          {From: day.AddDate(3, 0, 0), Until: day.AddDate(3, 0, 1)},
		"a year":         {From: day.AddDate(3, 0, 0), Until: day.AddDate(4, 0, 0)},
		"since":          {From: day.AddDate(1, 0, 0)},
		"until":          {Until: day.AddDate(0, 0, 10)},
		"common words":   {Text: "upgrade database"},
		"beginnings":     {Text: "re da"},
		"a rare word":    {Text: "CHG-2026-4711"},
		"an unused word": {Text: "kubernetes"},
		"a system":       {Text: "host-77"},
		"words, closed":  {Text: "switch", States: []policy.State{policy.StateClosed}, Category: policy.SoftwareTechnology},
		"everything":     {Text: "switch", States: []policy.State{policy.StateCanceled, policy.StateProposed}, Category: policy.SoftwareTechnology, Person: "p3", From: day, Until: day.AddDate(9, 0, 0)},
	}
	for name, f := range filters {
		for _, sort := range storage.RegisterSorts {
			for _, descending := range []bool{false, true} {
				f.Sort, f.Descending = sort, descending
				p.register(fmt.Sprintf("%s by %q, descending %v", name, sort, descending), f)
			}
		}
	}
	const id = "c77777"
	for name, ask := range map[string]func() error{
		"a change": func() error {
			_, err := p.store.Change(t.Context(), "CHG-2026-77777")
			return ignoring(err, "decoding")
		},
		"its events":         func() error { _, err := p.store.Events(t.Context(), id); return err },
		"what came about it": func() error { _, err := p.store.CameIn(t.Context(), id); return err },
		"a file of it": func() error {
			_, err := p.store.Attachment(t.Context(), id, sha("x"))
			return ignoring(err, "not found")
		},
		"what left about it":  func() error { _, err := p.store.WentOut(t.Context(), id); return err },
		"whom it was told to": func() error { _, err := p.store.Deliveries(t.Context(), id); return err },
		"who is away":         func() error { _, err := p.store.Away(t.Context(), noon, "p7"); return err },
		"what waits":          func() error { _, err := p.store.Waiting(t.Context(), "p7"); return ignoring(err, "decoding") },
	} {
		p.byIndex(name, ask)
	}
}

// register reads the first page, the second, and the first again from there.
func (p *plans) register(name string, f storage.RegisterFilter) {
	p.t.Helper()
	var page storage.RegisterPage
	ask := func() (err error) {
		page, err = p.store.Register(p.t.Context(), f)
		return err
	}
	p.byIndex(name, ask)
	if f.After = page.Next; f.After == "" {
		return
	}
	p.byIndex(name+", the second page", ask)
	f.After, f.Before = "", page.Previous
	p.byIndex(name+", back", ask)
}

// ignoring passes over an error that says it: the rows that fill the database say
// nothing.
func ignoring(err error, says string) error {
	if err != nil && strings.Contains(err.Error(), says) {
		return nil
	}
	return err
}
