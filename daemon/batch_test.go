package daemon_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// An office is a stage whose mail is brought to the desk by hand.
type office struct {
	*stage.Stage
	t        *testing.T
	ownerURL string
	owner    *sql.DB
	uid      uint32
}

func newOffice(t *testing.T) *office { return officeOf(t, stage.Options{}) }

func officeOf(t *testing.T, o stage.Options) *office {
	t.Helper()
	ownerURL, appURL := pgtest.Test(t)
	o.OwnerURL, o.AppURL, o.Start = ownerURL, appURL, start
	s, err := stage.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := sql.Open("postgres", ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		owner.Close()
	})
	return &office{Stage: s, t: t, ownerURL: ownerURL, owner: owner}
}

// arrive gives letters their places in the inbox.
func (o *office) arrive(letters ...stage.Letter) []desk.Incoming {
	var mails []desk.Incoming
	for _, l := range letters {
		mails = append(mails, o.place(o.Compose(l)))
	}
	return mails
}

func (o *office) place(raw []byte) desk.Incoming {
	o.uid++
	return desk.Incoming{Folder: "INBOX", UIDValidity: 1, UID: o.uid, Received: o.Clock.Now(), Size: int64(len(raw)), Raw: raw}
}

// became says what became of the mails.
func (o *office) became(mails []desk.Incoming) (dispositions []string) {
	o.t.Helper()
	for _, in := range mails {
		var d string
		err := o.owner.QueryRow(`select coalesce(max(disposition), 'undecided') from messages where uid = $1`, in.UID).Scan(&d)
		if err != nil {
			o.t.Fatal(err)
		}
		dispositions = append(dispositions, d)
	}
	return dispositions
}

func (o *office) agrees() {
	o.t.Helper()
	report, err := o.Store.Rebuild(o.t.Context(), nil)
	if err != nil || !report.OK() {
		o.t.Errorf("%v, %v", report.Differences, err)
	}
}

func (o *office) count(query string, args ...any) (n int) {
	o.t.Helper()
	if err := o.owner.QueryRow(query, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func proposes(title string) stage.Letter {
	return stage.Letter{From: "lead@example.com", Subject: title, Body: "Title: " + title + `
Category: software technology
Systems: billing-db-1
Justification: support ends in November
Security impact: none new
Risk: low, because it is rehearsed
Rollback: promote the old standby
Test plan: run the billing suite
Implementer: dev1@example.com
Tester: qa1@example.com
`}
}

// Mails that are decided together see what those before them did, as if each had
// been decided by itself: a copy is a duplicate, and a change opened just now is
// known by its number.
func TestMailsDecidedTogether(t *testing.T) {
	o := newOffice(t)
	mails := o.arrive(proposes("One"), proposes("Two"))
	mails = append(mails, o.place(mails[0].Raw))
	mails = append(mails, o.arrive(
		stage.Letter{From: "dev1@example.com", Subject: "?", Body: "STATUS CHG-2026-0002\n"},
		stage.Letter{From: "stranger@example.net", Subject: "hello", Body: "APPROVE\n"},
	)...)
	filings, err := o.Desk.ReceiveAll(t.Context(), mails)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := o.became(mails), []string{"accepted", "accepted", "duplicate", "answered", "unknown-sender"}; !slices.Equal(got, want) {
		t.Errorf("they became %v, want %v", got, want)
	}
	if want := []desk.Filing{desk.FileDone, desk.FileDone, desk.FileIgnored, desk.FileDone, desk.FileIgnored}; !slices.Equal(filings, want) {
		t.Errorf("they are filed as %v, want %v", filings, want)
	}
	if n := o.count(`select count(distinct xmin::text) from messages`); n != 1 {
		t.Errorf("they were decided in %d transactions, want 1", n)
	}
	o.agrees()
	again, err := o.Desk.ReceiveAll(t.Context(), mails)
	if err != nil || !slices.Equal(again, filings) {
		t.Errorf("brought again they are filed as %v, %v", again, err)
	}
	if n := o.count(`select count(*) from messages`); n != len(mails) {
		t.Errorf("%d mails are archived, want %d", n, len(mails))
	}
}

// One mail of many that the database refuses costs none of the others anything:
// they are decided at once. It is tried three times, the last time when all
// others are decided, and then put aside unread.
func TestMailTheDatabaseRefuses(t *testing.T) {
	o := newOffice(t)
	var mails []desk.Incoming
	for i := range 5 {
		mails = append(mails, o.arrive(proposes(fmt.Sprintf("Change %d", i)))...)
	}
	_, err := o.owner.Exec(`
		create function refuse() returns trigger language plpgsql as $$
		begin
			if new.uid = 3 and new.disposition <> 'unreadable' then raise exception 'no'; end if;
			return new;
		end $$;
		create trigger refuses before insert on messages for each row execute function refuse();`)
	if err != nil {
		t.Fatal(err)
	}
	filings, err := o.Desk.ReceiveAll(t.Context(), mails)
	if err == nil || filings[2] != "" {
		t.Errorf("the first time: filed as %q, %v", filings[2], err)
	}
	if got, want := o.became(mails), []string{"accepted", "accepted", "undecided", "accepted", "accepted"}; !slices.Equal(got, want) {
		t.Fatalf("they became %v, want %v", got, want)
	}
	if filings, err = o.Desk.ReceiveAll(t.Context(), mails[2:3]); err == nil || filings[0] != "" {
		t.Errorf("the second time: filed as %q, %v", filings[0], err)
	}
	if filings, err = o.Desk.ReceiveAll(t.Context(), mails[2:3]); err != nil || filings[0] != desk.PutOff {
		t.Errorf("the third time: %q, %v; want it put off", filings[0], err)
	}
	if _, err := o.Desk.Receive(t.Context(), mails[2]); err == nil {
		t.Error("by itself it was decided")
	}
	if filing, err := o.Desk.Receive(t.Context(), mails[2]); err != nil || filing != desk.FileAttention {
		t.Errorf("after three attempts: filed as %q, %v", filing, err)
	}
	if got := o.became(mails[2:3]); got[0] != "unreadable" {
		t.Errorf("it became %v", got)
	}
	o.agrees()
}

// Mails that were in hand when the process died are decided one by one, for one
// of them may be what killed it; those behind them still together.
func TestMailsInHandWhenTheProcessDied(t *testing.T) {
	o := newOffice(t)
	mails := o.arrive(proposes("One"), proposes("Two"), proposes("Three"), proposes("Four"))
	var keys []storage.MailKey
	for _, in := range mails[:2] {
		keys = append(keys, storage.MailKey{Folder: in.Folder, UIDValidity: in.UIDValidity, UID: in.UID})
	}
	if _, err := o.Store.CountAttempts(t.Context(), keys); err != nil { // and no more is known of them
		t.Fatal(err)
	}
	if _, err := o.Desk.ReceiveAll(t.Context(), mails); err != nil {
		t.Fatal(err)
	}
	if got := o.became(mails); slices.ContainsFunc(got, func(d string) bool { return d != "accepted" }) {
		t.Errorf("they became %v", got)
	}
	if n := o.count(`select count(distinct xmin::text) from messages`); n != 3 {
		t.Errorf("they were decided in %d transactions, want 3", n)
	}
	for i, in := range mails {
		if n := o.count(`select count(*) from changes as c join messages as m on m.change = c.id where m.uid = $1 and c.number = $2`, in.UID, fmt.Sprintf("CHG-2026-%04d", i+1)); n != 1 {
			t.Errorf("mail %d is not change %d", in.UID, i+1)
		}
	}
	o.agrees()
}

// However often the disk is full, no mail is put aside for it: once there is
// space, it is decided as if nothing had been.
func TestMailsAreNotBlamedForAFullDisk(t *testing.T) {
	o := newOffice(t)
	mails := o.arrive(proposes("One"), proposes("Two"))
	_, err := o.owner.Exec(`
		create function filled() returns trigger language plpgsql as $$
		begin
			raise exception 'could not extend file' using errcode = 'disk_full';
		end $$;
		create trigger fills before insert on messages for each row execute function filled();`)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := o.Desk.ReceiveAll(t.Context(), mails); err == nil {
			t.Error("decided on a full disk")
		}
		if _, err := o.Desk.Receive(t.Context(), mails[0]); err == nil {
			t.Error("decided by itself on a full disk")
		}
	}
	if n := o.count(`select coalesce(max(attempts), 0) from attempts`); n != 0 {
		t.Errorf("an attempt counts %d times", n)
	}
	if _, err := o.owner.Exec(`drop trigger fills on messages`); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Desk.ReceiveAll(t.Context(), mails); err != nil {
		t.Fatal(err)
	}
	if got := o.became(mails); !slices.Equal(got, []string{"accepted", "accepted"}) {
		t.Errorf("they became %v", got)
	}
}
