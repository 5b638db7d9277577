package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// signedIn is a browser in which somebody has signed in.
func (h *house) signedIn(address string) *visitor {
	h.t.Helper()
	v := h.visitor().open(h.url + "/sign-in")
	v.send("", map[string]string{"address": address}).is(http.StatusOK)
	v.send("", map[string]string{"code": h.code(address, policy.CodeSignIn)})
	return v
}

// proposes has the Development Team Leader propose so many changes.
func (h *house) proposes(n int) {
	h.t.Helper()
	for i := range n {
		title := fmt.Sprintf("Title: Upgrade PostgreSQL 15 to 17 on the billing cluster, part %d", i+1)
		h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: strings.Replace(sampleProposal, "Title: Upgrade PostgreSQL 15 to 17 on the billing cluster", title, 1)}))
	}
	h.step()
}

var restrictedProposal = strings.NewReplacer(
	"Title: Upgrade PostgreSQL 15 to 17 on the billing cluster", "Title: A rule for the auditors",
	"billing-db-1, billing-db-2", "fw-secret-1", "Category: software technology", "Category: cybersecurity",
	"Tester: qa1@example.com", "Tester: qa1@example.com\nRestricted: yes\nWindow: Sunday, 02:00 to 04:00",
).Replace(sampleProposal)

// numbers are those of the changes on a page, in order.
var numbers = regexp.MustCompile(`href="/changes/([A-Z]+-\d{4}-\d+)"`)

func (v *visitor) numbers() string {
	var all []string
	for _, m := range numbers.FindAllStringSubmatch(v.page, -1) {
		all = append(all, strings.TrimPrefix(m[1], "CHG-2026-"))
	}
	return strings.Join(all, " ")
}

// shows fails unless the page shows these changes, in this order.
func (v *visitor) shows(numbers string) *visitor {
	v.t.Helper()
	if v.is(http.StatusOK).numbers() != numbers {
		v.t.Errorf("%s shows %q, not %q:\n%s", v.at.RequestURI(), v.numbers(), numbers, v.text())
	}
	return v
}

// Dora looks for changes: by words, states, people, categories and days, sorted
// this way and that.
func TestTheRegister(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "A draft", Body: "Title: Move the printers\nCategory: software technology\n"}))
	h.said("cto@example.com", policy.AskAuthorization, "REJECT: not before the audit\n")
	h.must(h.Write(stage.Letter{From: "itd@example.com", Subject: "A rule", Body: restrictedProposal}))
	h.step()

	h.visitor().open(h.url + "/changes").is(http.StatusUnauthorized).says("who have signed in")
	dora := h.signedIn("dev2@example.com")
	dora.open(h.url+"/changes").shows("0002 0001 D-2026-0002").
		says("Upgrade PostgreSQL 15 to 17 on the billing cluster", "rejected", "software technology", "Lena Gagnon", "opened 2026-11-23", "ended 2026-11-23", "draft , waiting for Lena Gagnon")
	for query, want := range map[string]string{
		"text=billing": "0001", "text=BILLING-DB": "0001", "text=auditors": "0002", "text=fw-secret": "", "text=chg-2026-0001": "0001",
		"state=rejected": "0001", "state=open": "0002 D-2026-0002", "state=ended&state=draft": "0001 D-2026-0002", "state=nonsense": "0002 0001 D-2026-0002",
		"person=Lena+Gagnon": "0001 D-2026-0002", "person=cto%40example.com": "0001", "person=itd": "", "person=somebody+else": "",
		"category=Software+technology": "0001", "category=cybersecurity": "",
		"from=2026-11-23&until=2026-11-23": "0002 0001 D-2026-0002", "from=2026-11-24": "", "until=2026-11-22": "",
		"sort=title": "0002 D-2026-0002 0001", "sort=title&order=desc": "0001 D-2026-0002 0002", "order=asc&sort=": "D-2026-0002 0001 0002", "sort=ended": "0001 0002 D-2026-0002",
	} {
		dora.open(h.url + "/changes?" + query).shows(want)
	}
	dora.open(h.url + "/changes?from=soon").says("From is no day. Write it as 2026-11-23.")
	dora.open(h.url + "/changes?text=zzz").says("No change is found.")
	dora.open(h.url + "/changes?after=nonsense").is(http.StatusNotFound).says("There is no such page of the register")

	// Ivan sees what is restricted; its proposer does, too; Dora does not.
	if dora.open(h.url + "/changes"); strings.Contains(dora.page, "Ian") || strings.Count(dora.page, "Ivan Roy") > 0 {
		t.Error("a restricted change says who proposed it")
	}
	h.signedIn("itd@example.com").open(h.url+"/changes?category=cybersecurity").shows("0002").says("Ivan Roy", "restricted")
	h.signedIn("qa1@example.com").open(h.url + "/changes?person=qa1").shows("") // asked nothing yet
}

// The register goes on from page to page, fifty changes each, light enough for a
// phone in a train.
func TestPagesOfTheRegister(t *testing.T) {
	h := newHouse(t)
	h.proposes(102)
	carol := h.signedIn("cto@example.com")
	first := carol.open(h.url + "/changes?state=open&text=PostgreSQL")
	if n := len(strings.Fields(first.numbers())); n != 50 || !strings.HasPrefix(first.numbers(), "0102 0101 ") {
		t.Errorf("the first page shows %q", first.numbers())
	}
	carol.light()
	carol.follow("Older").follow("Older").shows("0002 0001")
	if strings.Contains(carol.page, ">Older<") || !strings.Contains(carol.at.RawQuery, "text=PostgreSQL") {
		t.Errorf("the last page leads on, or forgets the filter: %s", carol.at)
	}
	carol.follow("Newer").follow("Newer")
	if !strings.HasPrefix(carol.numbers(), "0102 ") || strings.Contains(carol.page, ">Newer<") {
		t.Errorf("back at the first page: %q", carol.numbers())
	}
	carol.open(h.url+"/ballots").is(http.StatusOK).says("authorize it as CTO", "52 more wait behind these")
	if n := strings.Count(carol.page, `<li class="card">`); n != 50 {
		t.Errorf("%d ballots are listed", n)
	}
	carol.light()
}

// light fails if the page is heavier than one may be.
func (v *visitor) light() {
	v.t.Helper()
	v.t.Logf("%s: %d bytes", v.at.Path, len(v.page))
	if len(v.page) > heaviest {
		v.t.Errorf("%s has %d bytes", v.at.RequestURI(), len(v.page))
	}
}

// follow opens the link that says it.
func (v *visitor) follow(says string) *visitor {
	v.t.Helper()
	link := regexp.MustCompile(`<a [^>]*href="([^"]*)">` + regexp.QuoteMeta(says) + `<`).FindStringSubmatch(v.page)
	if link == nil {
		v.t.Fatalf("no link says %q:\n%s", says, v.text())
	}
	return v.open(strings.ReplaceAll(link[1], "&amp;", "&"))
}

// What is found can be kept as a table: the same changes, all of them, and no cell
// that a spreadsheet takes for a formula.
func TestTheRegisterAsATable(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "lead@example.com", Body: strings.Replace(sampleProposal, "Title: Upgrade", "Title: =HYPERLINK(\"x\"), Upgrade", 1)}))
	h.must(h.Write(stage.Letter{From: "itd@example.com", Body: restrictedProposal}))
	h.proposes(60)
	dora := h.signedIn("dev2@example.com").open(h.url + "/changes.csv?state=proposed").is(http.StatusOK)
	if got := dora.header.Get("Content-Type") + " " + dora.header.Get("Content-Disposition"); got != `text/csv; charset=utf-8 attachment; filename="changes.csv"` {
		t.Errorf("it comes as %s", got)
	}
	text, marked := strings.CutPrefix(dora.page, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	h.must(err)
	if !marked || !strings.Contains(text, "\r\n") || len(rows) != 63 {
		t.Fatalf("%d rows, UTF-8 marked: %v:\n%.300s", len(rows), marked, text)
	}
	first, restricted := rows[len(rows)-1], rows[len(rows)-2]
	if want := `CHG-2026-0001|'=HYPERLINK("x"), Upgrade PostgreSQL 15 to 17 on the billing cluster|proposed|software technology|Lena Gagnon|2026-11-23 09:00||no|no|Carol Tremblay|`; !strings.HasPrefix(strings.Join(first, "|"), want) {
		t.Errorf("the first change is %q", first)
	}
	if want := "CHG-2026-0002|A rule for the auditors|proposed|||||" + "|yes||"; strings.Join(restricted, "|") != want {
		t.Errorf("the restricted change is %q", restricted)
	}
	h.visitor().open(h.url + "/changes.csv").is(http.StatusUnauthorized)
	dora.open(h.url + "/changes.csv?until=x").is(http.StatusUnprocessableEntity)
}
