package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/fault"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// The stories of faults_*_test.go are about a whole daemon at work while one of
// the servers it needs fails it. A story says what fails and how, and in the end
// everything must be as if nothing had: see [ordeal.holds].

// An ordeal is a daemon that runs, proxies before the servers it needs, and
// people who write to it.
type ordeal struct {
	t       *testing.T
	cluster *pg.Cluster // nil where others use it, too
	appURL  string      // past the proxy
	mail    *mailbox.Server
	box     box // holds the change mailbox
	user    string

	database, imap, smtp *fault.Proxy

	daemon *daemon.Daemon
	ended  chan error // what the daemon ended with
	clock  running
	log    *journal
	owner  *sql.DB
	store  *storage.Store // of the test, past the proxy

	written  [][]byte        // to the change mailbox
	asked    map[string]bool // ballots, by Message-ID
	answered map[string]bool
	again    int       // how many mails may have come twice
	bad      string    // to whom mail cannot be delivered
	twins    int       // how many mails have come into the mailbox twice
	stays    bool      // decided mail stays in the inbox
	queue    string    // the outbox, when it was last looked at,
	still    time.Time // and since when it is the same
}

// A box is a server that holds mailboxes.
type box interface {
	AddUser(address, password string) error
	Deliver(address string, raw []byte, at time.Time) error
	Account(address string) mailbox.Account
}

// A setting is what is not as usual.
type setting struct {
	postgres []pg.Option // of a server of its own
	mail     []mailbox.Option
	dovecot  *dovecot.Server
	tls      bool // from the first byte
}

// begin lets a daemon run, with no mail to read yet.
func begin(t *testing.T, s setting) *ordeal {
	t.Helper()
	o := &ordeal{t: t, user: stage.Mailbox, asked: map[string]bool{}, answered: map[string]bool{}, ended: make(chan error, 1), log: &journal{}}
	o.clock.began = time.Now()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the daemon's log:\n%s", o.log)
		}
	})
	settings := stage.Settings{Company: onHoliday(14)}
	o.openDatabase(s, &settings)
	o.openMail(s, &settings)
	dir := t.TempDir()
	if err := settings.Write(dir); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(filepath.Join(dir, stage.ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	o.daemon, err = daemon.New(t.Context(), c, daemon.Options{
		Now: o.clock.Now, Log: slog.New(slog.NewTextHandler(o.log, nil)), TLS: &tls.Config{RootCAs: o.mail.Authority.Pool},
		Lease: 3 * time.Second, Beat: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.hurry()
	if err := o.daemon.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.run()
	return o
}

// hurry makes the daemon less patient than it is in production, so that the
// stories are short.
func (o *ordeal) hurry() {
	in, out := o.daemon.Intake, o.daemon.Outbox
	in.CommandTimeout, in.IdleFor, in.Poll = 2*time.Second, time.Second, 100*time.Millisecond
	out.Timeout, out.DialTimeout, out.Poll = 2*time.Second, 2*time.Second, 100*time.Millisecond
}

func (o *ordeal) openDatabase(s setting, settings *stage.Settings) {
	o.t.Helper()
	var ownerURL string
	if s.postgres == nil {
		ownerURL, o.appURL = pgtest.Test(o.t)
	} else {
		o.cluster, ownerURL, o.appURL = pgtest.Own(o.t, s.postgres...)
	}
	o.database = o.before(addressOf(o.t, o.appURL))
	settings.OwnerURL, settings.AppURL = ownerURL, pg.Through(o.database.Address, o.appURL)
	var err error
	if o.owner, err = sql.Open("postgres", ownerURL); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { o.owner.Close() })
	if o.store, err = storage.Open(o.t.Context(), o.appURL); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { o.store.Close() })
}

// addressOf is where the server of the URL listens.
func addressOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != "" {
		return u.Host
	}
	return filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
}

func (o *ordeal) openMail(s setting, settings *stage.Settings) {
	o.t.Helper()
	var err error
	if o.mail, err = mailbox.Start(append(s.mail, mailbox.WithClock(o.clock.Now))...); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(o.mail.Stop)
	servers := []box{o.mail}
	if o.box = o.mail; s.dovecot != nil {
		o.box, o.user = s.dovecot, fmt.Sprintf("changes-%d@example.com", users.Add(1))
		servers = append(servers, o.box)
	}
	for _, server := range servers {
		if err := server.AddUser(o.user, stage.Password); err != nil {
			o.t.Fatal(err)
		}
	}
	settings.User = o.user
	if s.tls {
		o.imap, o.smtp = o.before(o.mail.IMAPS), o.before(o.mail.SMTPS)
		settings.IMAP, settings.SMTP = "imaps://"+o.imap.Address, "smtps://"+o.smtp.Address
		return
	}
	o.imap, o.smtp = o.before(o.account().Address), o.before(o.mail.SMTP)
	settings.IMAP, settings.SMTP = "imap+insecure://"+o.imap.Address, "smtp+insecure://"+o.smtp.Address
}

// users counts the mailboxes on a Dovecot that several ordeals share.
var users atomic.Int64

func (o *ordeal) account() mailbox.Account { return o.box.Account(o.user) }

func (o *ordeal) before(target string) *fault.Proxy {
	o.t.Helper()
	p, err := fault.Listen(target)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { p.Close() })
	return p
}

// run runs the daemon until the test ends; it must not end before, nor with an
// error.
func (o *ordeal) run() {
	ctx, stop := context.WithCancel(context.Background())
	go func() { o.ended <- o.daemon.Run(ctx) }()
	o.t.Cleanup(func() {
		stop()
		select {
		case err := <-o.ended:
			if err := errors.Join(err, o.daemon.Close()); err != nil {
				o.t.Errorf("the daemon ended with: %v", err)
			}
		case <-time.After(patience):
			o.t.Error("the daemon does not end")
		}
	})
}

// write brings a mail into the change mailbox.
func (o *ordeal) write(l stage.Letter) {
	o.t.Helper()
	id := fmt.Sprintf("person-%d@mail.example.com", len(o.written)+1)
	raw := l.Bytes(id, o.clock.Now())
	if err := o.box.Deliver(o.user, raw, o.clock.Now()); err != nil {
		o.t.Fatal(err)
	}
	o.written = append(o.written, raw)
}

const aProposal = `Title: Upgrade the billing cluster, step %d
Category: software technology
Systems: billing-db-1
Justification: 15 leaves support in November 2027
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
Window: 7 March 2026, 20:00 to 23:00
`

const anApproval = `APPROVE
Justification: support ends; agreed
Security impact: none, same network and same TLS
Risk: medium, the rebuild is rehearsed
Rollback: as proposed
`

// proposes has the lead propose some changes.
func (o *ordeal) proposes(changes int) {
	o.t.Helper()
	for range changes {
		o.write(stage.Letter{
			From: "lead@example.com", To: stage.Mailbox, Subject: "A change", Body: fmt.Sprintf(aProposal, len(o.written)+1),
		})
	}
}

// approves has the CTO approve whatever they are asked about and have not
// answered yet.
func (o *ordeal) approves() (ballots int) {
	o.t.Helper()
	for _, m := range o.mail.Sent() {
		r, err := stage.Read(m.Raw)
		if err != nil {
			o.t.Fatal(err)
		}
		if !o.asked[r.MessageID] || o.answered[r.MessageID] {
			continue
		}
		o.answered[r.MessageID] = true
		o.write(stage.Letter{From: m.To, Body: anApproval}.Reply(r))
		ballots++
	}
	return ballots
}

// midst brings an ordeal to where the CTO is asked about two changes.
func midst(t *testing.T, s setting) *ordeal {
	t.Helper()
	o := begin(t, s)
	o.proposes(2)
	o.settles()
	return o
}

// meanwhile is what people write while something is wrong: the two ballots are
// answered, and there are two proposals more.
func (o *ordeal) meanwhile() {
	o.t.Helper()
	if n := o.approves(); n != 2 {
		o.t.Fatalf("the CTO was asked about %d changes", n)
	}
	o.proposes(2)
}

// isOver says that the fault is mended. The daemon must now come to the end of
// everything by itself, and then what people write is decided as ever.
func (o *ordeal) isOver() {
	o.t.Helper()
	began := time.Now()
	o.settles()
	o.t.Logf("all made up for %v after the fault", time.Since(began).Round(time.Millisecond))
	o.approves()
	o.settles()
	o.holds()
}

// settles waits until no mail waits to be decided or filed, and none is owed.
func (o *ordeal) settles() {
	o.t.Helper()
	o.until("everything to be decided and sent", func() string {
		switch undecided, owed, inbox := o.undecided(), o.owed(), o.inbox(); {
		case undecided > 0:
			return fmt.Sprintf("%d mails are undecided, %d lie in the inbox", undecided, inbox)
		case owed > 0:
			o.hasten()
			return fmt.Sprintf("%d mails are owed", owed)
		case inbox > 0 && !o.stays:
			return fmt.Sprintf("%d mails lie in the inbox", inbox)
		}
		return ""
	})
	for id := range o.count(`select message_id, 1 from outbox where asks and recipient = 'cto@example.com'`) {
		o.asked[id] = true
	}
}

// A try of a mail that did not succeed, as it is logged.
var unsuccessful = regexp.MustCompile(`msg="mail (?:deferred|failed)" outbox=(\d+) message_id=\S+ attempt=(\d+)`)

// hasten makes up for the pauses between tries, which are long: mails are due
// whose last try is over. Where that is not known, because the daemon could not
// tell the database or did not hear from it, nothing moves until its lease is over.
func (o *ordeal) hasten() {
	o.t.Helper()
	for _, try := range unsuccessful.FindAllStringSubmatch(o.log.String(), -1) {
		_, err := o.owner.Exec(`update outbox set due = at where id = $1 and attempts = $2 and ended_at is null`, try[1], try[2])
		if err != nil {
			o.t.Fatal(err)
		}
	}
	var queue string
	if err := o.owner.QueryRow(`select coalesce(string_agg(concat(id, state, attempts), ' ' order by id), '') from outbox`).Scan(&queue); err != nil {
		o.t.Fatal(err)
	}
	if queue != o.queue {
		o.queue, o.still = queue, time.Now()
	}
	if time.Since(o.still) > 5*time.Second {
		o.clock.advance(5 * time.Minute)
		o.still = time.Now()
	}
}

// until waits until nothing is amiss any more.
func (o *ordeal) until(what string, amiss func() string) {
	o.t.Helper()
	o.within(patience, what, amiss)
}

func (o *ordeal) within(limit time.Duration, what string, amiss func() string) {
	o.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		still := amiss()
		if still == "" {
			return
		}
		select {
		case err := <-o.ended:
			o.ended <- nil
			o.t.Fatalf("waiting for %s: the daemon ended with: %v", what, err)
		default:
		}
		if time.Now().After(end) {
			o.t.Fatalf("waiting for %s: %s", what, still)
		}
	}
}

// says waits until the daemon has logged something since the mark, be it that only
// the next IDLE finds it out: Dovecot does not always tell whoever waits.
func (o *ordeal) says(text string) {
	o.t.Helper()
	o.within(patience+intake.DefaultIdleFor, fmt.Sprintf("the daemon to say %q", text), func() string {
		if !strings.Contains(o.log.fresh(), text) {
			return "it does not"
		}
		return ""
	})
}

// undecided counts the mails that have no disposition.
func (o *ordeal) undecided() int {
	o.t.Helper()
	left := 0
	times := o.count(`select sha256, count(*) from messages group by 1`)
	for _, raw := range o.written {
		if times[hashOf(raw)] == 0 {
			left++
		}
	}
	return left
}

func (o *ordeal) owed() int {
	o.t.Helper()
	return o.count(`select 'owed', count(*) from outbox where state in ('pending', 'deferred')`)["owed"]
}

func (o *ordeal) inbox() int {
	o.t.Helper()
	mails, err := o.account().Folder("INBOX")
	if err != nil {
		o.t.Fatal(err)
	}
	return len(mails)
}

// count gives a query's numbers by their names.
func (o *ordeal) count(query string) map[string]int {
	o.t.Helper()
	rows, err := o.owner.Query(query)
	if err != nil {
		o.t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			o.t.Fatal(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		o.t.Fatal(err)
	}
	return counts
}

// holds is what must be so after every ordeal.
func (o *ordeal) holds() {
	o.t.Helper()
	o.eachMailActedOnce()
	o.everyChangeIsToldAlike()
	o.everyMailOwedHasLeft()
	report, err := o.store.Rebuild(o.t.Context(), nil)
	if err != nil || !report.OK() {
		o.t.Errorf("rebuild: %v %v", err, report.Differences)
	}
}

// eachMailActedOnce: every proposal opened a change and every answer counted,
// and what came a second time was a duplicate.
func (o *ordeal) eachMailActedOnce() {
	o.t.Helper()
	proposals := len(o.written) - len(o.answered)
	got := o.count(`select disposition, count(*) from messages group by 1`)
	want := map[string]int{"accepted": proposals, "counted": len(o.answered), "duplicate": o.twins}
	for _, disposition := range []string{"accepted", "counted", "duplicate"} {
		if got[disposition] != want[disposition] {
			o.t.Errorf("%d mails were %s, want %d; all: %v", got[disposition], disposition, want[disposition], got)
		}
		delete(got, disposition)
	}
	if len(got) > 0 {
		o.t.Errorf("other mails were %v", got)
	}
	for hash, n := range o.count(`select sha256, count(*) from messages where disposition in ('accepted', 'counted') group by 1`) {
		if n != 1 {
			o.t.Errorf("mail %s acted %d times", hash, n)
		}
	}
	if proposals != len(o.answered) {
		o.t.Errorf("of %d proposals, %d were asked about", proposals, len(o.answered))
	}
}

// everyChangeIsToldAlike: all changes went the same way, so that one whose
// events are doubled or missing stands out. That a mail could not be delivered
// may come sooner or later.
func (o *ordeal) everyChangeIsToldAlike() {
	o.t.Helper()
	histories := o.count(`
		select history, count(*) from (
			select string_agg(kind, ', ' order by kind) as history from events where subject_kind = 'change' group by subject) as told
		group by 1`)
	if len(histories) != 1 {
		o.t.Errorf("the changes have different histories: %v", histories)
	}
}

// everyMailOwedHasLeft: once, with its own Message-ID, and nothing else has;
// where it cannot be delivered, the operators were told.
func (o *ordeal) everyMailOwedHasLeft() {
	o.t.Helper()
	rows, err := o.store.Outbox(o.t.Context(), "")
	if err != nil {
		o.t.Fatal(err)
	}
	times := o.arrived()
	failed, told := 0, 0
	for _, row := range rows {
		envelope := row.MessageID + " to " + row.Recipient
		switch {
		case row.State == "failed" && row.Recipient == o.bad:
			failed++
		case row.State != "sent":
			o.t.Errorf("mail %d (%s to %s) is %s", row.ID, row.Notice, row.Recipient, row.State)
		case times[envelope] == 0:
			o.t.Errorf("mail %d (%s to %s) is lost", row.ID, row.Notice, row.Recipient)
		}
		delete(times, envelope)
		if row.Recipient == "operator@example.com" && row.Notice == "operator-notice-undelivered" {
			told++
		}
	}
	if len(times) > 0 {
		o.t.Errorf("mails left that nobody owed: %v", times)
	}
	if n := o.repeated(); n > o.again {
		o.t.Errorf("%d mails came again, %d may have", n, o.again)
	}
	if told != failed || o.bad != "" && failed == 0 {
		o.t.Errorf("%d mails failed, the operators were told of %d", failed, told)
	}
}

// repeated counts the mails that came again.
func (o *ordeal) repeated() (n int) {
	o.t.Helper()
	for _, times := range o.arrived() {
		n += times - 1
	}
	return n
}

// arrived counts the mails the server took, by Message-ID and recipient.
func (o *ordeal) arrived() map[string]int {
	o.t.Helper()
	times := map[string]int{}
	for _, m := range o.mail.Sent() {
		r, err := stage.Read(m.Raw)
		if err != nil {
			o.t.Fatal(err)
		}
		times[r.MessageID+" to "+m.To]++
	}
	return times
}

// onHoliday is the company in which nobody works for so many days from the start
// on: what lasts long makes nobody late.
func onHoliday(days int) string {
	var off []string
	for n := range days {
		off = append(off, start.AddDate(0, 0, n+1).Format(time.DateOnly))
	}
	return strings.Replace(stage.Company, "[policy]\n", "[policy]\nholidays = ["+strings.Join(off, ", ")+"]\n", 1)
}

// running is a clock that shows the real time, moved to when plays begin, and
// can be put forward.
type running struct {
	began time.Time
	ahead atomic.Int64
}

func (c *running) Now() time.Time {
	return start.Add(time.Since(c.began) + time.Duration(c.ahead.Load()))
}

func (c *running) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// A journal is the daemon's log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	mark int
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// String is all of it.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// turn begins a new page.
func (j *journal) turn() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mark = j.text.Len()
}

// fresh is what was written on the page.
func (j *journal) fresh() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()[j.mark:]
}

func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
