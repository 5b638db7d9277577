package daemon_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

const (
	aShare = 256 << 10
	bounds = stage.Company + "\n[archive]\nstrangers = \"256 KiB\"\n"
)

// idleBytes is what the archive keeps of mail that decides nothing.
const idleBytes = `
	select coalesce(sum(octet_length(raw)), 0) + coalesce((select sum(octet_length(bytes)) from attachments), 0)
	from messages where disposition in ('unknown-sender', 'automatic', 'unverified', 'duplicate', 'oversize')`

// spam are letters of strangers, eight kilobytes each.
func spam(n int) (letters []stage.Letter) {
	for i := range n {
		letters = append(letters, stage.Letter{
			From: fmt.Sprintf("stranger%d@elsewhere.example", i), Subject: fmt.Sprint("Offer ", i), Body: strings.Repeat("Buy now and save a lot of money today.\n", 210),
		})
	}
	return letters
}

// Four hundred mails of strangers lie in the mailbox when Carol's approval comes,
// and two hundred more behind it. All are decided in one go: hers counts and is
// acknowledged, the archive keeps no more of theirs than their share, and the operator
// is told once. Of every mail there is a row.
func TestStrangersFillTheirShare(t *testing.T) {
	o := officeOf(t, stage.Options{Company: bounds})
	o.takes(proposes("One"))
	ballot, ok := o.Latest("cto@example.com", policy.AskAuthorization)
	if !ok {
		t.Fatal("Carol is not asked")
	}
	approval := stage.Letter{From: "cto@example.com", Body: yes}.Reply(ballot)
	o.takes(slices.Concat(spam(400), []stage.Letter{approval}, spam(200))...)
	if n := len(o.All("cto@example.com", policy.ReceiptCounted)); n != 1 {
		t.Errorf("Carol's approval was acknowledged %d times", n)
	}
	if n := o.count(`select count(*) from messages where disposition = 'unknown-sender' and size > 8000`); n != 600 {
		t.Errorf("%d strangers' mails are on record, want 600", n)
	}
	if n := o.count(idleBytes); n > aShare || n < aShare*9/10 {
		t.Errorf("the archive keeps %d bytes of strangers, of %d", n, aShare)
	}
	if kept, out := o.count(`select bytes from strangers`), o.count(`select left_out from strangers`); kept > aShare || out != o.count(`select count(*) from messages where raw is null`) {
		t.Errorf("counted are %d bytes, and %d mails left out", kept, out)
	}
	if n := len(o.All("operator@example.com", policy.OperatorArchive)); n != 1 {
		t.Errorf("the operator was told %d times", n)
	}
	if n := o.count(`select count(*) from messages where disposition in ('accepted', 'counted') and raw is null`); n != 0 {
		t.Errorf("%d mails that count have no bytes", n)
	}
	o.agrees()
}

// Somebody writes thirty proposals in Carol's name. Twenty of them she is asked
// about, and these are kept; the others wait for nothing and take of the share.
func TestHeldMailNobodyIsAskedAbout(t *testing.T) {
	o := officeOf(t, stage.Options{Proof: "own-mta", Company: bounds})
	for i := range 30 {
		l := stage.Letter{From: "cto@example.com", Subject: fmt.Sprint("Change ", i), Body: proposes(fmt.Sprint("Change ", i)).Body}
		l.Attach("plan.txt", strings.Repeat("all work and no play makes dull\n", 32*20))
		o.do(func() error { return o.bring(stage.Unclear, l) })
	}
	for query, want := range map[string]int{
		`select count(*) from messages where disposition = 'held'`:                     30,
		`select count(*) from held`:                                                    20,
		`select count(*) from messages as m join held using (uid) where m.raw is null`: 0,
		`select left_out from strangers`:                                               5,
		`select count(*) from messages where raw is null`:                              5,
	} {
		if n := o.count(query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	o.agrees()
}

// A flood is decided again after a restore, on another day with a share of its own:
// the same becomes of every mail, whatever the archive keeps of it then.
func TestAFloodIsDecidedAgain(t *testing.T) {
	o := officeOf(t, stage.Options{Company: bounds})
	o.takes(proposes("One"))
	backup := filepath.Join(t.TempDir(), "countersign.dump")
	if err := pg.Backup(t.Context(), o.ownerURL, backup); err != nil {
		t.Fatal(err)
	}
	ballot, _ := o.Latest("cto@example.com", policy.AskAuthorization)
	o.takes(append(spam(60), stage.Letter{From: "cto@example.com", Body: yes}.Reply(ballot))...)
	const became = `select string_agg(sha256 || disposition || change || person, ' ' order by sha256) from messages`
	const change = `select string_agg(body, ' ' order by id) from changes`
	mails, changes := o.text(became), o.text(change)
	if err := pg.Restore(t.Context(), o.ownerURL, backup); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(24 * time.Hour)
	silent := func(int64, int64) {}
	if err := (&daemon.Recovery{Looking: silent, Deciding: silent}).Run(t.Context(), o.Daemon); err != nil {
		t.Fatal(err)
	}
	if o.text(became) != mails || o.text(change) != changes {
		t.Error("something else became of the mails, or of the change")
	}
	if n := o.count(idleBytes); n > aShare {
		t.Errorf("the archive keeps %d bytes of strangers, of %d", n, aShare)
	}
	o.agrees()
}

// takes has the letters lie in the mailbox together, and be decided in one go.
func (o *office) takes(letters ...stage.Letter) {
	o.t.Helper()
	for _, l := range letters {
		o.do(func() error { return o.Deliver(o.Compose(l)) })
	}
	o.steps()
}

func (o *office) text(query string) (text string) {
	o.t.Helper()
	if err := o.owner.QueryRow(query).Scan(&text); err != nil {
		o.t.Fatal(err)
	}
	return text
}

// When the share is full, the archive keeps what counts and what proven people
// write, and of a copy with the same bytes nothing in any case.
func TestWhatIsKeptWhenTheShareIsFull(t *testing.T) {
	o := officeOf(t, stage.Options{Proof: "own-mta", Company: bounds})
	o.do(func() error { return o.bring(stage.Passes, proposes("One")) })
	o.takes(spam(40)...)
	ballot, _ := o.Latest("cto@example.com", policy.AskAuthorization)
	const much = "Lovely weather here.\n"
	away := []string{"Auto-Submitted: auto-replied"}
	heavy := func(l stage.Letter) stage.Letter {
		l.Attach("plan.txt", strings.Repeat("all work and no play makes dull\n", 32*20))
		return l
	}
	for _, c := range []struct {
		stamp   stage.Verdict
		letter  stage.Letter
		becomes desk.Disposition
		kept    bool
	}{
		{stage.Passes, stage.Letter{From: "eve@elsewhere.example", Body: much}, desk.UnknownSender, false},
		{stage.Unclear, stage.Letter{From: "cto@example.com", Body: much}, desk.Answered, false},
		{stage.Passes, stage.Letter{From: "cto@example.com", Body: much}, desk.Answered, true},
		{stage.Unclear, stage.Letter{From: "cto@example.com", Body: much, Headers: away}, desk.Automatic, false},
		{stage.Passes, stage.Letter{From: "cto@example.com", Body: much, Headers: away}, desk.Automatic, true},
		{stage.Fails, stage.Letter{From: "cto@example.com", Body: much}, desk.Unverified, false},
		{stage.Unclear, stage.Letter{From: "changes@example.com", Body: much}, desk.Own, false},
		{stage.Unclear, stage.Letter{From: "cto@example.com", Body: yes}.Reply(ballot), desk.Held, true},
		{stage.Passes, stage.Letter{From: "cto@example.com", Body: yes}.Reply(ballot), desk.Counted, true},
	} {
		o.do(func() error { return o.bring(c.stamp, heavy(c.letter)) })
		if was, kept := o.latest(); was != c.becomes || kept != c.kept {
			t.Errorf("%s, %q from %s: it was %s, kept: %v; want %s, %v", c.stamp, c.letter.Body, c.letter.From, was, kept, c.becomes, c.kept)
		}
	}
	asked, _ := o.Latest("cto@example.com", policy.AskConfirmation)
	o.do(func() error {
		return o.bring(stage.Unclear, heavy(stage.Letter{From: "cto@example.com", Body: "NO\n"}.Reply(asked)))
	})
	if was, kept := o.latest(); was != desk.Answered || !kept {
		t.Errorf("her word was %s, kept: %v", was, kept)
	}
	o.Clock.Advance(24 * time.Hour)
	copied, err := stage.Stamped("own-mta", stage.Passes, o.Compose(stage.Letter{From: "cto@example.com", Body: "STATUS CHG-2026-0001\n"}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		o.do(func() error { return o.Deliver(copied) })
		o.steps()
	}
	if was, kept := o.latest(); was != desk.Duplicate || kept {
		t.Errorf("a copy was %s, kept: %v", was, kept)
	}
	o.agrees()
}

// latest says what became of the last mail, and whether the archive keeps it.
func (o *office) latest() (became desk.Disposition, kept bool) {
	o.t.Helper()
	err := o.owner.QueryRow(`select disposition, raw is not null from messages order by id desc limit 1`).Scan(&became, &kept)
	if err != nil {
		o.t.Fatal(err)
	}
	return became, kept
}
