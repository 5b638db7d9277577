package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

func TestCancel(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	got := o.run("cancel", "CHG-2026-0001", "--reason", "the vendor withdrew the product")
	if got.code != exitOK || got.out != "CHG-2026-0001 is canceled. The daemon tells 4 people.\n" {
		t.Fatalf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
	o.step()
	for _, person := range []string{"lead", "cto", "dev1", "qa1"} {
		if m := o.got(person, policy.NoticeCanceled); !strings.Contains(m.Text, "the vendor withdrew the product") {
			t.Errorf("%s is told\n%s", person, m.Text)
		}
	}
	if show := o.run("show", "CHG-2026-0001"); !strings.Contains(show.out, "CANCEL by an operator\n    Reason  the vendor withdrew the product") {
		t.Errorf("the record says\n%s", show.out)
	}
	again := o.run("cancel", "CHG-2026-0001", "--reason", "once more")
	if again.code != exitNo || !strings.Contains(again.errors, "The change is canceled.\nhint: ") {
		t.Errorf("again: left with %d and said %s%s", again.code, again.out, again.errors)
	}
}

// What is in production is undone, never dropped: POL-005 has no such step.
func TestCancelInProduction(t *testing.T) {
	o := settle(t)
	o.write("lead", "Done already", proposal+"Already done: Sunday night, by dev1, on the CTO's word\n")
	before := o.tables()
	got := o.run("cancel", "CHG-2026-0001", "--reason", "nobody wants it")
	if got.code != exitNo || !strings.Contains(got.errors, "has been in production, so it cannot be canceled.\nhint: Have an authorizer answer UNDO.\n") {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("a refused cancel wrote:\n%s%s", before, after)
	}
}

func TestCancelWithoutSense(t *testing.T) {
	o := settle(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"CHG-2026-0042", "--reason", "it is stuck"}, exitNo, "there is no change CHG-2026-0042\nhint: "},
		{[]string{"CHG-2026-0042", "--reason", "n/a"}, exitUsage, `the reason "n/a" says nothing` + "\nhint: "},
		{[]string{"CHG-2026-0042"}, exitUsage, "missing flags: --reason=TEXT\nhint: countersign cancel --help"},
		{[]string{"--reason", "it is stuck"}, exitUsage, `expected "<change>"` + "\nhint: countersign cancel --help"},
	} {
		got := o.run(append([]string{"cancel"}, c.args...)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errors, c.says) {
			t.Errorf("cancel %v: left with %d and said %s%s", c.args, got.code, got.out, got.errors)
		}
	}
}

// Who has edited the configuration and not restarted the daemon decides by
// people nobody has put into force: that is refused, until it is done.
func TestCancelUnderAnotherDirectory(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.configure(`name = "Carol Tremblay"`, `name = "Carole Tremblay"`)
	before := o.tables()
	got := o.run("cancel", "CHG-2026-0001", "--reason", "the vendor withdrew the product")
	if got.code != exitFailed || !strings.Contains(got.errors, "another directory is in force\nhint: ") || !strings.Contains(got.errors, "Restart the daemon") {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("a refused cancel wrote:\n%s%s", before, after)
	}
	o.t.Setenv("COUNTERSIGN_CONFIG", o.ConfigPath())
	if got := o.run("cancel", "CHG-2026-0001", "--reason", "the vendor withdrew the product"); got.code != exitOK {
		t.Errorf("with the configuration as it was: left with %d and said %s%s", got.code, got.out, got.errors)
	}
}
