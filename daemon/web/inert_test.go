package web_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/countersign/countersign/daemon/web"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// everything is all that the database holds, by table.
func (h *house) everything() map[string]string {
	h.t.Helper()
	db, err := sql.Open("postgres", h.db)
	h.must(err)
	defer db.Close()
	rows, err := db.Query(`select tablename from pg_tables where schemaname = 'public'`)
	h.must(err)
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		h.must(rows.Scan(&table))
		tables = append(tables, table)
	}
	h.must(rows.Err())
	all := map[string]string{}
	for _, table := range tables {
		var content sql.NullString
		h.must(db.QueryRow(fmt.Sprintf(`select string_agg(t::text, E'\n' order by t::text) from %s as t`, table)).Scan(&content))
		all[table] = content.String
	}
	return all
}

// unchanged fails if anything in the database is not as it was.
func (h *house) unchanged(before map[string]string, after string) {
	h.t.Helper()
	now := h.everything()
	for table := range maps.Keys(now) {
		if now[table] != before[table] {
			h.t.Errorf("after %s the table %s is another:\n%s\nwas\n%s", after, table, now[table], before[table])
		}
	}
}

// asCarol is a browser in which the CTO has signed in.
func (h *house) asCarol() *visitor {
	h.t.Helper()
	carol := h.visitor().open(h.url + "/sign-in")
	carol.send("", map[string]string{"address": "cto@example.com"}).is(http.StatusOK)
	carol.send("", map[string]string{"code": h.code("cto@example.com", policy.CodeSignIn)})
	return carol
}

// Whatever is asked for without a POST, by whomever: nothing is written.
func TestOnlyAPostActs(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	waiting := h.visitor().open(h.link("cto@example.com", policy.AskAuthorization))
	waiting.send("APPROVE", assessment).is(http.StatusOK) // its code is mailed
	code := h.code("cto@example.com", policy.CodeAnswer)
	ask := h.visitor().open(h.url + "/sign-in")
	ask.send("", map[string]string{"address": "itd@example.com"}) // so is the link to sign in
	h.step()
	carol := h.asCarol()

	link, err := url.Parse(h.link("cto@example.com", policy.AskAuthorization))
	h.must(err)
	signIn, err := url.Parse(h.link("itd@example.com", policy.CodeSignIn))
	h.must(err)
	b := h.change().OpenFor("cto")[0].ID
	real := strings.NewReplacer(
		"/b/{ballot}/{token}", link.Path, "{sha256}", strings.Repeat("0", 64), "/answers/{id}", waiting.at.Path, "/sign-in/{id}/{token}", signIn.Path, "/sign-in/{id}", ask.at.Path,
		"{change}", "CHG-2026-0001", "{ballot}", string(b), "{$}", "", "{sha256}", strings.Repeat("0", 64),
	)
	before := h.everything()
	paths := web.Paths()
	asked := 0
	for _, path := range slices.Concat(paths[http.MethodGet], paths[http.MethodPost], []string{"/none"}) {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PROPFIND", "TRACE", "PUT", "DELETE", "PATCH"} {
			for name, who := range map[string]*visitor{"nobody": h.visitor(), "Carol": carol, "the browser that waits for its code": waiting} {
				address := h.url + real.Replace(path) + "?answer=APPROVE&code=" + code + "&vote=yes&Risk=low"
				r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("code="+code))
				h.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				who.do(r)
				asked++
				if who.status >= 500 {
					t.Errorf("%s %s by %s: %d", method, path, name, who.status)
				}
			}
		}
	}
	h.step()
	h.unchanged(before, fmt.Sprintf("%d requests", asked))
	if asked < 300 {
		t.Errorf("only %d requests were made", asked)
	}
}

// A page of another site cannot have a person's browser answer for them: not
// with their cookies, not with a form copied from ours, and not twice.
func TestAForeignFormDoesNothing(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	carol := h.asCarol().open(h.link("cto@example.com", policy.AskAuthorization))
	to, fields := carol.form("REJECT")
	fields["Reason"] = "because"
	before := h.everything()
	for name, forge := range map[string]func(http.Header, url.Values){
		"another site says so":    func(h http.Header, _ url.Values) { h.Set("Sec-Fetch-Site", "cross-site") },
		"a sister site":           func(h http.Header, _ url.Values) { h.Set("Sec-Fetch-Site", "same-site") },
		"an old browser's origin": func(h http.Header, _ url.Values) { h.Set("Origin", "https://evil.example") },
		"an origin hidden":        func(h http.Header, _ url.Values) { h.Set("Origin", "null") },
		"a form of another page":  func(_ http.Header, v url.Values) { v.Set("form", strings.Repeat("0", 64)) },
		"no form of ours":         func(_ http.Header, v url.Values) { v.Del("form") },
	} {
		values := url.Values{}
		for field, value := range fields {
			values.Set(field, value)
		}
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		forge(header, values)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, carol.resolve(to), strings.NewReader(values.Encode()))
		h.must(err)
		r.Header = header
		if carol.do(r); carol.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, carol.status)
		}
	}
	h.unchanged(before, "forged forms")

	// The form in another browser, that of whoever copied it.
	send := func(v *visitor) *visitor {
		values := url.Values{}
		for field, value := range fields {
			values.Set(field, value)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, carol.resolve(to), strings.NewReader(values.Encode()))
		h.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return v.do(r)
	}
	send(h.visitor().open(carol.resolve(to))).is(http.StatusForbidden)
	h.unchanged(before, "a copied form")

	// Carol's own counts, once.
	to = carol.resolve(to)
	send(carol).is(http.StatusOK).says("Your answer is counted")
	h.step()
	h.step() // the copy of her answer is filed
	before = h.everything()
	send(carol)
	h.step()
	h.unchanged(before, "the same form sent again")
}

// The token of a page shows the page, and is no ballot by mail.
func TestAPageTokenCannotVoteByMail(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	link := h.link("cto@example.com", policy.AskAuthorization)
	token := link[strings.LastIndexByte(link, '/')+1:]
	h.must(h.Write(stage.Letter{From: "cto@example.com", To: "changes+b-" + token + "@example.com", Body: "REJECT\nReason: because\n\n(ref b-" + token + ")\n"}))
	h.step()
	h.stands(policy.StateProposed)
	m := h.latest("cto@example.com", policy.AnswerUnread)
	if !strings.Contains(m.Text, "REJECT") {
		t.Errorf("the answer says\n%s", m.Text)
	}
}

// archived is the mail in the archive that has the hash.
func (h *house) archived(sha256 string) (raw []byte) {
	h.t.Helper()
	db, err := sql.Open("postgres", h.db)
	h.must(err)
	defer db.Close()
	h.must(db.QueryRow(`select raw from messages where sha256 = $1`, sha256).Scan(&raw))
	return raw
}
