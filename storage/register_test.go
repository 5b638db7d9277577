package storage_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A company's register: what was proposed, by whom, and how it ended. One is
// opened each day.
var shelf = []struct {
	name     string
	draft    string
	proposal policy.Proposal
	proposer policy.PersonID
	asked    policy.PersonID
	state    policy.State
}{
	{"CHG-2026-0001", "D-2026-0001", policy.Proposal{Title: "PostgreSQL 17 for billing", Systems: "billing-db-1, billing-db-2", Categories: of(policy.SoftwareTechnology)}, "lead", "cto", policy.StateRejected},
	{"CHG-2026-0002", "D-2026-0002", policy.Proposal{Title: "New core switch", Systems: "sw-core", Description: "Replaces the one that hums.", Categories: of(policy.NetworkInfrastructure)}, "itd", "itd", policy.StateWithdrawn},
	{"CHG-2026-0003", "D-2026-0003", policy.Proposal{Title: "Firewall rule for the auditors", Systems: "fw-secret", Categories: of(policy.Cybersecurity), Restricted: true}, "itd", "cto", policy.StateRejected},
	{"CHG-2026-0004", "D-2026-0004", policy.Proposal{Title: "apple builds on a new machine", Systems: "mac-7", Categories: of(policy.SoftwareTechnology, policy.DevelopmentTools), Major: true}, "lead", "cto", policy.StateProposed},
	{"D-2026-0005", "D-2026-0005", policy.Proposal{Title: "Something about backups"}, "lead", "lead", policy.StateDraft},
	{"CHG-2026-0005", "D-2026-0006", policy.Proposal{Title: "Älter Drucker ersetzt", Systems: "print-3", Categories: of(policy.ThirdParty)}, "itd", "itd", policy.StateExpired},
	{"D-2026-0007", "D-2026-0007", policy.Proposal{Title: "Never mind"}, "cto", "cto", policy.StateWithdrawn},
	{"CHG-2026-0006", "D-2026-0008", policy.Proposal{Title: "Billing moves to its own network", Systems: "sw-core", Categories: of(policy.NetworkInfrastructure), Restricted: true}, "itd", "itd", policy.StateProposed},
}

func of(categories ...policy.Category) []policy.Category { return categories }

// shelved puts all of it into the register.
func shelved(t *testing.T) *storage.Store {
	t.Helper()
	s := open(t)
	shelve(t, s)
	return s
}

func shelve(t *testing.T, s *storage.Store) {
	t.Helper()
	for i, c := range shelf {
		st := &story{t: t, store: s, now: noon.AddDate(0, 0, i)}
		id := policy.NewChangeID(st.now, fmt.Sprintf("%064d", i))
		form := policy.Form{policy.LabelTitle: c.proposal.Title}
		st.happens(&policy.Opened{ID: id, Draft: c.draft, Proposer: c.proposer, At: st.now}, &policy.Drafted{Form: form, At: st.now})
		kind := policy.BallotCorrection
		if c.name != c.draft {
			kind = policy.BallotAuthorization
			st.happens(&policy.Revised{Number: c.name, Revision: 1, Form: form, Proposal: c.proposal, Hash: "9f3a41c7", By: c.proposer, At: st.now})
		}
		b := policy.Ballot{ID: ballotID(id, kind), Kind: kind, Person: c.asked, Revision: st.change.Revision, Issued: st.now, Due: st.now.Add(48 * time.Hour), Status: policy.BallotOpen}
		st.happens(&policy.Issued{Ballot: b})
		if c.state.End() {
			st.now = st.now.Add(time.Duration(10-i) * 100 * time.Hour) // the first proposed ends last
			st.happens(&policy.Voided{Ballot: b.ID, Status: policy.BallotVoided, At: st.now}, &policy.Moved{To: c.state, At: st.now})
		}
	}
}

// names are the names of the rows.
func names(rows []storage.RegisterRow) []string {
	all := []string{}
	for _, r := range rows {
		all = append(all, r.Name)
	}
	return all
}

// short are names as these tests write them: 4 for CHG-2026-0004, d5 for a
// draft.
func short(rows []storage.RegisterRow) string {
	replace := strings.NewReplacer("CHG-2026-000", "", "D-2026-000", "d")
	return replace.Replace(strings.Join(names(rows), " "))
}

func TestRegister(t *testing.T) {
	s := shelved(t)
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	for _, test := range []struct {
		name   string
		filter storage.RegisterFilter
		want   string
	}{
		{"all, drafts first", storage.RegisterFilter{}, "d5 d7 1 2 3 4 5 6"},
		{"the newest first", storage.RegisterFilter{Descending: true}, "6 5 4 3 2 1 d7 d5"},
		{"open ones", storage.RegisterFilter{States: policy.OpenStates}, "d5 4 6"},
		{"what has ended", storage.RegisterFilter{States: policy.Ends}, "d7 1 2 3 5"},
		{"one state", storage.RegisterFilter{States: []policy.State{policy.StateRejected}}, "1 3"},
		{"any of several states", storage.RegisterFilter{States: []policy.State{policy.StateRejected, policy.StateProposed}}, "1 3 4 6"},

		{"a category", storage.RegisterFilter{Category: policy.SoftwareTechnology}, "1 4"},
		{"a category does not find what is restricted", storage.RegisterFilter{Category: policy.NetworkInfrastructure}, "2"},
		{"but for who may know", storage.RegisterFilter{Category: policy.NetworkInfrastructure, Whole: true}, "2 6"},
		{"who proposed it", storage.RegisterFilter{Person: "lead"}, "d5 1 4"},
		{"who was asked", storage.RegisterFilter{Person: "cto"}, "d7 1 4"},
		{"a person and what is restricted", storage.RegisterFilter{Person: "itd", Whole: true}, "2 3 5 6"},
		{"nobody", storage.RegisterFilter{Person: "eve", Whole: true}, ""},

		{"opened since", storage.RegisterFilter{From: day(3)}, "d5 d7 4 5 6"},
		{"opened before", storage.RegisterFilter{Until: day(3)}, "1 2 3"},
		{"opened between", storage.RegisterFilter{From: day(2), Until: day(4)}, "3 4"},

		{"a number", storage.RegisterFilter{Text: "chg-2026-0004"}, "4"},
		{"a draft's number", storage.RegisterFilter{Text: "D-2026-0007"}, "d7"},
		{"a word of the title", storage.RegisterFilter{Text: "Billing"}, "1 6"},
		{"its beginning", storage.RegisterFilter{Text: "bill"}, "1 6"},
		{"not its end", storage.RegisterFilter{Text: "illing"}, ""},
		{"two words in any order", storage.RegisterFilter{Text: "billing post"}, "1"},
		{"a system", storage.RegisterFilter{Text: "billing-db-2"}, "1"},
		{"the description", storage.RegisterFilter{Text: "hums"}, "2"},
		{"another alphabet's letters", storage.RegisterFilter{Text: "Älter"}, "5"},
		{"what is restricted, by its title", storage.RegisterFilter{Text: "auditors"}, "3"},
		{"but not by its systems", storage.RegisterFilter{Text: "secret"}, ""},
		{"a system of two, one restricted", storage.RegisterFilter{Text: "sw-core", Whole: true}, "2"},
		{"operators are no words", storage.RegisterFilter{Text: "core & !switch | (hums:*)"}, "2"},
		{"quotes neither", storage.RegisterFilter{Text: `'core' "switch\`}, "2"},
		{"marks alone", storage.RegisterFilter{Text: "***"}, ""},
		{"a control character", storage.RegisterFilter{Text: "co\x00re"}, "2"},
		{"no text", storage.RegisterFilter{Text: "  "}, "d5 d7 1 2 3 4 5 6"},

		{"by title", storage.RegisterFilter{Sort: storage.SortTitle}, "4 6 3 d7 2 1 d5 5"},
		{"by title, backwards", storage.RegisterFilter{Sort: storage.SortTitle, Descending: true}, "5 d5 1 2 d7 3 6 4"},
		{"by state", storage.RegisterFilter{Sort: storage.SortState}, "d5 5 4 6 1 3 d7 2"},
		{"by end, the last one first", storage.RegisterFilter{Sort: storage.SortEnded, Descending: true}, "1 2 3 5 d7 6 4 d5"},
		{"by end", storage.RegisterFilter{Sort: storage.SortEnded}, "d5 4 6 d7 5 3 2 1"},

		{"everything at once", storage.RegisterFilter{
			States: []policy.State{policy.StateRejected}, Category: policy.SoftwareTechnology, Person: "cto",
			From: day(0), Until: day(1), Text: "postgres", Whole: true, Sort: storage.SortTitle, Descending: true,
		}, "1"},
	} {
		page, err := s.Register(t.Context(), test.filter)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := short(page.Rows); got != test.want || page.Next != "" || page.Previous != "" {
			t.Errorf("%s: %q, not %q; next %q, previous %q", test.name, got, test.want, page.Next, page.Previous)
		}
		var all []storage.RegisterRow
		for row, err := range s.Registered(t.Context(), test.filter) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, row)
		}
		if !reflect.DeepEqual(all, page.Rows) {
			t.Errorf("%s: all are %q", test.name, short(all))
		}
	}
}

// A row says what a reader of the register wants to know.
func TestRegisterRow(t *testing.T) {
	s := shelved(t)
	page, err := s.Register(t.Context(), storage.RegisterFilter{Text: "2026 apple"})
	if err != nil {
		t.Fatal(err)
	}
	opened := noon.AddDate(0, 0, 3)
	want := []storage.RegisterRow{{
		Name: "CHG-2026-0004", Title: "apple builds on a new machine", State: policy.StateProposed,
		Categories: of(policy.SoftwareTechnology, policy.DevelopmentTools), Proposer: "lead", Opened: opened, Major: true,
		WaitingFor: []policy.PersonID{"cto"}, Due: opened.Add(48 * time.Hour),
	}}
	if !reflect.DeepEqual(page.Rows, want) {
		t.Errorf("got  %+v\nwant %+v", page.Rows, want)
	}
	page, err = s.Register(t.Context(), storage.RegisterFilter{Text: "Firewall"})
	if err != nil {
		t.Fatal(err)
	}
	want = []storage.RegisterRow{{
		Name: "CHG-2026-0003", Title: "Firewall rule for the auditors", State: policy.StateRejected, Restricted: true,
		Categories: of(policy.Cybersecurity), Proposer: "itd", Opened: noon.AddDate(0, 0, 2), Ended: noon.AddDate(0, 0, 2).Add(800 * time.Hour),
	}}
	if !reflect.DeepEqual(page.Rows, want) {
		t.Errorf("got  %+v\nwant %+v", page.Rows, want)
	}
}

// The register agrees with the record at every step, and what happened to it
// otherwise is told.
func TestTheRegisterIsPartOfTheProjection(t *testing.T) {
	s, owner := openBoth(t)
	shelve(t, s)
	begin := &story{t: t, store: s, now: noon}
	for _, step := range life("c9", "CHG-2026-0007", noon) {
		if o, ok := step.events[0].(*policy.Opened); ok {
			o.Draft = "D-2026-0009"
		}
		begin.happens(step.events...)
		wantAgreement(t, s)
	}
	for statement, tells := range map[string]string{
		`update register set title = 'x' where change = 'c9'`:                       `change c9, in the register: title is "x", its events tell "PostgreSQL 17 for billing"`,
		`update register set people = people || 'eve'::text where change = 'c9'`:    `change c9, in the register: people is`,
		`update register set words = register_words('nothing') where change = 'c9'`: "change c9, in the register: it is found by words that are not its own",
		`delete from register where change = 'c9'`:                                  "change c9, in the register: its row is missing",
	} {
		exec(t, owner, statement)
		report, err := s.RebuildWrite(t.Context(), nil)
		if err != nil || len(report.Differences) != 1 || !strings.HasPrefix(report.Differences[0], tells) {
			t.Errorf("%s: %q, %v", statement, report.Differences, err)
		}
		wantAgreement(t, s)
	}
}

// A database from before has its register made by the migration, as the program
// would have made it.
func TestTheMigrationFillsTheRegister(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	s, owner := openURL(t, appURL), openSQL(t, ownerURL)
	shelve(t, s)
	id := policy.ChangeID("20261123aaaa")
	secret := &story{t: t, store: s, now: noon}
	secret.happens(&policy.Opened{ID: id, Draft: "D-2026-0009", Proposer: "lead", At: noon},
		&policy.Drafted{Form: policy.Form{policy.LabelTitle: "Keys", policy.LabelRestricted: "yes, please"}, At: noon})
	before := everyRow(t, s)
	exec(t, owner, `drop table register; drop function register_words; drop table publications; drop table publishing; alter table messages drop column away_until; drop table held; alter table outbox drop column rationed; drop index events_appointments; alter table chain_head drop column appointed; update schema_info set version = 11, oldest = 6`)
	exec(t, owner, `drop view prunable; drop table strangers; drop index messages_prunable; drop function refuse_all_but_pruning cascade; drop function refuse_all_but_the_next cascade`)
	exec(t, owner, `delete from goose_db_version where version_id >= 12`)
	if err := storage.Migrate(t.Context(), ownerURL); err != nil {
		t.Fatal(err)
	}
	wantAgreement(t, s)
	if after := everyRow(t, s); !reflect.DeepEqual(before, after) {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	i := slices.IndexFunc(before, func(r storage.RegisterRow) bool { return r.Name == "D-2026-0009" })
	if i < 0 || !before[i].Restricted {
		t.Errorf("a draft that wants to be restricted is not: %+v", before)
	}
}

func everyRow(t *testing.T, s *storage.Store) []storage.RegisterRow {
	t.Helper()
	page, err := s.Register(t.Context(), storage.RegisterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Rows
}

// A decision rewrites the row of its change where it lies, without touching an
// index, but for the one that gives a number and the one that ends it. These two
// write its row in the register, and no other does.
func TestDecisionsTouchNoIndex(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	owner := openSQL(t, ownerURL)
	s, err := storage.Open(t.Context(), appURL)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, 1, policy.StateClosed)
	s.Close()
	const updates = `select %s from pg_stat_user_tables where relname = $1`
	for table, want := range map[string]struct{ all, hot int }{"changes": {8, 6}, "register": {2, 0}} {
		for count(t, owner, `select count(*) from pg_stat_activity where usename = 'countersign_app' and datname = current_database()`) > 0 {
			time.Sleep(time.Millisecond) // a connection that ends leaves its figures
		}
		all, hot := count(t, owner, fmt.Sprintf(updates, "n_tup_upd"), table), count(t, owner, fmt.Sprintf(updates, "n_tup_hot_upd"), table)
		if all != want.all || hot != want.hot {
			t.Errorf("%s: %d updates, %d of them where the row lay; want %+v", table, all, hot, want)
		}
	}
}

// Whatever the order, going on from page to page shows each change once, and going
// back shows the same pages.
func TestRegisterPages(t *testing.T) {
	s, owner := openBoth(t)
	fill(t, owner, 1000, 130)
	for _, sort := range storage.RegisterSorts {
		for _, descending := range []bool{false, true} {
			f := storage.RegisterFilter{Sort: sort, Descending: descending, States: []policy.State{policy.StateProposed, policy.StateClosed}}
			var want []string
			for row, err := range s.Registered(t.Context(), f) {
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, row.Name)
			}
			if once := slices.Compact(slices.Sorted(slices.Values(want))); len(once) != len(want) || len(want) < 900 {
				t.Errorf("by %q: %d rows, %d changes", sort, len(want), len(once))
			}
			forth, last := stroll(t, s, f, func(f *storage.RegisterFilter, p storage.RegisterPage) bool {
				f.After = p.Next
				return p.Next != ""
			})
			if got := slices.Concat(forth...); !slices.Equal(got, want) {
				t.Errorf("by %q, descending %v: going on shows %d of %d", sort, descending, len(got), len(want))
			}
			f.Before = last.Previous
			back, first := stroll(t, s, f, func(f *storage.RegisterFilter, p storage.RegisterPage) bool {
				f.Before = p.Previous
				return p.Previous != ""
			})
			slices.Reverse(back)
			if !reflect.DeepEqual(back, forth[:len(forth)-1]) || first.Previous != "" {
				t.Errorf("by %q, descending %v: going back shows other pages", sort, descending)
			}
		}
	}
}

// stroll goes from page to page, and gives the names on each and the last page.
func stroll(t *testing.T, s *storage.Store, f storage.RegisterFilter, on func(*storage.RegisterFilter, storage.RegisterPage) bool) (pages [][]string, last storage.RegisterPage) {
	t.Helper()
	for {
		page, err := s.Register(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, names(page.Rows))
		if !on(&f, page) {
			return pages, page
		}
	}
}

// A change that ends while somebody reads is where it belongs, and nothing else
// is lost.
func TestRegisterWhileItChanges(t *testing.T) {
	s, owner := openBoth(t)
	fill(t, owner, 200, 20)
	first, err := s.Register(t.Context(), storage.RegisterFilter{Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, owner, `update register set title = 'another title' where name = $1`, first.Rows[49].Name)
	fillMore(t, owner, 201, 300, 10)
	second, err := s.Register(t.Context(), storage.RegisterFilter{Descending: true, After: first.Next})
	if err != nil || len(second.Rows) != 50 || second.Rows[0].Name != "CHG-2026-150" || second.Rows[49].Name != "CHG-2026-101" {
		t.Errorf("%v, %v", names(second.Rows), err)
	}
}

// What is no page's is refused, not asked of the database.
func TestNoPlaceInTheRegister(t *testing.T) {
	s := shelved(t)
	page, err := s.Register(t.Context(), storage.RegisterFilter{})
	if err != nil || page.Next != "" {
		t.Fatal(page, err)
	}
	for _, cursor := range []string{"x", "!!!", "bm90IGpzb24", "eyJrIjoic29vbiIsIm4iOjF9"} {
		_, err := s.Register(t.Context(), storage.RegisterFilter{Sort: storage.SortEnded, After: cursor})
		if !errors.Is(err, storage.ErrCursor) {
			t.Errorf("%s: %v", cursor, err)
		}
	}
}
