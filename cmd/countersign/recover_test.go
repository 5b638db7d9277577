package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// burnt is a town whose database was restored: it knows the proposal, and
// neither the approval nor what came after it.
func burnt(t *testing.T) *town {
	t.Helper()
	o := asked(t)
	backup := filepath.Join(t.TempDir(), "countersign.dump")
	if err := pg.Backup(t.Context(), o.ownerURL, backup); err != nil {
		t.Fatal(err)
	}
	o.reply("cto", policy.AskAuthorization, approval)
	o.send(stage.Letter{From: "mallory@example.org", Subject: "Congratulations", Body: "You have won.\n"})
	o.write("dev1", "How is it?", "STATUS CHG-2026-0001\n")
	if err := pg.Restore(t.Context(), o.ownerURL, backup); err != nil {
		t.Fatal(err)
	}
	return o
}

func showRecovery(s shelf) {
	s.show("recover dry run", "recover", "--dry-run")
	s.show("recover", "recover")
	s.show("recover again", "recover")
}

// Serve ends where it must not go on, and says what to do; recover does it once.
func TestRecoverVerb(t *testing.T) {
	o := burnt(t)
	before := o.tables()
	if got := o.run("recover", "--dry-run"); got.code != exitOK || strings.Count(got.out, "\n") != 4 {
		t.Errorf("a dry run left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if got := o.run("recover", "--dry-run", "--since=2026-03-03"); got.code != exitOK || got.out != "0 mails read, 0 unknown; nothing was decided.\n" {
		t.Errorf("since the day after it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("a dry run wrote:\n%s%s", before, after)
	}
	got := o.run("serve")
	if got.code != exitFailed || !strings.Contains(got.errors, "countersign: folder \"Done\": decided mail lies there that this database does not know: was a backup restored?\nhint: If a backup was restored, stop the daemon and run countersign recover") {
		t.Errorf("serve left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if got := o.run("recover"); got.code != exitOK || !strings.HasPrefix(got.out, "4 mails read, 3 unknown, decided: counted 1, answered 1, unknown-sender 1.\n") {
		t.Errorf("recover left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if got := o.run("show", "CHG-2026-0001"); !strings.Contains(got.out, "authorized") {
		t.Errorf("the change is not authorized again:\n%s", got.out)
	}
	if got := o.run("rebuild", "--check"); got.code != exitOK {
		t.Errorf("rebuild --check: %s%s", got.out, got.errors)
	}
	before = o.tables()
	if got := o.run("recover"); got.code != exitOK || got.out != "4 mails read, 0 unknown; nothing was decided.\n" {
		t.Errorf("the second time it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("the second time it wrote:\n%s%s", before, after)
	}
}

// What stands in its way is told with what to do about it.
func TestRecoverRefused(t *testing.T) {
	o := burnt(t)
	if got := o.run("recover", "--since=yesterday"); got.code != exitUsage {
		t.Errorf("no day: left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	o.tamper(`insert into leases (name, holder, until) values ('intake', 'another', now() + interval '1 minute')`)
	if got := o.run("recover"); got.code != exitFailed || !strings.Contains(got.errors, "another instance reads the mailbox\nhint: Stop the daemon on every host") {
		t.Errorf("beside another it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	o.tamper(`delete from leases`)

	ctx, stop := context.WithCancel(t.Context())
	stop()
	c := cli{globals: globals{ctx: ctx, now: o.Clock.Now, stdout: t.Output(), stderr: t.Output()}}
	if code := c.run([]string{"recover"}); code != exitFailed {
		t.Errorf("interrupted it left with %d", code)
	}
	o.Provider.Stop()
	if got := o.run("recover"); got.code != exitFailed || !strings.Contains(got.errors, "hint: What was decided stays decided. Run it again for the rest.") {
		t.Errorf("without a mailbox it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
}
