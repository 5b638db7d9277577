package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// firstOfApril is a Wednesday.
var firstOfApril = time.Date(2026, 4, 1, 13, 0, 0, 0, time.UTC)

func TestDigest(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.reply("cto", policy.AskAuthorization, "REJECT\nReason: not before the year-end closing\n")
	for _, c := range []struct {
		name  string
		clock time.Time
		args  []string
		code  int
		says  string
	}{
		{"of a month that goes on", monday.AddDate(0, 0, 3), []string{"--month", "2026-03", "--dry-run"}, exitOK, "Subject: Changes in March 2026 so far: 0 done, nothing needs your attention In March 2026 so far, one change was proposed, none was put into production, and none is open now."},
		{"sent too early", monday.AddDate(0, 0, 3), []string{"--month", "2026-03"}, exitNo, "March 2026 is not over hint: Add --dry-run"},
		{"sent again before it was", firstOfApril, []string{"--resend"}, exitNo, "the digest of March 2026 was not sent yet hint: "},
		{"sent by hand", firstOfApril, nil, exitOK, "The digest of March 2026 leaves now."},
		{"sent twice", firstOfApril, nil, exitNo, "the digest of March 2026 was sent before hint: Add --resend"},
		{"sent again while it waits", firstOfApril, []string{"--resend"}, exitNo, "the digest of March 2026 is still waiting to leave hint: "},
		{"before the record", firstOfApril, []string{"--month", "2026-02", "--dry-run"}, exitNo, "of February 2026 there is no record hint: "},
		{"of the future", firstOfApril, []string{"--month", "2026-05", "--dry-run"}, exitUsage, "May 2026 has not begun hint: "},
		{"of no month", firstOfApril, []string{"--month", "March"}, exitUsage, `"March" is no month hint: `},
		{"both at once", firstOfApril, []string{"--dry-run", "--resend"}, exitUsage, "can't be used together"},
	} {
		o.Clock.Set(c.clock)
		got := o.run(append([]string{"digest"}, c.args...)...)
		if got.code != c.code || !strings.Contains(strings.Join(strings.Fields(got.out+got.errors), " "), c.says) {
			t.Errorf("%s: left with %d and said\n%s%s", c.name, got.code, got.out, got.errors)
		}
	}
}

// What goes out again is what went out: the same bytes, to the same people.
func TestDigestAgain(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.Clock.Set(firstOfApril)
	o.step()
	first := o.got("chief", policy.DigestMonth)
	o.reply("cto", policy.AskAuthorization, approval) // April has nothing to do with it
	shown := o.run("digest", "--month", "2026-03", "--dry-run")
	if !strings.Contains(shown.out, first.Text) || !strings.Contains(shown.out, "\nAttached: changes.png, changes-2026-03.csv\n") {
		t.Errorf("what is shown later is not what was sent:\n%s\nand\n%s", shown.out, first.Text)
	}
	got := o.run("digest", "--month", "2026-03", "--resend")
	if got.code != exitOK || got.out != "The digest of March 2026 leaves again, as it was, to 2 recipients.\n" {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
	o.step()
	all := o.All("chief@example.com", policy.DigestMonth)
	if len(all) != 2 || !bytes.Equal(all[0].Raw, all[1].Raw) {
		t.Errorf("the digest came %d times, or differs", len(all))
	}
	if check := o.run("rebuild", "--check"); check.code != exitOK {
		t.Errorf("the record: %s%s", check.out, check.errors)
	}
}
