package web_test

import (
	"database/sql"
	"flag"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var measure = flag.Bool("measure", false, "measure the register with 100,000 changes")

// copies are the statements by which the change with the number is written again
// for each number from $2 to $3, one each hour.
var copies = []string{
	`insert into changes
		select id || g, 'D-2020-' || g, 'CHG-2020-' || g, state, revision, hash, proposer, implementer, attempt, passed_by, told, live, ever_live,
			held_from, open_ballots, title || ' ' || g, major, restricted, opened_at - g * interval '1 hour', ended_at - g * interval '1 hour', updated_seq, body
		from changes cross join generate_series($2::int, $3::int) as g where number = $1`,
	`insert into ballots (id, change, kind, person, revision, attempt, status, keyword, issued_at, due_at, next_at, answered_at)
		select b.id || g, b.change || g, b.kind, b.person, b.revision, b.attempt, b.status, b.keyword, b.issued_at, b.due_at, b.next_at, b.answered_at
		from ballots as b join changes as c on c.id = b.change cross join generate_series($2::int, $3::int) as g where c.number = $1`,
	`insert into register
		select change || g, 'CHG-2020-' || g, 2020000000000 + g, title || ' ' || g, categories, proposer, opened_at - g * interval '1 hour', major, restricted,
			register_words('CHG-2020-' || g || ' ' || title), state, ended_at - g * interval '1 hour', people
		from register cross join generate_series($2::int, $3::int) as g where name = $1`,
}

// copied writes the change again so often; from is the first number that is free.
func (h *house) copied(number string, from, n int) {
	h.t.Helper()
	db, err := sql.Open("postgres", h.db)
	h.must(err)
	defer db.Close()
	for _, statement := range copies {
		_, err := db.Exec(statement, number, from, from+n-1)
		h.must(err)
	}
	_, err = db.Exec(`vacuum (analyze) changes, ballots, register`)
	h.must(err)
}

// asked is what people ask of the register.
var asked = []string{
	"", "", "", "?state=open", "?text=billing", "?text=chg-2020-47", "?state=rejected&sort=title", "?person=lead", "?category=software+technology",
	"?from=2024-01-01&until=2024-12-31", "?sort=ended", "?text=postgresql&state=rejected&sort=title&order=desc",
}

var styleSheet = regexp.MustCompile(`/style-[0-9a-f]+\.css`)

// Fifty people read the register at once. How fast that is on a machine that does
// other things as well says little; beside a page that is merely handed out, it
// says what the register costs.
func TestMeasureTheRegister(t *testing.T) {
	changes, each := 1000, 4
	if *measure {
		changes, each = 100_000, 60
	}
	h := newHouse(t)
	h.proposed()
	h.said("cto@example.com", policy.AskAuthorization, "REJECT: not before the audit\n")
	h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "Once more", Body: sampleProposal}))
	h.step()
	h.copied("CHG-2026-0001", 1, changes-200)
	h.copied("CHG-2026-0002", changes, 200)
	carol := h.signedIn("cto@example.com")
	style := styleSheet.FindString(carol.open(h.url + "/ballots").page)

	still := h.readers(carol, each*4, func(int) string { return style })
	register := h.readers(carol, each, func(n int) string { return "/changes" + asked[n%len(asked)] })
	t.Logf("%d changes, 50 readers: p95 of the register %s, of the stylesheet %s: %.1f times", changes, register, still, register.Seconds()/still.Seconds())
	if *measure {
		for _, a := range slices.Compact(slices.Clone(asked)) {
			p := h.readers(carol, each/4, func(int) string { return "/changes" + a })
			t.Logf("p95 of %-60s %s: %.1f times", "/changes"+a, p, p.Seconds()/still.Seconds())
		}
	}
}

// readers has fifty read at once, each so often, and gives how long nineteen in
// twenty took at most.
func (h *house) readers(as *visitor, each int, what func(int) string) time.Duration {
	h.t.Helper()
	base, err := url.Parse(h.url)
	h.must(err)
	cookies := as.client.Jar.Cookies(base)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all []time.Duration
	var readers sync.WaitGroup
	for reader := range 50 {
		readers.Go(func() {
			for i := range each {
				took, err := h.read(client, what(reader+i), cookies)
				if err != nil {
					h.t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	if len(all) == 0 {
		h.t.FailNow()
	}
	slices.Sort(all)
	return all[len(all)*95/100]
}

func (h *house) read(client *http.Client, path string, cookies []*http.Cookie) (time.Duration, error) {
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		return 0, err
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	began := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || strings.HasPrefix(path, "/changes") && !strings.Contains(string(page), "<h1>Changes</h1>")) {
		h.t.Errorf("%s: %d with %d bytes", path, response.StatusCode, len(page))
	}
	return time.Since(began), err
}
