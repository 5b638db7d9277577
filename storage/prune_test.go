package storage_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An attic is an archive with a mail of each disposition in it, received at noon,
// each with an attachment; and two about a change, of which one is open.
type attic struct {
	t             *testing.T
	app, pruner   *storage.Store
	owner, asRole *sql.DB // asRole connects as countersign_prune
	appURL        string
}

var everyDisposition = []string{
	"accepted", "counted", "answered", "noted", "held", "automatic", "own", "unverified", "unknown-sender", "duplicate", "oversize", "unreadable",
}

func newAttic(t *testing.T) *attic {
	t.Helper()
	ownerURL, appURL := pgtest.Test(t)
	a := &attic{
		t: t, app: openURL(t, appURL), pruner: openURL(t, pg.AsPruner(appURL)),
		owner: openSQL(t, ownerURL), asRole: openSQL(t, pg.AsPruner(appURL)), appURL: appURL,
	}
	begin(t, a.app, 1, policy.StateClosed)
	begin(t, a.app, 2, policy.StateProposed)
	for i, disposition := range everyDisposition {
		a.keep(uint32(i+1), disposition, "", noon)
	}
	a.keep(20, "unverified", "c1", noon)
	a.keep(21, "unverified", "c2", noon)
	return a
}

// keep archives a mail with what the record says of it.
func (a *attic) keep(uid uint32, disposition string, change policy.ChangeID, at time.Time) {
	a.t.Helper()
	m := mail(uid, fmt.Sprintf("mail %d", uid))
	m.Disposition, m.Change, m.Received = disposition, change, at
	m.Attachments = []storage.Attachment{{Name: "a.txt", SHA256: sha("attached"), Bytes: []byte("attached")}}
	in(a.t, a.app, func(tx *storage.Tx) error {
		tx.SaveMail(m)
		tx.Append(storage.SubjectMail, m.SHA256, storage.Entry{Kind: "mail." + disposition, Payload: []byte("{}"), At: at})
		return nil
	})
}

// bare lists the mails without bytes, by UID.
func (a *attic) bare() (uids string) {
	a.t.Helper()
	err := a.owner.QueryRow(`
		select coalesce(string_agg(uid::text, ' ' order by uid), '') from messages as m
		where raw is null and not exists (select from attachments where message = m.id and bytes is not null)`).Scan(&uids)
	if err != nil {
		a.t.Fatal(err)
	}
	return uids
}

// What is old enough and decided nothing loses its bytes, and the record says
// which mails that were. Everything else stays as it is.
func TestPrune(t *testing.T) {
	a := newAttic(t)
	a.keep(30, "unknown-sender", "", noon.Add(time.Hour))
	before := noon.Add(time.Minute)
	if got, err := a.app.Prunable(t.Context(), before); err == nil {
		t.Errorf("the daemon may ask what can be pruned: %+v", got)
	}
	dry, err := a.pruner.Prunable(t.Context(), before)
	if want := (storage.Pruning{Mails: 6, Bytes: 4*(6+8) + 2*(7+8)}); err != nil || dry != want {
		t.Fatalf("%+v, %v; want %+v", dry, err, want)
	}
	did, err := a.pruner.Prune(t.Context(), before, noon.Add(48*time.Hour))
	if err != nil || did != dry {
		t.Fatalf("%+v, %v; want %+v", did, err, dry)
	}
	if got := a.bare(); got != "6 7 8 9 10 20" {
		t.Errorf("without bytes are %s", got)
	}
	if again, err := a.pruner.Prune(t.Context(), before, noon); err != nil || again.Mails != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	var kind, says string
	err = a.owner.QueryRow(`select kind, payload from events join event_payloads using (seq) where subject_kind = 'archive'`).Scan(&kind, &says)
	if err != nil || kind != "archive.pruned" || !strings.Contains(says, `"mails":6`) || !strings.Contains(says, sha("mail 20")) || strings.Contains(says, sha("mail 21")) {
		t.Errorf("the record says %s %s, %v", kind, says, err)
	}
	wantAgreement(t, a.app)
}

// More than a handful goes in several goes, each an event, the oldest first.
func TestPruneInHandfuls(t *testing.T) {
	a := newAttic(t)
	for i := range 230 {
		a.keep(uint32(100+i), "unknown-sender", "", noon.Add(-time.Duration(i)*time.Hour))
	}
	var goes []int
	for {
		did, err := a.pruner.Prune(t.Context(), noon, noon)
		if err != nil {
			t.Fatal(err)
		}
		if did.Mails == 0 {
			break
		}
		goes = append(goes, did.Mails)
		if len(goes) == 1 && count(t, a.owner, `select count(*) from messages where raw is null and uid < 230`) > 0 {
			t.Error("the newest went first")
		}
	}
	if fmt.Sprint(goes) != "[100 100 29]" { // one of them was received at noon
		t.Errorf("%v were pruned in each go", goes)
	}
	if n := count(t, a.owner, `select count(*) from events where subject_kind = 'archive'`); n != len(goes) {
		t.Errorf("%d events for %d goes", n, len(goes))
	}
	wantAgreement(t, a.app)
}

// Two who prune at once take nothing twice.
func TestTwoPruneAtOnce(t *testing.T) {
	a := newAttic(t)
	all := make(chan storage.Pruning)
	for range 2 {
		go func() {
			did, err := a.pruner.Prune(t.Context(), noon.Add(time.Hour), noon)
			if err != nil {
				t.Error(err)
			}
			all <- did
		}()
	}
	if one, other := <-all, <-all; one.Mails+other.Mails != 6 {
		t.Errorf("%+v and %+v", one, other)
	}
	wantAgreement(t, a.app)
}

// What the pruning role may not do, whatever program connects as it: Postgres
// refuses it.
func TestPrunerCanOnlyPrune(t *testing.T) {
	a := newAttic(t)
	refused := []string{
		// It prunes nothing that counts, and nothing about an open change.
		`update messages set raw = null where id in (select id from prunable) or id > 0`,
		`update attachments set bytes = null where message > 0`,
		// It writes no other bytes, and alters nothing else of a mail.
		`update messages set raw = '' where id in (select id from prunable)`,
		`update messages set raw = null, sha256 = '' where id in (select id from prunable)`,
		`update messages set disposition = 'own'`, `update messages set reason = '', raw = null`, `delete from messages`, `truncate messages cascade`,
		`update attachments set bytes = 'x' where message in (select id from prunable)`, `delete from attachments`,
		`insert into messages (folder) values ('INBOX')`, `insert into attachments (message) values (1)`,
		// It reads nobody's mail, no token, no change, nor what is owed.
		`select raw from messages`, `select sender from messages`, `select bytes from attachments`, `select hash from tokens`, `select body from outbox`,
		`select body from changes`, `select entry from submissions`, `select hash from sessions`, `select id from held`, `select payload from event_payloads`,
		`select hash from events`, `select body from directory`, `select day from strangers`,
		// It rewrites no event, and adds none but its own.
		`update events set kind = 'x'`, `delete from events`, `update event_payloads set payload = '{}'`, `truncate event_payloads`,
		`insert into events select h.seq + 1, now(), 'change', 'c1', 'x', h.hash, h.hash, h.hash from chain_head as h`,
		`insert into events select h.seq + 1, now(), 'archive', 'x', 'deputy.appointed', h.hash, h.hash, h.hash from chain_head as h`,
		`insert into events select h.seq + 2, now(), 'archive', 'x', 'archive.pruned', h.hash, h.hash, h.hash from chain_head as h`,
		`insert into events select h.seq + 1, now(), 'archive', 'x', 'archive.pruned', sha256(''), h.hash, h.hash from chain_head as h`,
		`insert into event_payloads values (1, sha256(''), '{}')`,
		`update chain_head set seq = seq - 1`, `update chain_head set hash = sha256('')`, `update chain_head set directory = 'x'`, `update chain_head set appointed = 99`, `delete from chain_head`,
		// It has no other way.
		`alter table messages disable trigger all`, `drop trigger only_pruned on messages`, `create or replace view prunable as select 1`, `create table mine (a int)`,
		`insert into strangers values ('2026-03-02', 0, 0)`, `update schema_info set version = 99`, `set role countersign`, `set role countersign_app`,
	}
	for _, statement := range refused {
		if err := run(a.asRole, statement); pq.As(err, pqerror.InsufficientPrivilege) == nil {
			t.Errorf("%s: %v, want it refused", statement, err)
		}
	}
	for uid := range uint32(22) {
		may := strings.Contains(" 6 7 8 9 10 20 ", fmt.Sprintf(" %d ", uid))
		id := count(t, a.owner, `select coalesce((select id from messages where uid = $1), 0)`, uid)
		if err := run(a.asRole, fmt.Sprintf(`update messages set raw = null where id = %d`, id)); (err == nil) != (may || id == 0) {
			t.Errorf("mail %d: %v; it may be pruned: %v", uid, err, may)
		}
	}
}

// A table of its own making, called as the one that says what may be pruned, does
// not help it.
func TestPrunerIsNotDeceived(t *testing.T) {
	a := newAttic(t)
	a.asRole.SetMaxOpenConns(1)
	for _, statement := range []string{
		`create temporary table prunable (id bigint)`, `insert into prunable select id from messages`, `set search_path = pg_temp, public`,
	} {
		if err := run(a.asRole, statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(a.asRole, `update messages set raw = null`); pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("%v, want it refused", err)
	}
}

// The daemon cannot prune; not even if somebody grants it the column.
func TestTheDaemonCannotPrune(t *testing.T) {
	a := newAttic(t)
	app := openSQL(t, a.appURL)
	const prune = `update messages set raw = null where uid = 9`
	if err := run(app, prune); pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("%v, want it refused", err)
	}
	exec(t, a.owner, `grant update (raw) on messages to countersign_app`)
	if err := run(app, prune); pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("with the privilege: %v, want it refused", err)
	}
	wantError(t, openURL(t, a.appURL).CheckRole(t.Context()), "could rewrite the record")
	if got := a.bare(); got != "" {
		t.Errorf("without bytes are %s", got)
	}
}

// The role is told from one that can do more, and from one that cannot prune.
func TestThePruningRoleIsChecked(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	owner, pruner := openSQL(t, ownerURL), openURL(t, pg.AsPruner(appURL))
	if err := pruner.CheckPruner(t.Context()); err != nil {
		t.Errorf("as countersign_prune: %v", err)
	}
	wantError(t, openURL(t, appURL).CheckPruner(t.Context()), "may do more than prune: ")
	wantError(t, openURL(t, ownerURL).CheckPruner(t.Context()), "may do more than prune: ")
	exec(t, owner, `grant select (hash) on tokens to countersign_prune`)
	wantError(t, pruner.CheckPruner(t.Context()), "may do more than prune: select tokens.hash")
	exec(t, owner, `revoke select (hash) on tokens from countersign_prune; revoke update (raw) on messages from countersign_prune; revoke insert on events from countersign_prune`)
	wantError(t, pruner.CheckPruner(t.Context()), "may not prune: it lacks update messages.raw, insert events.*")
}

// Bytes that are gone without an event that says so are missed.
func TestLostBytesAreMissed(t *testing.T) {
	a := newAttic(t)
	exec(t, a.owner, `update messages set raw = null where uid = 2`)
	report, err := a.app.Rebuild(t.Context(), nil)
	if err != nil || len(report.Differences) != 1 || report.Differences[0] != "mail "+sha("mail 2")+": its bytes are gone, and no event says why" {
		t.Errorf("%q, %v", report.Differences, err)
	}
}
