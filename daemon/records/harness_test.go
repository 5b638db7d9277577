package records_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records"
	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/openapi"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

const (
	account = "countersign@example.com"
	secret  = "a-token-nobody-may-read"
)

// An office is a company whose changes have pages in a Confluence.
type office struct {
	*stage.Stage
	t       *testing.T
	wiki    *fake.Site
	parent  string // the page below which they are
	pub     *records.Publisher
	options records.Options
	log     diary
}

// A diary takes what is logged.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (d *diary) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(b)
}

func TestMain(m *testing.M) { pgtest.Main(m) }

var morning = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

// both tells a story of an office with a Cloud and of one with a Data Center, and
// others meanwhile: most of the time each waits for the database.
func both(t *testing.T, story func(*testing.T, *office)) {
	t.Helper()
	t.Parallel()
	for _, flavor := range []fake.Flavor{fake.Cloud, fake.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			story(t, newOffice(t, flavor))
		})
	}
}

func newOffice(t *testing.T, flavor fake.Flavor) *office {
	t.Helper()
	o := &office{t: t}
	owner, app := pgtest.Test(t)
	var err error
	o.Stage, err = stage.New(t.Context(), stage.Options{OwnerURL: owner, AppURL: app, Start: morning})
	o.must(err)
	t.Cleanup(func() { o.must(o.Close()) })
	o.Desk.Publishes = true
	there := fake.Options{Flavor: flavor, Token: secret, Now: o.Clock.Now}
	if flavor == fake.Cloud {
		there.User = account
	}
	o.wiki = fake.New(there)
	o.must(o.wiki.Start())
	t.Cleanup(func() { o.wiki.Close() })
	o.parent, err = o.wiki.AddPage("Change management", "", "<p>Here they are.</p>")
	o.must(err)
	o.options = records.Options{
		Store: o.Store, Desk: o.Desk, Site: o.site(secret), Space: "CHG", Parent: o.parent, Register: "Register of changes",
		Now: o.Clock.Now, Log: slog.New(slog.NewTextHandler(&o.log, nil)),
	}
	o.pub = records.New(o.options)
	o.step()
	return o
}

// site is the office's Confluence for somebody with the token. Every request and
// answer is held against Atlassian's documents, where they are there; pauses take
// no time.
func (o *office) site(token string) *confluence.Site {
	documents := openapi.Site{Cloud: o.wiki.Flavor == fake.Cloud, URL: o.wiki.URL(), Gateway: o.wiki.Gateway()}
	return confluence.New(confluence.Options{
		Flavor: confluence.Flavor(o.wiki.Flavor), URL: o.wiki.URL(), Space: "CHG", User: o.wiki.User,
		Token: func() (string, error) { return token, nil },
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		HTTP:  &http.Client{Transport: openapi.Transport(o.t, documents, openapi.Client)},
		Log:   slog.New(slog.NewTextHandler(&o.log, nil)),
	})
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// step lets the daemon take a breath, after which nothing is owed by mail.
func (o *office) step() {
	o.t.Helper()
	_, err := o.Step(context.Background())
	o.must(err)
}

// publish has the publisher do what is due, and wants it to get through.
func (o *office) publish() (confirmed int) {
	o.t.Helper()
	confirmed, err := o.pub.Round(o.t.Context())
	o.must(err)
	return confirmed
}

// tries has it try, and gives what was in the way.
func (o *office) tries() error {
	o.t.Helper()
	_, err := o.pub.Round(o.t.Context())
	return err
}

// restarted is the publisher of a process that was started anew.
func (o *office) restarted() { o.pub = records.New(o.options) }

const proposal = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite
Implementer: dev1@example.com
Tester: qa1@example.com
`

const approval = `APPROVE
Justification: support ends; agreed
Security impact: none: same network, same TLS
Risk: medium: the rebuild is rehearsed
Rollback: adequate, 20 minutes is within the window
`

func (o *office) proposed() {
	o.t.Helper()
	o.must(o.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: proposal}))
	o.step()
}

// said has somebody answer their latest mail of the kind.
func (o *office) said(who string, kind policy.NoticeKind, text string, files map[string]string) {
	o.t.Helper()
	mail, ok := o.Latest(who+"@example.com", kind)
	if !ok {
		o.t.Fatalf("%s has no mail %s", who, kind)
	}
	o.must(o.Write(stage.Letter{From: who + "@example.com", Body: text, Files: files}.Reply(mail)))
	o.step()
}

func (o *office) approved() { o.t.Helper(); o.said("cto", policy.AskAuthorization, approval, nil) }

// walked takes an approved change to its end.
func (o *office) walked() {
	o.t.Helper()
	o.said("dev1", policy.AskOffer, "TAKE\n", nil)
	o.said("dev1", policy.AskImplementation, "IMPLEMENTED\nVersion: pg17\nDone at: today, 16:10\nNotes: standby rebuilt\n", nil)
	o.said("qa1", policy.AskTest, "PASS\nVersion: pg17\nEvidence: 412 of 412 tests\n", map[string]string{"report.txt": "412 of 412"})
	o.said("dev1", policy.AskRelease, "RELEASED\nReleased at: today, 22:10\n", nil)
	o.said("cto", policy.AskCheck, "CONFIRM\nChecked: both nodes run 17\n", nil)
	o.said("cto", policy.AskDocuments, "DOCUMENTED\nDocuments: Billing runbook / 2.4 / failover commands\n", nil)
}

func (o *office) change(number string) policy.Change {
	o.t.Helper()
	c, err := o.Store.Change(o.t.Context(), number)
	o.must(err)
	return c
}

// publication is what is known of the page of the first change.
func (o *office) publication() storage.Publication {
	o.t.Helper()
	p, err := o.Store.Publication(o.t.Context(), o.change("CHG-2026-0001").ID)
	o.must(err)
	return p
}

// pages are those of changes.
func (o *office) pages() (all []fake.Page) {
	for _, p := range o.wiki.Pages() {
		if strings.HasPrefix(p.Title(), "CHG-") && !p.Folder {
			all = append(all, p)
		}
	}
	return all
}

// thePage is the one page of the only change.
func (o *office) thePage() fake.Page {
	o.t.Helper()
	all := o.pages()
	if len(all) != 1 {
		o.t.Fatalf("there are %d pages of changes: %v", len(all), titles(all))
	}
	return all[0]
}

func titles(pages []fake.Page) (all []string) {
	for _, p := range pages {
		all = append(all, p.Title())
	}
	return all
}

// tells wants the page to say what the record says, and to be known as ours.
func (o *office) tells(p fake.Page) {
	o.t.Helper()
	number, _, _ := strings.Cut(p.Title(), " ")
	c := o.change(number)
	ours, _, found, err := page.Split(p.Latest().Body)
	o.must(err)
	src := o.source(c)
	want, err := page.Of(src)
	o.must(err)
	is, err := page.Canonical(ours)
	o.must(err)
	should, err := page.Canonical(want.Machine)
	o.must(err)
	if is != should {
		o.t.Errorf("the page of %s does not tell what the record tells:\n%s", number, page.Diff(want.Machine, ours))
	}
	if !found {
		o.t.Errorf("the page of %s has no notes", number)
	}
	if !page.IsOf(p.Latest().Body, number) {
		o.t.Errorf("the page of %s is not known as its own", number)
	}
	says := fmt.Sprintf(`"change_id":%q,"revision":%d,"body_sha256":%q,"page_version":%d`, c.ID, c.Revision, page.Hash(want.Machine), p.Latest().Number)
	if len(p.Properties) != 1 || !strings.Contains(string(p.Properties[0].Value), says) {
		o.t.Errorf("the page of %s says of itself %v, not %s", number, p.Properties, says)
	}
}

func (o *office) source(c policy.Change) page.Source {
	o.t.Helper()
	s := page.Source{Data: o.Desk.About(c, policy.Person{}), Space: "CHG"}
	var err error
	s.Events, err = o.Store.Events(o.t.Context(), c.ID)
	o.must(err)
	s.In, err = o.Store.CameIn(o.t.Context(), c.ID)
	o.must(err)
	s.Out, err = o.Store.WentOut(o.t.Context(), c.ID)
	o.must(err)
	s.Deliveries, err = o.Store.Deliveries(o.t.Context(), c.ID)
	o.must(err)
	return s
}

// operator gives the latest mail to the operators about pages.
func (o *office) operator() string {
	o.t.Helper()
	o.step()
	m, ok := o.Latest("operator@example.com", policy.OperatorUnpublished)
	if !ok {
		return ""
	}
	return m.Text
}

// titled is the page with the title.
func (o *office) titled(title string) fake.Page {
	o.t.Helper()
	for _, p := range o.wiki.Pages() {
		if p.Title() == title {
			return p
		}
	}
	o.t.Fatalf("there is no page %q", title)
	return fake.Page{}
}

// drafted has somebody propose a change that lacks something.
func (o *office) drafted() {
	o.t.Helper()
	o.must(o.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 18", Body: strings.Replace(proposal, "Rollback:", "Remark:", 1)}))
	o.step()
}

// another is one more proposal of the team leader's.
func (o *office) another(n int) stage.Letter {
	body := strings.Replace(proposal, "billing cluster", fmt.Sprintf("cluster %d", n), 1)
	return stage.Letter{From: "lead@example.com", Subject: fmt.Sprintf("One more: %d", n), Body: body}
}
