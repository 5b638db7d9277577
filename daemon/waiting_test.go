package daemon_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// proposeAtLeisure has the lead propose something that is no emergency.
func (e *era) proposeAtLeisure(title string) {
	e.t.Helper()
	e.must(e.Write(stage.Letter{From: "lead@example.com", Subject: title, Body: strings.ReplaceAll(fleetProposal, "%d", title)}))
}

const weekly = "cto:person-notice-waiting"

// After a stop of weeks there is one mail of all that waits, that of the week; a
// weekly mail that is turned off never comes.
func TestOneWeeklyMailAfterALongStop(t *testing.T) {
	e := newEra(t, "2026-03-02 10:00")
	e.proposeAtLeisure("a new disk")
	e.step()
	e.at("2026-03-18 11:00") // a Wednesday; two Mondays have passed
	if left := e.step(); count(left, weekly) != 1 {
		t.Errorf("after the stop there left %q", left)
	}
	if n := e.count(`select count(*) from firings where name = 'waiting 2026-W12 cto'`); n != 1 {
		t.Errorf("%d firings have the name of the week", n)
	}
	for _, at := range []string{"2026-03-19 11:00", "2026-03-22 23:59", "2026-03-23 08:59"} {
		e.at(at)
		if left := e.step(); count(left, weekly) != 0 {
			t.Errorf("at %s there left %q", at, left)
		}
	}
	e.must(e.Reload(t.Context(), stage.Company+"\n[reminders]\nweekly = false\n"))
	e.at("2026-03-23 09:00")
	if left := e.step(); count(left, weekly) != 0 {
		t.Errorf("it is turned off, and there left %q", left)
	}
}

// Whoever was asked only yesterday hears of it next week.
func TestWhatIsNewIsNotInTheWeeklyMail(t *testing.T) {
	e := newEra(t, "2026-03-01 10:00") // a Sunday
	e.proposeAtLeisure("a new disk")
	e.step()
	for _, at := range []string{"2026-03-02 09:00", "2026-03-03 12:00"} {
		e.at(at)
		if left := e.step(); count(left, weekly) != 0 {
			t.Errorf("at %s there left %q", at, left)
		}
	}
	e.at("2026-03-09 09:00")
	if left := e.step(); count(left, weekly) != 1 {
		t.Errorf("a week later there left %q", left)
	}
}

// Three instances look at the clock at the same moment, when a week begins, the
// policy is to be reviewed and a deputy's term begins: all of it happens once.
func TestInstancesTellOnceAWeek(t *testing.T) {
	e := newEra(t, "2026-03-02 10:00")
	e.must(e.Reload(t.Context(), strings.Replace(stage.Company, "version = \"1.1\"\n", "version = \"1.1\"\nnext_review = 2026-03-09\n", 1)+
		"\n[[deputies]]\nprincipal = \"cto\"\ndeputy = \"itd\"\nfrom = 2026-03-08\nuntil = 2026-03-20\n"))
	e.proposeAtLeisure("a new disk")
	e.step()
	instances := append(e.others(2), e.Daemon)
	e.at("2026-03-09 09:00")
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
	for notice, query := range map[string]string{
		"weekly mail":  `select count(*) from outbox where notice = 'person-notice-waiting' and person = 'cto'`,
		"review":       `select count(*) from outbox where notice = 'owner-notice-review' and at >= '2026-03-09'`,
		"deputy asked": `select count(*) from outbox where notice = 'authorizer-ask-authorization' and person = 'itd'`,
		"term":         `select count(*) from events where kind = 'clock.fired' and subject = 'deputy cto itd from 2026-03-08'`,
	} {
		if n := e.count(query); n != 1 {
			t.Errorf("%s: %d, not one", notice, n)
		}
	}
}

func count(left []string, mail string) (n int) {
	for _, m := range left {
		if m == mail {
			n++
		}
	}
	return n
}
