package main

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// visited is a town to whose change mailbox strangers have written, and Lena a
// proposal; five weeks ago.
func visited(t *testing.T) *town {
	t.Helper()
	o := asked(t)
	o.send(stage.Letter{From: "mallory@example.org", Subject: "Congratulations", Body: "You have won.\n"})
	o.send(stage.Letter{From: "eve@example.net", Subject: "Your invoice", Body: "It is attached.\n", Files: map[string]string{"invoice.txt": "Pay!\n"}})
	o.send(stage.Letter{From: "it1@example.com", Subject: "Automatic reply: away", Body: "I am away.\n", Headers: []string{"Auto-Submitted: auto-replied"}})
	o.Clock.Advance(35 * 24 * time.Hour)
	o.send(stage.Letter{From: "mallory@example.org", Subject: "Congratulations again", Body: "You have won more.\n"})
	return o
}

func showPruning(s shelf) {
	s.show("prune dry run", "prune", "--dry-run")
	s.show("prune", "prune")
	s.show("prune again", "prune")
}

// What decided nothing loses its bytes after thirty days, and nothing else does;
// what is left agrees with the record.
func TestPruneVerb(t *testing.T) {
	o := visited(t)
	before := o.tables()
	got := o.run("prune", "--dry-run")
	if got.code != exitOK || got.out != "Would be pruned: 3 mails, 1 kB, received before 2026-03-07 19:00 UTC; nothing was changed.\n" {
		t.Errorf("a dry run left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("a dry run wrote:\n%s%s", before, after)
	}
	if got := o.run("prune"); got.code != exitOK || !strings.HasPrefix(got.out, "Pruned: 3 mails, 1 kB, ") || !strings.HasSuffix(got.out, "; the record says which.\n") {
		t.Errorf("it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	before = o.tables()
	if got := o.run("prune"); got.code != exitOK || !strings.HasPrefix(got.out, "Nothing to prune: ") {
		t.Errorf("the second time it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("the second time it wrote:\n%s%s", before, after)
	}
	if got := o.run("rebuild", "--check"); got.code != exitOK {
		t.Errorf("rebuild --check: %s%s", got.out, got.errors)
	}
	if got := o.run("recover", "--dry-run"); got.code != exitOK || !strings.Contains(got.out, " 0 unknown; nothing was decided.\n") {
		t.Errorf("recover does not know a mail that was pruned: %s%s", got.out, got.errors)
	}
}

// It does nothing as another role, nor by a configuration that says something
// wrong of the archive; what is wrong with the rest does not matter to it.
func TestPruneRefused(t *testing.T) {
	o := visited(t)
	for _, c := range []struct {
		was, is string
		code    int
		says    string
	}{
		{"\nowner_url = ", "\nprune_url = \"" + o.ownerURL + "\"\nowner_url = ", exitUsage, "database.prune_url connects as "},
		{"\nowner_url = ", "\nprune_url = \"" + strings.Replace(o.appURL, "countersign_app", "sweeper", 1) + "\"\nowner_url = ", exitFailed, `role "sweeper" does not exist`},
		{"[operator]", "[archive]\nkeep = \"0d\"\n[operator]", exitUsage, "archive.keep 0d is no sensible time\nhint: Write something from 1d to 3650d.\n"},
		{`password_file = "password"`, `password_file = "passwort"`, exitOK, ""},
	} {
		o.configure(c.was, c.is)
		got := o.run("prune", "--dry-run")
		if got.code != c.code || !strings.Contains(got.errors, c.says) {
			t.Errorf("%s: left with %d and said\n%s%s", c.is, got.code, got.out, got.errors)
		}
	}
	o.configure()
	o.tamper(`grant select on tokens to countersign_prune`)
	if got := o.run("prune"); got.code != exitFailed || !strings.Contains(got.errors, "may do more than prune") || !strings.Contains(got.errors, "hint: countersign check tries the role") {
		t.Errorf("as a role that may do more it left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
}
