package daemon_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// renamed is a change of the directory: somebody is called otherwise.
var renamed = []string{"Carol Tremblay", "Carole Tremblay"}

// crowd counts who decides at the same time as another.
type crowd struct {
	intake.Desk
	inside, met *atomic.Int32
}

func (c crowd) ReceiveAll(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error) {
	if c.inside.Add(1) > 1 {
		c.met.Add(1)
	}
	defer c.inside.Add(-1)
	return c.Desk.ReceiveAll(ctx, mails)
}

// Three instances share the work while they are restarted one after the other:
// every mail is decided once, by one that reads the mailbox alone, and the one
// that stops hands the mailbox over. The lease lasts so long that nobody would
// get it otherwise.
func TestInstancesHandOver(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	path := f.configure()
	var inside, met atomic.Int32
	o := daemon.Options{Lease: time.Hour, Front: func(d intake.Desk) intake.Desk { return crowd{d, &inside, &met} }}
	members := []*member{f.serve(path, o), f.serve(path, o), f.serve(path, o)}
	for range 3 {
		f.propose(4)
		f.await("somebody to read the mailbox", func() bool { return f.reader() != "" })
		for i, m := range members {
			if m.Role() != "running" {
				continue
			}
			if err := m.stop(); err != nil {
				t.Error(err)
			}
			members[i] = f.serve(path, o)
		}
		f.propose(4)
		f.quiet()
	}
	if n := met.Load(); n > 0 {
		t.Errorf("%d times two decided at once", n)
	}
	f.holds()
	for _, m := range members {
		if err := m.stop(); err != nil {
			t.Error(err)
		}
	}
	if n := f.count(`select (select count(*) from instances) + (select count(*) from leases)`); n != 0 {
		t.Errorf("%d traces are left of instances that stopped", n)
	}
}

// Several that start at once with a new directory bring it into force once.
func TestInstancesStartTogether(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for round, path := range []string{f.configure(), f.configure(renamed...)} {
		var starting sync.WaitGroup
		var members []*member
		for range 3 {
			m := f.join(path, hurried())
			members = append(members, m)
			starting.Go(func() {
				if err := m.Load(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		if n := f.count(`select count(*) from events where kind = 'directory.loaded'`); n != round+1 {
			t.Errorf("round %d: %d directories were recorded", round, n)
		}
		if n := f.count(`select count(*) from outbox where recipient = 'owner@example.com'`); n != round+1 {
			t.Errorf("round %d: the policy owner was told %d times", round, n)
		}
		for _, m := range members {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// An instance finds that a newer configuration came into force: it decides and
// sends nothing any more and says why, until its own is in force again.
func TestOlderConfigurationStandsAside(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	older, newer := f.configure(), f.configure("lead@example.com", "boss@example.com")
	old := f.serve(older, hurried())
	f.propose(2)
	f.quiet()

	fresh := f.serve(newer, hurried())
	old.plays("standing aside")
	old.says("level=ERROR msg=\"standing aside: another configuration is in force\" loaded_by=")
	old.says("remedy=\"bring the configuration of this host up to date")
	f.write(stage.Letter{From: "boss@example.com", Subject: "known to the newer one alone", Body: strings.ReplaceAll(fleetProposal, "%d", "3")})
	fresh.plays("running")
	f.quiet()
	if err := fresh.stop(); err != nil {
		t.Error(err)
	}

	// Nobody is left who may decide, and nobody does.
	f.write(stage.Letter{From: "lead@example.com", Subject: "known to the older one alone", Body: strings.ReplaceAll(fleetProposal, "%d", "4")})
	f.exec(`update outbox set state = 'pending', ended_at = null where id = (select min(id) from outbox); notify countersign_outbox`)
	f.twoBeats(old)
	if n := f.decided(); n != 3 || f.inbox() != 1 || f.reader() != "" {
		t.Errorf("%d mails are decided, %d wait, and %q reads", n, f.inbox(), f.reader())
	}
	if n := f.count(`select count(*) from outbox where state = 'pending'`); n != 1 {
		t.Error("an instance that stands aside sends mail")
	}
	f.exec(`update outbox set state = 'sent', ended_at = at where state = 'pending'`)

	// Somebody goes back on purpose.
	back := f.serve(older, hurried())
	old.says("the configuration in force is this instance's again")
	f.quiet()
	if err := back.stop(); err != nil {
		t.Error(err)
	}
	old.plays("running")
	f.propose(1)
	f.quiet()
	f.holds()
	if n := f.count(`select count(*) from events where kind = 'directory.loaded'`); n != 3 {
		t.Errorf("%d directories were recorded, want 3", n)
	}
}

// twoBeats waits until the instance has been heard of twice.
func (f *fleet) twoBeats(m *member) {
	f.t.Helper()
	for range 2 {
		var seen time.Time
		if err := f.owner.QueryRow(`select max(seen) from instances`).Scan(&seen); err != nil {
			f.t.Fatal(err)
		}
		f.await("a beat", func() bool { return f.count(`select count(*) from instances where seen > $1`, seen) > 0 })
	}
}

// What is in hand when a newer configuration comes into force is not decided
// under the older one, and the mail is not blamed for it.
func TestOlderConfigurationInTheMidstOfAMail(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	newer := f.configure(renamed...)
	o := hurried()
	o.Beat = time.Hour // so that only the decision finds out
	once := sync.OnceFunc(func() {
		m := f.join(newer, hurried())
		if err := m.Load(context.Background()); err != nil {
			t.Error(err)
		}
		m.Close()
	})
	o.Front = func(d intake.Desk) intake.Desk { return before{d, once} }
	old := f.serve(f.configure(), o)
	f.propose(1)
	old.plays("standing aside")
	if n := f.decided(); n != 0 {
		t.Errorf("%d mails were decided under the older directory", n)
	}
	if n := f.blamed(); n != 0 {
		t.Error("the mail is blamed")
	}
	f.serve(newer, hurried())
	f.quiet()
	f.holds()
}

// before does something before mail is decided.
type before struct {
	intake.Desk
	do func()
}

func (b before) ReceiveAll(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error) {
	b.do()
	return b.Desk.ReceiveAll(ctx, mails)
}

// An instance that starts with an older configuration stands aside from the
// start, as long as it lives.
func TestOlderConfigurationFromTheStart(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	older, newer := f.configure(), f.configure(renamed...)
	if err := f.serve(older, hurried()).stop(); err != nil {
		t.Error(err)
	}
	fresh := f.serve(newer, hurried())
	old := f.join(older, hurried())
	err := old.Load(t.Context())
	if !errors.Is(err, storage.ErrDirectoryChanged) || !strings.Contains(err.Error(), " loaded it at ") {
		t.Errorf("it loads with %v", err)
	}
	if _, err := old.Desk.Command(t.Context(), "x", policy.Command{}); err == nil {
		t.Error("it decides")
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	late := f.serve(older, hurried())
	late.plays("standing aside")
	if err := fresh.stop(); err != nil {
		t.Error(err)
	}
	f.twoBeats(late)
	if late.Role() == "running" || f.count(`select count(*) from directory`) != 2 {
		t.Error("it brought the older configuration into force by itself")
	}
}

// Somebody goes back to an earlier configuration after the instance with the
// newer one was killed. Whether that one lives takes some time to tell.
func TestGoingBackAfterAKill(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	older, newer := f.configure(), f.configure(renamed...)
	for _, path := range []string{older, newer} {
		if err := f.serve(path, hurried()).stop(); err != nil {
			t.Error(err)
		}
	}
	f.exec(`insert into instances select 'killed', 'mail1', 'v1', directory, clock_timestamp(), clock_timestamp() from chain_head`)
	back := f.join(older, hurried())
	defer back.Close()
	loaded := make(chan error, 1)
	go func() { loaded <- back.Load(context.Background()) }()
	f.await("the instance to say that it is there", func() bool { return f.count(`select count(*) from instances`) == 2 })
	f.twoBeats(back)
	select {
	case err := <-loaded:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	f.exec(`update instances set seen = seen - interval '1 minute' where id = 'killed'`)
	if err := <-loaded; err != nil {
		t.Error(err)
	}
	if n := f.count(`select count(*) from directory`); n != 3 {
		t.Errorf("%d directories were recorded, want 3", n)
	}
}

// A newer schema that this program still knows changes nothing. One it does not
// know ends it and says what to do: with nothing in hand, in the midst of a mail,
// or at the first column that is there no more. Nothing is decided, no mail is
// blamed, and it does not start again.
func TestOlderProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		migration string
		mail      bool
	}{
		"idle":       {"", false},
		"deciding":   {"", true},
		"contracted": {"alter table messages rename column content_key to key", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			o := hurried()
			if c.mail {
				o.Beat = time.Hour // so that only the mail finds out
			}
			m := f.serve(f.configure(), o)
			f.propose(1)
			f.quiet()
			f.exec(`update schema_info set version = version + 1`)
			f.propose(1)
			f.quiet()
			f.exec(`update schema_info set oldest = version;` + c.migration)
			if c.mail {
				f.write(stage.Letter{From: "lead@example.com", Subject: "too late", Body: fleetProposal})
			}
			err := <-m.ended
			m.ended <- nil // for its clean-up
			if !errors.Is(err, storage.ErrSchemaTooNew) || !strings.Contains(err.Error(), "install a newer countersign") {
				t.Errorf("it ended with %v", err)
			}
			if n := f.decided(); n != 2 {
				t.Errorf("%d mails are decided", n)
			}
			if n := f.blamed(); n != 0 {
				t.Error("a mail is blamed")
			}
			if err := f.store.CheckSchema(t.Context()); err == nil {
				t.Error("it would start again")
			}
		})
	}
}
