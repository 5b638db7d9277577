package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// A fleet is several instances on one database and one mailbox.
type fleet struct {
	t                *testing.T
	ownerURL, appURL string
	owner            *sql.DB
	store            *storage.Store // of the test
	mail             *mailbox.Server
	written          [][]byte
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t}
	f.ownerURL, f.appURL = pgtest.Test(t)
	var err error
	if f.owner, err = sql.Open("postgres", f.ownerURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.owner.Close() })
	if f.store, err = storage.Open(t.Context(), f.appURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.store.Close() })
	if f.mail, err = mailbox.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.mail.Stop)
	if err := f.mail.AddUser(stage.Mailbox, stage.Password); err != nil {
		t.Fatal(err)
	}
	return f
}

// configure writes a configuration; each pair is what stands in that of the
// usual company and what shall.
func (f *fleet) configure(pairs ...string) (path string) {
	f.t.Helper()
	dir := f.t.TempDir()
	s := stage.Settings{
		IMAP: "imap+insecure://" + f.mail.IMAP, SMTP: "smtp+insecure://" + f.mail.SMTP, User: stage.Mailbox,
		AppURL: f.appURL, OwnerURL: f.ownerURL, Company: strings.NewReplacer(pairs...).Replace(stage.Company),
	}
	if err := s.Write(dir); err != nil {
		f.t.Fatal(err)
	}
	return filepath.Join(dir, stage.ConfigName)
}

// propose has the lead write so many proposals.
func (f *fleet) propose(n int) {
	f.t.Helper()
	for range n {
		i := len(f.written) + 1
		f.write(stage.Letter{From: "lead@example.com", Subject: fmt.Sprintf("proposal %d", i), Body: fmt.Sprintf(fleetProposal, i)})
	}
}

func (f *fleet) write(l stage.Letter) {
	f.t.Helper()
	raw := l.Bytes(fmt.Sprintf("letter-%d@mail.example.com", len(f.written)+1), time.Now())
	if err := f.mail.Deliver(stage.Mailbox, raw, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	f.written = append(f.written, raw)
}

const fleetProposal = `Title: Replace disk %d of the billing cluster
Category: software technology
Systems: billing-db-1
Justification: it reports errors
Security impact: none new, the data is encrypted
Risk: low, because it is mirrored
Rollback: put the old one back
Test plan: run the billing suite
Implementer: dev1@example.com
Tester: qa1@example.com
Window: 7 March 2026, 20:00 to 23:00
`

// longest is how long a fleet may take: Postgres waits two minutes for somebody
// who was frozen in a transaction.
const longest = 5 * time.Minute

// await waits until it is so, and not for ever.
func (f *fleet) await(what string, so func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(longest); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (f *fleet) count(query string, args ...any) (n int) {
	f.t.Helper()
	if err := f.owner.QueryRowContext(f.t.Context(), query, args...).Scan(&n); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (f *fleet) exec(statement string, args ...any) {
	f.t.Helper()
	if _, err := f.owner.ExecContext(f.t.Context(), statement, args...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

// decided is how many mails are.
func (f *fleet) decided() int { return f.count(`select count(*) from messages`) }

// blamed is how many mails have an attempt against them and are not decided.
func (f *fleet) blamed() int {
	return f.count(`
		select count(*) from attempts as a
		where a.attempts > 0 and not exists (select from messages as m where m.folder = a.folder and m.uid = a.uid)`)
}

func (f *fleet) inbox() int {
	f.t.Helper()
	mails, err := f.mail.Account(stage.Mailbox).Folder("INBOX")
	if err != nil {
		f.t.Fatal(err)
	}
	return len(mails)
}

// quiet waits until nothing is left to do.
func (f *fleet) quiet() {
	f.t.Helper()
	f.await("every mail to be decided", func() bool { return f.decided() == len(f.written) })
	f.await("the inbox to be empty", func() bool { return f.inbox() == 0 })
	f.await("every mail to have left", func() bool {
		return f.count(`select count(*) from outbox where state in ('pending', 'deferred')`) == 0
	})
}

// holds says that every mail opened one change and every mail owed left once,
// and that the record agrees.
func (f *fleet) holds() {
	f.t.Helper()
	for _, raw := range f.written {
		sum := sha256.Sum256(raw)
		hash := hex.EncodeToString(sum[:])
		if n := f.count(`select count(*) from messages where sha256 = $1 and disposition = 'accepted'`, hash); n != 1 {
			f.t.Errorf("a mail was accepted %d times:\n%s", n, raw)
		}
		if n := f.count(`select count(*) from events where subject_kind = 'mail' and subject = $1`, hash); n != 1 {
			f.t.Errorf("a mail has %d events:\n%s", n, raw)
		}
	}
	if n := f.count(`select count(*) from changes`); n != len(f.written) {
		f.t.Errorf("%d proposals opened %d changes", len(f.written), n)
	}
	left := map[string]int{}
	for _, m := range f.mail.Sent() {
		got, err := stage.Read(m.Raw)
		if err != nil {
			f.t.Fatal(err)
		}
		if left[got.MessageID]++; left[got.MessageID] > 1 {
			f.t.Errorf("%q left %d times to %s", got.Subject, left[got.MessageID], m.To)
		}
	}
	if n := f.count(`select count(*) from outbox`); n != len(left) {
		f.t.Errorf("%d mails were owed and %d left", n, len(left))
	}
	report, err := f.store.Rebuild(f.t.Context(), nil)
	if err != nil || !report.OK() {
		f.t.Errorf("the record: %v, %v", report.Differences, err)
	}
}

// reader is the instance that reads the mailbox, if one does.
func (f *fleet) reader() (id string) {
	f.t.Helper()
	err := f.owner.QueryRowContext(f.t.Context(), `select holder from leases where name = 'intake' and until > clock_timestamp()`).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		f.t.Fatal(err)
	}
	return id
}

// A member is an instance in the process of the test.
type member struct {
	*daemon.Daemon
	fleet  *fleet
	log    *book
	cancel context.CancelFunc
	ended  chan error
}

// hurried are options for a test that cannot wait.
func hurried() daemon.Options {
	return daemon.Options{Lease: time.Second, Beat: 100 * time.Millisecond}
}

// join makes an instance that has not begun.
func (f *fleet) join(path string, o daemon.Options) *member {
	f.t.Helper()
	c, err := config.Load(path)
	if err != nil {
		f.t.Fatal(err)
	}
	m := &member{fleet: f, log: &book{}, ended: make(chan error, 1)}
	o.Log = slog.New(slog.NewTextHandler(m.log, nil))
	if m.Daemon, err = daemon.New(f.t.Context(), c, o); err != nil {
		f.t.Fatal(err)
	}
	return m
}

// serve starts an instance as the verb serve does.
func (f *fleet) serve(path string, o daemon.Options) *member {
	f.t.Helper()
	m := f.join(path, o)
	if err := m.Load(f.t.Context()); err != nil && !errors.Is(err, storage.ErrDirectoryChanged) {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	go func() { m.ended <- m.Run(ctx) }()
	f.t.Cleanup(func() {
		if err := m.stop(); err != nil {
			f.t.Error(err)
		}
	})
	return m
}

// stop stops the instance cleanly and gives the error it ended with.
func (m *member) stop() error {
	if m.cancel == nil {
		return nil
	}
	m.cancel()
	m.cancel = nil
	err := <-m.ended
	return errors.Join(err, m.Close())
}

// says waits until the instance has logged the words.
func (m *member) says(words string) {
	m.fleet.t.Helper()
	m.fleet.await(fmt.Sprintf("%q in the log", words), func() bool { return strings.Contains(m.log.String(), words) })
}

// plays waits until the instance has the role.
func (m *member) plays(role string) {
	m.fleet.t.Helper()
	m.fleet.await("the role "+role, func() bool { return strings.HasPrefix(m.Role(), role) })
}

// A book keeps a log.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
