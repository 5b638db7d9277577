package daemon_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A fire is a stage whose mailbox is a Dovecot's, and whose database is
// backed up, goes on, and is lost.
type fire struct {
	*stage.Stage
	t        *testing.T
	ownerURL string
	owner    *sql.DB
	backup   string
	dovecot  *dovecot.Server
	last     []byte // the mail written last
}

func newFire(t *testing.T) *fire {
	t.Helper()
	f := &fire{t: t, backup: filepath.Join(t.TempDir(), "countersign.dump")}
	var appURL string
	f.ownerURL, appURL = pgtest.Test(t)
	var err error
	if f.owner, err = sql.Open("postgres", f.ownerURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.owner.Close() })
	if f.dovecot, err = dovecot.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.dovecot.Stop)
	f.Stage, err = stage.New(t.Context(), stage.Options{
		OwnerURL: f.ownerURL, AppURL: appURL, Start: time.Now().Truncate(time.Second).Add(-6 * time.Hour), IMAP: f.dovecot, IMAPURL: "imap+insecure://" + f.dovecot.IMAP,
		WebURL: pages,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	f.step()
	return f
}

func (f *fire) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fire) step() {
	f.t.Helper()
	_, err := f.Step(f.t.Context())
	f.must(err)
}

// raw has a mail arrive ten minutes after the one before, and decided.
func (f *fire) raw(mail []byte) {
	f.t.Helper()
	f.Clock.Advance(10 * time.Minute)
	f.last = mail
	f.must(f.Deliver(mail))
	f.step()
}

func (f *fire) writes(l stage.Letter) {
	f.t.Helper()
	f.raw(f.Compose(l))
}

// replies has somebody answer the latest mail of the kind that another got.
func (f *fire) replies(by, to string, kind policy.NoticeKind, body string) {
	f.t.Helper()
	got, ok := f.Latest(to+"@example.com", kind)
	if !ok {
		f.t.Fatalf("%s has no mail %s", to, kind)
	}
	f.writes(stage.Letter{From: by + "@example.com", Body: body}.Reply(got))
}

func (f *fire) answers(by string, kind policy.NoticeKind, body string) {
	f.t.Helper()
	f.replies(by, by, kind, body)
}

const fireApproval = `APPROVE
Justification: support ends; agreed
Security impact: none new
Risk: low, because it is rehearsed
Rollback: as proposed
`

// before is what the backup has.
func (f *fire) before() {
	f.writes(proposes("One"))
	f.writes(stage.Letter{From: "somebody@example.net", Subject: "hello", Body: "Is anybody there?\n"})
	f.answers("cto", policy.AskAuthorization, fireApproval)
}

// since are the mails that are decided after the backup; what they become stands
// beside them.
var since = []struct {
	becomes desk.Disposition
	mail    func(f *fire)
}{
	{desk.Counted, func(f *fire) {
		f.answers("dev1", policy.AskOffer, "IMPLEMENTED\nVersion: pg17\nDone at: today, 16:10\nNotes: standby rebuilt\n")
	}},
	{desk.Accepted, func(f *fire) { f.writes(proposes("Two")) }},
	{desk.Counted, func(f *fire) { f.answers("cto", policy.AskAuthorization, "ASK: who watches it in the first night?\n") }},
	{desk.Counted, func(f *fire) { f.answers("lead", policy.AskQuestion, "Ian does, until Monday.\n") }},
	{desk.Counted, func(f *fire) { f.answers("cto", policy.AskAuthorization, fireApproval) }},
	{desk.Duplicate, func(f *fire) { f.raw(f.last) }},
	{desk.UnknownSender, func(f *fire) {
		f.writes(stage.Letter{From: "mallory@example.net", Subject: "CHG-2026-0002", Body: "APPROVE\n"})
	}},
	{desk.Automatic, func(f *fire) {
		f.writes(stage.Letter{From: "cto@example.com", Subject: "away", Headers: []string{"Auto-Submitted: auto-replied"}, Body: "APPROVE\n"})
	}},
	{desk.Accepted, func(f *fire) {
		f.writes(stage.Letter{From: "lead@example.com", Subject: "Three", Body: "Title: Three\nCategory: network infrastructure\nSystems: mx1\n"})
	}},
	{desk.Counted, func(f *fire) {
		f.answers("lead", policy.AskCorrection, "Justification: the vendor is gone\nSecurity impact: none new\nRisk: low, because it is small\nRollback: the old one stays\nTest plan: send mail\nImplementer: it1@example.com\nTester: qa1@example.com\n")
	}},
	{desk.Unverified, func(f *fire) {
		f.writes(stage.Letter{From: "cto@example.com", Headers: []string{"Sender: dev2@example.com"}, Subject: "for her", Body: "APPROVE\n"})
	}},
	{desk.Counted, func(f *fire) { f.answers("qa1", policy.AskTest, "PASS\nEvidence: 412 of 412 passed\n") }},
	{desk.Oversize, func(f *fire) {
		f.writes(stage.Letter{From: "lead@example.com", Subject: "big", Body: strings.Repeat("a line of a log\n", 70_000)})
	}},
	{desk.NotedDown, func(f *fire) { f.answers("qa1", policy.AskTest, "The report is in the usual folder.\n") }},
	{desk.Answered, func(f *fire) {
		f.writes(stage.Letter{From: "dev1@example.com", Subject: "?", Body: "STATUS CHG-2026-0002\n"})
	}},
	{desk.Answered, func(f *fire) {
		f.replies("dev2", "dev1", policy.AskRelease, "RELEASED\nReleased at: today, 17:00\n")
	}},
	{desk.Counted, func(f *fire) { f.answers("dev1", policy.AskRelease, "RELEASED\nReleased at: today, 18:00\n") }},
	{desk.Counted, func(f *fire) { f.answers("itd", policy.AskAuthorization, "REJECT: not this year\n") }},
	{desk.Answered, func(f *fire) { f.answers("dev1", policy.AskOffer, "TAKE\nDECLINE\n") }},
	{desk.Unreadable, func(f *fire) { f.raw(nested(30)) }},
}

// goesOn plays what the backup does not have, and says what became of each mail.
func (f *fire) goesOn() {
	f.t.Helper()
	for n, s := range since {
		s.mail(f)
		mails, err := f.Store.Mails(f.t.Context(), 1)
		f.must(err)
		if became := mails[0].Disposition; became != string(s.becomes) {
			f.t.Fatalf("mail %d became %s (%s), want %s", n+1, became, mails[0].Reason, s.becomes)
		}
	}
}

// fireTables say what the database holds: what must be the same after a recovery,
// whatever the hour and wherever the mails lie.
var fireTables = []string{
	`select sha256, disposition, reason, person, change, ballot, sender, received_at, size, content_key from messages order by id`,
	`select id, draft, number, state, revision, hash, body from changes order by id`,
	`select * from ballots order by id`,
	`select * from numbers order by series`,
	`select hash, change, ballot, person from tokens order by hash`,
	`select e.subject, e.kind, p.payload from events as e join event_payloads as p using (seq) where subject_kind = 'change' order by seq`,
	`select e.subject, e.kind from events as e where subject_kind <> 'change' order by seq`,
	`select message_id, change, ballot, notice, person, recipient, asks, token_ballot, token_person from outbox order by id`,
}

// holds is all that, a line for each row.
func (f *fire) holds() []string {
	f.t.Helper()
	var all []string
	for _, query := range fireTables {
		all = append(all, f.rows(`select t::text from (`+query+`) as t`)...)
	}
	return all
}

func (f *fire) rows(query string) (all []string) {
	f.t.Helper()
	rows, err := f.owner.Query(query)
	f.must(err)
	defer rows.Close()
	for rows.Next() {
		var row string
		f.must(rows.Scan(&row))
		all = append(all, row)
	}
	f.must(rows.Err())
	return all
}

// same compares what is with what was.
func (f *fire) same(is, was []string) {
	f.t.Helper()
	for _, row := range was {
		if !slices.Contains(is, row) {
			f.t.Errorf("lost:\n%s", row)
		}
	}
	for _, row := range is {
		if !slices.Contains(was, row) {
			f.t.Errorf("new:\n%s", row)
		}
	}
	if !f.t.Failed() && !slices.Equal(is, was) {
		f.t.Error("the order is another")
	}
}

func (f *fire) agrees() {
	f.t.Helper()
	report, err := f.Store.Rebuild(f.t.Context(), nil)
	if err != nil || !report.OK() {
		f.t.Errorf("the record: %v, %v", report.Differences, err)
	}
}

// restored is the database as it was when it was backed up.
func (f *fire) restored() {
	f.t.Helper()
	f.must(pg.Restore(f.t.Context(), f.ownerURL, f.backup))
}

// serves says how serve ends that must not decide.
func (f *fire) serves() error {
	f.t.Helper()
	c, err := config.Load(f.ConfigPath())
	f.must(err)
	d, err := daemon.New(f.t.Context(), c, hurried())
	f.must(err)
	defer d.Close() //nolint:errcheck // nothing is to be lost
	f.must(d.Load(f.t.Context()))
	ctx, stop := context.WithTimeout(f.t.Context(), time.Minute)
	defer stop()
	return d.Run(ctx)
}

// runs runs the program until it ends.
func (f *fire) runs(failpoints string, args ...string) (p *program.Process, err error) {
	f.t.Helper()
	p, err = program.Start(program.Options{Config: f.ConfigPath(), Failpoints: failpoints}, args...)
	f.must(err)
	ctx, stop := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer stop()
	return p, p.Wait(ctx)
}

// recovers runs recover, which must say so.
func (f *fire) recovers(says string) {
	f.t.Helper()
	p, err := f.runs("", "recover")
	f.must(err)
	if !strings.Contains(p.Log(), says) {
		f.t.Errorf("it does not say %q:\n%s", says, p.Log())
	}
}

// A house burns down. The backup is a day old; the mailbox, which lies elsewhere,
// has the twenty mails that were decided since. Serve will not go on from there.
// Recover decides them again, and everything is as it was: dispositions, numbers,
// ballots, each change's history, and the Message-IDs of what is owed; also when
// it is killed on the way, however often.
func TestRecover(t *testing.T) {
	t.Parallel()
	f := newFire(t)
	f.before()
	f.must(pg.Backup(t.Context(), f.ownerURL, f.backup))
	f.goesOn()
	was := f.holds()
	left := len(f.Provider.Sent())
	f.Clock.Advance(10 * time.Minute)
	f.must(f.Write(stage.Letter{From: "qa1@example.com", Subject: "?", Body: "STATUS CHG-2026-0001\n"})) // to be decided by serve

	f.restored()
	if err := f.serves(); !errors.Is(err, intake.ErrUnknownMail) {
		t.Errorf("serve ended with %v", err)
	}
	p, err := f.runs("", "recover", "--dry-run")
	f.must(err)
	if n := strings.Count(p.Log(), " 2026 "); n != len(since) || !strings.Contains(p.Log(), "23 mails read, 20 unknown; nothing was decided.\n") {
		t.Errorf("it lists %d mails:\n%s", n, p.Log())
	}
	if n := f.decided(); n != 3 {
		t.Errorf("%d mails are decided without recover, want 3", n)
	}
	f.recovers("23 mails read, 20 unknown, decided: accepted 2, counted 8, answered 3, noted 1, automatic 1, unverified 1, unknown-sender 1, duplicate 1, oversize 1, unreadable 1.\n")
	f.same(f.holds(), was)
	f.agrees()
	f.recovers("23 mails read, 0 unknown; nothing was decided.\n")
	f.same(f.holds(), was)

	f.restored()
	for _, point := range []string{"committed:7", "counted:3", "before-commit:2", "committed:1"} {
		if p, _ := f.runs(point+"=kill", "recover"); !p.Killed() {
			t.Errorf("not killed at %s:\n%s", point, p.Log())
		}
		p, err := f.runs("", "recover")
		if err == nil || !strings.Contains(p.Log(), "another instance reads the mailbox\nhint: Stop the daemon") {
			t.Errorf("the lease of one that was killed is not heeded: %v\n%s", err, p.Log())
		}
		_, err = f.owner.Exec(`delete from leases`) // its time is over
		f.must(err)
	}
	if n := f.decided(); n <= 3 || n >= 23 {
		t.Errorf("%d mails are decided after four deaths", n)
	}
	f.recovers(" unknown, decided: ")
	f.same(f.holds(), was)
	f.agrees()
	f.servesOn(left)
}

// servesOn looks at what leaves once serve is let on: what left before, as the
// same mails, and an answer to the mail that waited in the inbox.
func (f *fire) servesOn(left int) {
	f.t.Helper()
	f.Clock.Set(time.Now()) // which the program goes by
	f.step()
	before := map[string]bool{}
	sent := f.Provider.Sent()
	for n, m := range sent {
		got, err := stage.Read(m.Raw)
		f.must(err)
		id := got.MessageID + " to " + m.To
		if n < left {
			before[id] = true
		} else if !before[id] && !strings.Contains(got.Text, "Why you get this: You asked for it.") {
			f.t.Errorf("this left never before: %s, %q\n%s", id, got.Subject, got.Text)
		}
	}
	if len(sent) < left+5 {
		f.t.Errorf("only %d mails left", len(sent)-left)
	}
	if n := f.decided(); n != 24 {
		f.t.Errorf("%d mails are decided in the end, want 24", n)
	}
	f.agrees()
}

func (f *fire) decided() int {
	f.t.Helper()
	mails, err := f.Store.Mails(f.t.Context(), 1000)
	f.must(err)
	return len(mails)
}

// While an instance reads the mailbox, recover stays away from it.
func TestRecoverBesideServe(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	path := f.configure()
	m := f.serve(path, hurried())
	m.plays("running")
	f.await("it to read the mailbox", func() bool { return f.reader() != "" })
	f.propose(1)
	f.quiet()
	other := f.join(path, hurried())
	defer other.Close() //nolint:errcheck // it did nothing
	r := &daemon.Recovery{Looking: func(_, _ int64) {}, Deciding: func(_, _ int64) {}}
	if err := r.Run(t.Context(), other.Daemon); !errors.Is(err, daemon.ErrMailboxRead) {
		t.Errorf("recover ended with %v", err)
	}
	if err := r.Look(t.Context(), other.Daemon); err != nil || r.Looked != 1 || len(r.Unknown) > 0 {
		t.Errorf("a look found %d mails, unknown %v: %v", r.Looked, r.Unknown, err)
	}
	if err := m.stop(); err != nil {
		t.Error(err)
	}
	if err := r.Run(t.Context(), other.Daemon); err != nil || r.Done() > 0 {
		t.Errorf("once it has stopped, recover decided %v and ended with %v", r.Decided, err)
	}
	f.holds()
}

// onPage has somebody answer on the page of their latest mail of the kind, and type
// the code; what our mailbox keeps of it arrives there.
func (f *fire) onPage(by string, kind policy.NoticeKind, e desk.Entry) {
	f.t.Helper()
	f.Clock.Advance(10 * time.Minute)
	m, _ := f.Latest(by+"@example.com", kind)
	ballot, token, _ := strings.Cut(strings.TrimPrefix(ballotLink.FindString(m.Text), pages+"/b/"), "/")
	sheet, err := f.Desk.ByLink(f.t.Context(), policy.BallotID(ballot), token)
	f.must(err)
	entered, err := f.Desk.Enter(f.t.Context(), sheet, by, nil, e)
	f.must(err)
	f.step()
	code, _ := f.Latest(by+"@example.com", policy.CodeAnswer)
	c, err := f.Desk.Confirm(f.t.Context(), entered.ID, by, codeLine.FindStringSubmatch(code.Text)[1])
	f.must(err)
	if !c.Counted {
		f.t.Fatalf("it is not counted: %v", c)
	}
	f.step()
	var kept []byte
	for _, sent := range f.Provider.Sent() {
		if sent.To == stage.Mailbox {
			kept = sent.Raw
		}
	}
	f.must(f.Deliver(kept))
	f.step()
}

// What was answered on pages since the backup burns as well. The mailbox has kept
// it: recover decides it again in its place, with what rests on it, and everything
// is as it was.
func TestRecoverWhatWasAnsweredOnPages(t *testing.T) {
	t.Parallel()
	f := newFire(t)
	f.writes(proposes("One"))
	f.must(pg.Backup(t.Context(), f.ownerURL, f.backup))
	f.onPage("cto", policy.AskAuthorization, desk.Entry{Keyword: policy.KeywordApprove, Fields: policy.Form{
		policy.LabelJustification: "support ends; agreed", policy.LabelSecurityImpact: "none new", policy.LabelRisk: "low, because it is rehearsed", policy.LabelRollback: "as proposed",
	}})
	f.answers("dev1", policy.AskOffer, "IMPLEMENTED\nVersion: pg17\nDone at: today, 16:10\nNotes: standby rebuilt\n")
	f.onPage("qa1", policy.AskTest, desk.Entry{Keyword: policy.KeywordPass, Files: []desk.PageFile{{Name: "suite.txt", Type: "text/plain", Bytes: []byte("412 of 412\n")}}})
	was := slices.DeleteFunc(f.holds(), func(row string) bool { return strings.Contains(row, ",person-code-answer,") }) // of no use any more

	f.restored()
	if err := f.serves(); !errors.Is(err, intake.ErrUnknownMail) {
		t.Errorf("serve ended with %v", err)
	}
	f.recovers("4 mails read, 3 unknown, decided: counted 1, noted 2.\n")
	f.same(f.holds(), was)
	f.agrees()
	f.recovers("4 mails read, 0 unknown; nothing was decided.\n")
}

// Somebody writes a mail as if it were such a copy. Without the seal it is none.
func TestACopyOfAnAnswerIsSealed(t *testing.T) {
	t.Parallel()
	f := newFire(t)
	f.writes(stage.Letter{From: stage.Mailbox, Subject: "Answered", Body: "kept\n", Files: map[string]string{"answer.json": `{"key": "1", "seal": "00", "answer": "e30="}`}})
	mails, err := f.Store.Mails(t.Context(), 1)
	f.must(err)
	if mails[0].Disposition != string(desk.Own) {
		t.Errorf("it is %s: %s", mails[0].Disposition, mails[0].Reason)
	}
}
