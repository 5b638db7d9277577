package daemon_test

import (
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// An era is a stage on whose clock things happen while nobody looks.
type era struct {
	*stage.Stage
	t     *testing.T
	owner *sql.DB
}

// newEra begins at a local time in Montréal: 2026-03-06 23:30.
func newEra(t *testing.T, at string) *era {
	t.Helper()
	t.Parallel()
	e := &era{t: t}
	ownerURL, appURL := pgtest.Test(t)
	var err error
	e.owner, err = sql.Open("postgres", ownerURL)
	e.must(err)
	t.Cleanup(func() { e.owner.Close() })
	e.Stage, err = stage.New(t.Context(), stage.Options{OwnerURL: ownerURL, AppURL: appURL, Start: montreal(t, at)})
	e.must(err)
	t.Cleanup(func() { e.must(e.Close()) })
	return e
}

func montreal(t *testing.T, at string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

func (e *era) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// at sets the clock.
func (e *era) at(local string) { e.Clock.Set(montreal(e.t, local)) }

// step lets the daemon take one breath, and gives what left as people:mails.
func (e *era) step() []string {
	e.t.Helper()
	fresh, err := e.Step(e.t.Context())
	e.must(err)
	var left []string
	for _, m := range fresh {
		left = append(left, person(m.To)+":"+string(m.Notice))
	}
	return left
}

// propose has the lead propose an emergency.
func (e *era) propose(title string) {
	e.t.Helper()
	e.must(e.Write(stage.Letter{From: "lead@example.com", Subject: title, Body: strings.ReplaceAll(fleetProposal, "%d", title) + "Urgency: emergency\n"}))
}

const eraApproval = "APPROVE\nJustification: it reports errors indeed\nSecurity impact: none, the data is encrypted\nRisk: low, it is mirrored\nRollback: as proposed\n"

// vote has the CTO approve what was asked last.
func (e *era) vote() {
	e.t.Helper()
	ask, ok := e.Latest("cto@example.com", policy.AskAuthorization)
	if !ok {
		e.t.Fatal("the CTO was not asked")
	}
	e.must(e.Write(stage.Letter{From: "cto@example.com", Body: eraApproval}.Reply(ask)))
}

func (e *era) count(query string) (n int) {
	e.t.Helper()
	e.must(e.owner.QueryRowContext(e.t.Context(), query).Scan(&n))
	return n
}

// fired is how much time has done, by its rows and by the events.
func (e *era) fired() (rows, events, reminded int) {
	e.t.Helper()
	return e.count(`select count(*) from firings where name like 'change %'`),
		e.count(`select count(*) from events where kind = 'clock.fired' and subject like 'change %'`),
		e.count(`select count(*) from events where kind = 'timed.1'`)
}

// nothingFired fails if time has done anything.
func (e *era) nothingFired(when string) {
	e.t.Helper()
	if rows, events, reminded := e.fired(); rows+events+reminded > 0 {
		e.t.Errorf("%s: time did something: %d rows, %d events, %d reminders", when, rows, events, reminded)
	}
}

// A vote on Friday, a deadline on Saturday, the daemon down until Monday: the
// vote counts, nobody is reminded of it or told that it is late, and who is asked
// on Monday has their time from then on.
func TestVoteOnFridayIsCountedOnMonday(t *testing.T) {
	e := newEra(t, "2026-03-06 23:30")
	e.propose("the disk fails")
	e.step()
	e.at("2026-03-06 23:50")
	e.vote()

	e.at("2026-03-09 09:00") // the clocks were put forward meanwhile
	e.must(e.Reload(t.Context(), stage.Company))
	left := strings.Join(e.step(), " ")
	for _, never := range []string{"overdue", string(policy.AskAuthorization), string(policy.NoticeExpired)} {
		if strings.Contains(left, never) {
			t.Errorf("there left %s", left)
		}
	}
	change, err := e.Store.Change(t.Context(), "CHG-2026-0001")
	e.must(err)
	if got, want := change.Ballots[0].Answer.At, montreal(t, "2026-03-06 23:50"); !got.Equal(want) {
		t.Errorf("the vote counts from %s, not from %s", got, want)
	}
	offer := change.OpenFor("dev1")[0]
	if due := montreal(t, "2026-03-09 11:00"); offer.Kind != policy.BallotOffer || !offer.Due.Equal(due) {
		t.Errorf("the %s is due on %s, not on %s", offer.Kind, offer.Due, due)
	}
	e.nothingFired("after the vote was counted")

	e.at("2026-03-09 10:00") // half of its time is over
	if left := strings.Join(e.step(), " "); left != "dev1:implementer-ask-offer" {
		t.Errorf("the implementer should be reminded; there left %s", left)
	}
}

// others are more instances on the stage's database and mailbox.
func (e *era) others(n int) (all []*daemon.Daemon) {
	e.t.Helper()
	c, err := config.Load(e.ConfigPath())
	e.must(err)
	for range n {
		d, err := daemon.New(e.t.Context(), c, daemon.Options{Now: e.Clock.Now})
		e.must(err)
		e.t.Cleanup(func() { e.must(d.Close()) })
		e.must(d.Load(e.t.Context()))
		all = append(all, d)
	}
	return all
}

// Three instances look at the clock at the same moment: everything is done once.
func TestInstancesFireOnce(t *testing.T) {
	e := newEra(t, "2026-03-03 10:00")
	const changes = 8
	for i := range changes {
		e.propose(string(rune('a' + i)))
	}
	e.step()
	instances := append(e.others(2), e.Daemon)
	e.at("2026-03-03 12:30")
	for _, d := range instances {
		_, err := d.Intake.Sweep(t.Context())
		e.must(err)
	}
	var looking sync.WaitGroup
	for _, d := range instances {
		looking.Go(func() {
			if err := d.Clock.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	looking.Wait()
	if rows, events, reminded := e.fired(); rows != changes || events != changes || reminded != changes {
		t.Errorf("of %d changes, %d firings, %d events and %d reminders", changes, rows, events, reminded)
	}
	if n := e.count(`select count(*) from outbox where notice = 'authorizer-ask-authorization'`); n != 2*changes {
		t.Errorf("the CTO gets %d mails, not one and one more for each of %d changes", n, changes)
	}
}

// An instance that was frozen before a deadline passed knows of the mailbox only
// what it saw then: it does nothing before it has looked again, and nothing that
// was answered meanwhile.
func TestFrozenInstanceFiresNothingLate(t *testing.T) {
	e := newEra(t, "2026-03-03 10:00")
	e.propose("the disk fails")
	e.step()
	frozen := e.others(1)[0]
	e.must(frozen.Step(t.Context()))

	e.at("2026-03-03 10:40")
	e.vote()
	e.at("2026-03-03 14:00") // the deadline was at noon
	e.must(frozen.Clock.Tick(t.Context()))
	e.nothingFired("before anybody has seen the vote")
	e.step()
	e.must(frozen.Clock.Tick(t.Context()))
	e.must(frozen.Step(t.Context()))
	e.nothingFired("after the vote was counted")
}
