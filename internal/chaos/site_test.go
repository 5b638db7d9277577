package chaos_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// A site is all there is of one performance but for the program: a database, a
// mailbox, a mail server, and the robots.
type site struct {
	t        *testing.T
	settings stage.Settings
	owner    *sql.DB
	box      box
	sink     *mailbox.Server
	network  *network // nil where there is none between the program and the servers
	robots   *robots
	dir      string
	ahead    time.Duration // of the program's clock
	looks    int           // how often a clock had done everything before the program was started

	tale       []string       // of each life: how it was to end, and its log
	deaths     int            // by SIGKILL
	repeatable map[string]int // how often a mail, by Message-ID, was in a dead program's hands
}

// A place is where a site is set up; the zero place will do.
type place struct {
	dovecot *dovecot.Server // has the mailbox; nil: the sink
	rough   *pg.Cluster     // has the database, over TLS, and a network is between; nil: the usual one
}

// A box is the mailbox the program reads.
type box interface {
	AddUser(address, password string) error
	Deliver(address string, raw []byte, at time.Time) error
	Account(address string) mailbox.Account
}

// settle sets up a site for the story, its proposals in the inbox.
func settle(t *testing.T, s story, at place) *site {
	t.Helper()
	sink, err := mailbox.Start(mailbox.WithAuthority(authority()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Stop)
	o := &site{t: t, sink: sink, box: sink, dir: t.TempDir(), repeatable: map[string]int{}}
	t.Cleanup(o.tell)
	if at.dovecot != nil {
		o.box = at.dovecot
	}
	o.settings.User = fmt.Sprintf("changes-%d@example.com", users.Add(1))
	o.addUser()
	if at.rough == nil {
		o.smooth()
	} else {
		o.roughen(at)
	}
	if err := o.settings.Write(o.dir); err != nil {
		t.Fatal(err)
	}
	o.robots = newRobots(s, sink, func(raw []byte) error {
		return o.box.Deliver(o.settings.User, raw, arrival())
	})
	if err := o.robots.open(); err != nil {
		t.Fatal(err)
	}
	return o
}

// tell tells what happened, where something went wrong.
func (o *site) tell() {
	if o.t.Failed() {
		o.t.Log(strings.Join(o.tale, ""))
	}
}

// smooth leads the program straight to its servers.
func (o *site) smooth() {
	o.t.Helper()
	o.settings.SMTP = "smtp+insecure://" + o.sink.SMTP
	o.settings.IMAP = "imap+insecure://" + o.account().Address
	o.settings.OwnerURL, o.settings.AppURL = pgtest.Test(o.t)
	o.connect()
}

// connect connects the test to the database, as its owner.
func (o *site) connect() {
	o.t.Helper()
	var err error
	if o.owner, err = sql.Open("postgres", o.settings.OwnerURL); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { o.owner.Close() })
}

func (o *site) account() mailbox.Account { return o.box.Account(o.settings.User) }

// addUser makes the mailbox, and lets its user submit mail.
func (o *site) addUser() {
	o.t.Helper()
	for _, server := range []interface{ AddUser(a, p string) error }{o.sink, o.box} {
		if err := server.AddUser(o.settings.User, stage.Password); err != nil {
			o.t.Fatal(err)
		}
	}
}

// start starts the program with traps.
func (o *site) start(traps string) *program.Process {
	o.t.Helper()
	o.looks = o.reached(failpoint.Looked)
	p, err := program.Start(program.Options{
		Config: filepath.Join(o.dir, stage.ConfigName), Failpoints: traps, FailpointLog: o.points(),
		Certificates: o.network.certificates(), Env: []string{"COUNTERSIGN_FAILPOINT_AHEAD=" + o.ahead.String()},
	}, "serve")
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			o.t.Error(err)
		}
	})
	return p
}

func (o *site) points() string { return filepath.Join(o.dir, "points") }

// reached counts how often the programs of the site came to the point.
func (o *site) reached(point failpoint.Point) int {
	text, err := os.ReadFile(o.points())
	if err != nil && !os.IsNotExist(err) {
		o.t.Fatal(err)
	}
	return strings.Count("\n"+string(text), "\n"+string(point)+"\n")
}

// quiet says whether nothing is left to do: every mail is decided, time has done
// what it does, every mail owed is sent, and the robots have nothing more to say.
func (o *site) quiet(ctx context.Context) (bool, error) {
	over, delivered, _ := o.robots.done()
	if !over || o.ahead > 0 && o.reached(failpoint.Looked) == o.looks {
		return false, nil
	}
	var decided, owed, due int
	err := o.owner.QueryRowContext(ctx, `
		select (select count(*) from messages), (select count(*) from outbox where state in ('pending', 'deferred')),
			(select count(*) from ballots where status = 'open' and next_at <= $1)`, time.Now().Add(o.ahead)).Scan(&decided, &owed, &due)
	if err != nil || decided < delivered || owed > 0 || due > 0 {
		return false, err
	}
	over, again, _ := o.robots.done()
	if !over || again != delivered {
		return false, nil
	}
	inbox, err := o.account().Folder("INBOX")
	return len(inbox) == 0, err
}

// bury waits until the database has noticed that the program is dead, and then
// makes up for the time that would pass until another may take over what it had
// in hand. It takes note of the mails nobody knows of whether they went.
func (o *site) bury(ctx context.Context) error {
	if err := o.alone(ctx); err != nil {
		return err
	}
	inHand, err := o.list(ctx, `
		select message_id from outbox where state in ('pending', 'deferred') and due > now() and attempts > 0`)
	if err != nil {
		return err
	}
	for _, id := range inHand {
		o.repeatable[id]++
	}
	_, err = o.owner.ExecContext(ctx, `
		update outbox set due = now() where state in ('pending', 'deferred') and due > now();
		update leases set until = now() where until > now()`)
	return err
}

// alone waits until the program has no connection to the database any more.
func (o *site) alone(ctx context.Context) error {
	for {
		var others int
		err := o.owner.QueryRowContext(ctx, `
			select count(*) from pg_stat_activity where datname = current_database() and usename = 'countersign_app'`).Scan(&others)
		if err != nil || others == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the connections of the dead: %w", ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// forgive lets no mail be put aside for having been in hand at three deaths;
// that story is TestPoison's.
func (o *site) forgive(ctx context.Context) error {
	_, err := o.owner.ExecContext(ctx, `update attempts set attempts = 1 where attempts > 1`)
	return err
}

// arrival is when mail comes to every site: as time goes on, but always on the
// same day, with which ids begin.
func arrival() time.Time { return morning.Add(time.Since(began)) }

var (
	morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	began   = time.Now()
)
