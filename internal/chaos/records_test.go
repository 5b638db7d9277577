package chaos_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/internal/failpoint"
	wiki "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A library is a company whose record the program publishes, while the stage
// decides.
type library struct {
	*stage.Stage
	t       *testing.T
	ctx     context.Context
	wiki    *wiki.Site
	owner   *sql.DB
	config  string // of the program
	reached string // where it notes the points it came to
}

func openLibrary(t *testing.T, flavor wiki.Flavor) *library {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	l := &library{t: t, ctx: ctx, wiki: wiki.New(wiki.Options{Flavor: flavor, User: map[wiki.Flavor]string{wiki.Cloud: "countersign@example.com"}[flavor], Token: "token"})}
	l.must(l.wiki.Start())
	t.Cleanup(func() { l.wiki.Close() })
	ownerURL, appURL := pgtest.Test(t)
	var err error
	l.owner, err = sql.Open("postgres", ownerURL+"&application_name=test")
	l.must(err)
	t.Cleanup(func() { l.owner.Close() })
	l.Stage, err = stage.New(ctx, stage.Options{OwnerURL: ownerURL, AppURL: appURL, Start: time.Now()})
	l.must(err)
	t.Cleanup(func() { l.must(l.Close()) })
	l.config, l.reached = l.ConfigPath()+".wiki", l.ConfigPath()+".points"
	text, err := os.ReadFile(l.ConfigPath())
	l.must(err)
	settings := stage.Wiki{Flavor: string(flavor), URL: l.wiki.URL(), User: l.wiki.User}
	l.must(os.WriteFile(l.config, append(text, settings.Section()...), 0o600))
	l.must(os.WriteFile(strings.TrimSuffix(l.ConfigPath(), stage.ConfigName)+stage.WikiToken, []byte("token"), 0o600))
	return l
}

func (l *library) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// says has somebody write, in answer to their latest mail of the kind where there
// is one, and the stage decide.
func (l *library) says(who string, to policy.NoticeKind, text string, files map[string]string) {
	l.t.Helper()
	letter := stage.Letter{From: who + "@example.com", Subject: "PostgreSQL", Body: text, Files: files}
	if to != "" {
		mail, ok := l.Latest(who+"@example.com", to)
		if !ok {
			l.t.Fatalf("%s has no mail %s", who, to)
		}
		letter = letter.Reply(mail)
	}
	l.must(l.Write(letter))
	_, err := l.Step(l.ctx)
	l.must(err)
}

func (l *library) run(traps string) *program.Process {
	l.t.Helper()
	p, err := program.Start(program.Options{Config: l.config, Failpoints: traps, FailpointLog: l.reached}, "serve")
	l.must(err)
	l.t.Cleanup(func() { l.must(p.Kill()) })
	return p
}

// dies has the program publish until the point kills it.
func (l *library) dies(point failpoint.Point) {
	l.t.Helper()
	p := l.run(string(point) + "=kill")
	if err := p.Wait(l.ctx); err == nil || !p.Killed() {
		l.t.Fatalf("at %s it ended with %v:\n%s", point, err, p.Log())
	}
	_, err := l.owner.ExecContext(l.ctx, `update leases set until = now() where until > now(); update publications set due = now() where due is not null`)
	l.must(err)
}

// publishes has the program publish all there is.
func (l *library) publishes() {
	l.t.Helper()
	p := l.run("")
	l.await(`
		select p.seq = h.seq and exists (select from publications) and not exists (select from publications where state <> 'confirmed')
		from publishing as p cross join chain_head as h`)
	l.must(p.Terminate(l.ctx))
}

func (l *library) await(query string) {
	l.t.Helper()
	for so := false; !so; {
		l.must(l.owner.QueryRowContext(l.ctx, query).Scan(&so))
		time.Sleep(5 * time.Millisecond)
	}
}

// tells wants one page of the change, which says what was sent last and how often
// it was written, and has each file once.
func (l *library) tells(state policy.State, versions, files int) {
	l.t.Helper()
	c, err := l.Store.Change(l.ctx, "CHG-2026-0001")
	l.must(err)
	pub, err := l.Store.Publication(l.ctx, c.ID)
	l.must(err)
	var pages []wiki.Page
	for _, p := range l.wiki.Pages() {
		if strings.HasPrefix(p.Title(), c.Number) {
			pages = append(pages, p)
		}
	}
	if len(pages) != 1 {
		l.t.Fatalf("there are %d pages", len(pages))
	}
	p := pages[0]
	ours, _, _, err := page.Split(p.Latest().Body)
	l.must(err)
	is, err := page.Canonical(ours)
	l.must(err)
	should, err := page.Canonical(pub.Sent)
	l.must(err)
	if is != should || !strings.Contains(is, strings.ToUpper(string(state))) {
		l.t.Errorf("%s, the page says\n%s", state, page.Diff(pub.Sent, ours))
	}
	if len(p.Versions) != versions || len(p.Attachments) != files || len(p.Properties) != 1 {
		l.t.Errorf("%s, the page was written %d times, not %d, and has %d files, not %d, and %d properties", state, len(p.Versions), versions, len(p.Attachments), files, len(p.Properties))
	}
	for _, f := range p.Attachments {
		if f.Version != 1 {
			l.t.Errorf("%s, %s was attached %d times", state, f.Name, f.Version)
		}
	}
	says := fmt.Sprintf(`"change_id":%q,"revision":1,"body_sha256":%q,"page_version":%d`, c.ID, page.Hash(pub.Sent), p.Latest().Number)
	if !strings.Contains(string(p.Properties[0].Value), says) {
		l.t.Errorf("%s, the page says of itself %s", state, p.Properties[0].Value)
	}
}

// The program is killed at every step of publishing: each time one page is there
// afterwards, with the right contents, written once for each time there was news.
func TestPublisherKilled(t *testing.T) {
	writing := []failpoint.Point{failpoint.PageTried, failpoint.PageSent, failpoint.PageKept, failpoint.PageKnown}
	making := append(writing, failpoint.PageLabeled, failpoint.PageAttached)
	for _, flavor := range []wiki.Flavor{wiki.Cloud, wiki.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			l := openLibrary(t, flavor)
			l.says("lead", "", proposal, map[string]string{"plan.txt": "the plan"})
			for _, point := range making {
				l.dies(point)
			}
			l.publishes()
			l.tells(policy.StateProposed, 1, 1)
			l.says("cto", policy.AskAuthorization, approval, nil)
			for _, point := range writing {
				l.dies(point)
			}
			l.publishes()
			l.tells(policy.StateAuthorized, 2, 1)
			l.says("lead", policy.ReceiptProposed, "WITHDRAW\nReason: the vendor has withdrawn it\n", map[string]string{"letter.txt": "of the vendor"})
			for _, point := range making {
				l.dies(point)
			}
			l.publishes()
			l.tells(policy.StateWithdrawn, 3, 2)
		})
	}
}
