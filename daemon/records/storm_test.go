package records_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records"
	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var (
	changes = flag.Int("records.changes", 100, "how many changes are published in a storm")
	seed    = flag.Uint64("records.seed", 1, "what the storm is drawn from")
)

// A storm is weather between us and Confluence: now and then a request meets one
// of the faults that pass, and now and then somebody writes a note on the page that
// is just being written.
type storm struct {
	records.Site
	o              *office
	rng            *rand.Rand
	faults, edits  atomic.Int64
	created, wrote int
}

var passing = []fake.Fault{
	fake.Throttled("1"), fake.Throttled("300"), fake.Bare(http.StatusBadGateway), fake.Bare(http.StatusServiceUnavailable),
	{Status: http.StatusGatewayTimeout, Commit: true}, fake.Locked(), fake.LostReply(), fake.Lost(), fake.LoginPage(),
}

// strike has the next request of the office go wrong, one time in twenty.
func (s *storm) strike() {
	if s.rng.IntN(20) == 0 {
		s.faults.Add(1)
		s.o.wiki.Next(1, "", passing[s.rng.IntN(len(passing))])
	}
}

func (s *storm) Create(ctx context.Context, p confluence.Page) (confluence.Page, error) {
	s.strike()
	s.created++
	return s.Site.Create(ctx, p)
}

func (s *storm) Page(ctx context.Context, id string) (confluence.Page, error) {
	s.strike()
	return s.Site.Page(ctx, id)
}

func (s *storm) SetProperty(ctx context.Context, id string, p confluence.Property) (confluence.Property, error) {
	s.strike()
	return s.Site.SetProperty(ctx, id, p)
}

func (s *storm) Label(ctx context.Context, id string, names ...string) error {
	s.strike()
	return s.Site.Label(ctx, id, names...)
}

func (s *storm) Update(ctx context.Context, p confluence.Page, message string) (confluence.Page, error) {
	if s.rng.IntN(10) == 0 {
		s.edits.Add(1)
		s.o.must(s.o.wiki.EditBody(p.ID, func(body string) string {
			return strings.Replace(body, "Whatever you write in here", fmt.Sprintf("Note %d. Whatever you write in here", s.edits.Load()), 1)
		}))
	}
	s.strike()
	s.wrote++
	return s.Site.Update(ctx, p, message)
}

// Many changes are published in a storm: afterwards each has one page, that tells
// what the record tells and has every note; and little more was asked of Confluence
// than had to be.
func TestManyChangesInAStorm(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		s := &storm{Site: o.options.Site, o: o, rng: rand.New(rand.NewPCG(*seed, uint64(*changes)))}
		o.publish() // the register
		o.options.Site = s
		o.restarted()
		o.wiki.Forget()
		for n := range *changes {
			o.must(o.Write(o.another(n)))
		}
		o.step()
		o.weathers()
		approved := 0
		for _, mail := range o.All("cto@example.com", policy.AskAuthorization) {
			if s.rng.IntN(2) == 0 {
				approved++
				o.must(o.Write(stage.Letter{From: "cto@example.com", Body: approval}.Reply(mail)))
			}
		}
		o.step()
		o.weathers()

		pages := o.pages()
		if len(pages) != *changes {
			t.Fatalf("%d changes have %d pages", *changes, len(pages))
		}
		notes := 0
		for _, p := range pages {
			o.tells(p)
			_, theirs, _, err := page.Split(p.Latest().Body)
			o.must(err)
			notes += strings.Count(theirs, "Note ")
		}
		asked, faults, edits := len(o.wiki.Requests()), int(s.faults.Load()), int(s.edits.Load())
		least := 3**changes + 3*approved
		if notes != edits {
			t.Errorf("%d notes were written, and %d are there", edits, notes)
		}
		if faults < *changes/10 || edits < approved/20 {
			t.Errorf("only %d faults and %d edits: it was no storm", faults, edits)
		}
		t.Logf("%d changes, %d of them written twice: %d requests, at least %d; %d faults, %d edits in the same moment", *changes, approved, asked, least, faults, edits)
		if most := least + 8*faults + 3*edits; asked > most {
			t.Errorf("%d requests were made; with %d faults and %d edits %d would do", asked, faults, edits, most)
		}
	})
}

// weathers has the office publish until everything is confirmed, while hours pass.
func (o *office) weathers() {
	o.t.Helper()
	for range 20 * *changes {
		o.tries() //nolint:errcheck // it is tried again
		at, err := o.Store.Publishing(o.t.Context())
		o.must(err)
		if at.Parked > 0 {
			all, err := o.Store.Unpublished(o.t.Context(), 1)
			o.must(err)
			o.t.Fatalf("%d are parked: %s", at.Parked, all[0].Why)
		}
		if at.Owed == 0 && at.Seq == at.Head {
			return
		}
		o.Clock.Advance(7 * time.Minute)
	}
	o.t.Fatal("it is not over in a week")
}
