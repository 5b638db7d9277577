package year_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// A site is where the daemon runs: one Postgres, one mailbox and three instances.
type site struct {
	t         *testing.T
	owner     *sql.DB
	mail      *mailbox.Server
	clock     *stage.Clock
	config    *config.Config
	instances []*instance
	delivered int
	seen      int         // how many of the sent mails people have got
	steps     []time.Time // when an instance swept the mailbox and looked at the clock
	restarts  int
}

// An instance may be frozen for a while.
type instance struct {
	*daemon.Daemon
	thaws time.Time
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, clock: &stage.Clock{}}
	s.clock.Set(begins)
	ownerURL, appURL := pgtest.Test(t)
	var err error
	s.owner, err = sql.Open("postgres", ownerURL)
	s.must(err)
	t.Cleanup(func() { s.owner.Close() })
	s.mail, err = mailbox.Start(mailbox.WithClock(s.clock.Now))
	s.must(err)
	t.Cleanup(s.mail.Stop)
	s.must(s.mail.AddUser(stage.Mailbox, stage.Password))
	s.configure(ownerURL, appURL)
	for range 3 {
		one := &instance{}
		s.start(one)
		s.instances = append(s.instances, one)
		t.Cleanup(func() { s.must(one.Close()) })
	}
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) configure(ownerURL, appURL string) {
	s.t.Helper()
	dir := s.t.TempDir()
	s.must(stage.Settings{
		IMAP: "imap+insecure://" + s.mail.IMAP, SMTP: "smtp+insecure://" + s.mail.SMTP, User: stage.Mailbox,
		AppURL: appURL, OwnerURL: ownerURL, Company: company,
	}.Write(dir))
	var err error
	s.config, err = config.Load(filepath.Join(dir, stage.ConfigName))
	s.must(err)
	if faults := s.config.Check(); config.Broken(faults) {
		s.t.Fatalf("the company's configuration is broken: %v", faults)
	}
}

func (s *site) start(one *instance) {
	s.t.Helper()
	var err error
	one.Daemon, err = daemon.New(s.t.Context(), s.config, daemon.Options{Now: s.clock.Now})
	s.must(err)
	s.must(one.Load(s.t.Context()))
}

// post puts what people wrote into the mailbox, each at its time.
func (s *site) post(letters []letter) {
	s.t.Helper()
	for _, l := range letters {
		s.must(s.mail.Deliver(stage.Mailbox, l.raw, l.at))
		s.delivered++
	}
}

// outages are when no instance runs at all: the weekend of the spring change of
// clocks, and the days around that of autumn.
var outages = []span{
	{local(2028, time.March, 10, 15, 0), local(2028, time.March, 13, 8, 0)},
	{local(2028, time.November, 1, 12, 0), local(2028, time.November, 7, 11, 0)},
}

type span struct{ from, until time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && t.Before(s.until) }

func within(spans []span, t time.Time) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.has(t) })
}

// breathe lets some of the instances that are awake take a breath, one after the
// other or all at once. Now and then one is frozen for hours or days, or
// restarted.
func (s *site) breathe(rng *rand.Rand, now time.Time) {
	s.t.Helper()
	down := within(outages, now)
	var turn []*instance
	for _, one := range s.instances {
		switch luck := rng.IntN(1000); {
		case luck < 12:
			one.thaws = now.Add(time.Duration(3+rng.IntN(70)) * time.Hour)
		case luck < 20:
			s.restart(one)
		}
		if rng.IntN(2) == 0 && !down && !now.Before(one.thaws) {
			turn = append(turn, one)
		}
	}
	rng.Shuffle(len(turn), func(i, j int) { turn[i], turn[j] = turn[j], turn[i] })
	if len(turn) > 0 {
		s.steps = append(s.steps, now)
		s.let(turn, rng.IntN(4) == 0)
	}
}

// let lets the instances breathe. One that slept looks at the clock first, with
// what it knew of the mailbox before.
func (s *site) let(turn []*instance, atOnce bool) {
	s.t.Helper()
	step := func(one *instance) {
		if !one.thaws.IsZero() {
			one.thaws = time.Time{}
			if err := one.Clock.Tick(s.t.Context()); err != nil {
				s.t.Errorf("%s: looking at the clock after a freeze: %v", s.clock.Now(), err)
			}
		}
		if err := one.Step(s.t.Context()); err != nil {
			s.t.Errorf("%s: %v", s.clock.Now(), err)
		}
	}
	var together sync.WaitGroup
	for _, one := range turn {
		if atOnce {
			together.Go(func() { step(one) })
		} else {
			step(one)
		}
	}
	together.Wait()
}

func (s *site) restart(one *instance) {
	s.t.Helper()
	s.must(one.Close())
	s.start(one)
	s.restarts++
}

// settle lets every instance breathe once more, at the end.
func (s *site) settle() {
	s.t.Helper()
	s.clock.Set(ends)
	s.steps = append(s.steps, ends)
	s.let(s.instances, false)
}

// arrived gives the mails that have come to people since the last time.
func (s *site) arrived() []mailbox.Sent {
	sent := s.mail.Sent()
	fresh := sent[s.seen:]
	s.seen = len(sent)
	return fresh
}

// rows calls each with every row of a query.
func (s *site) rows(query string, each func(scan func(...any) error) error) {
	s.t.Helper()
	rows, err := s.owner.QueryContext(context.Background(), query)
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		s.must(each(rows.Scan))
	}
	s.must(rows.Err())
}

// count is the number a query gives.
func (s *site) count(query string) (n int) {
	s.t.Helper()
	s.must(s.owner.QueryRowContext(context.Background(), query).Scan(&n))
	return n
}
