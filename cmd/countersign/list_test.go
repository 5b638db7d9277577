package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// Three changes: one was refused, one is a draft, one waits for the CTO.
func threeChanges(t *testing.T) *town {
	t.Helper()
	o := settle(t)
	o.write("lead", "An index", strings.Replace(proposal, "Upgrade PostgreSQL 15 to 17", "Drop the old index", 1))
	o.reply("cto", policy.AskAuthorization, "REJECT: the index is in use\n")
	o.write("lead", "A draft", "Title: New mail relay\nCategory: network\nSystems: mx1\n")
	o.write("lead", "PostgreSQL 17 for billing", proposal)
	return o
}

func TestList(t *testing.T) {
	o := settle(t)
	if got := o.run("list"); got.code != exitOK || got.out != "No change is open; --all shows those that have ended.\n" {
		t.Errorf("an empty list left with %d and said %q", got.code, got.out)
	}
	if got := o.run("list", "--all"); got.code != exitOK || got.out != "There is no such change.\n" {
		t.Errorf("an empty list of all left with %d and said %q", got.code, got.out)
	}
	if got := o.run("list", "--json"); got.code != exitOK || got.out != "[]\n" {
		t.Errorf("an empty list in JSON left with %d and said %q", got.code, got.out)
	}
}

func TestListChooses(t *testing.T) {
	o := threeChanges(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"list"}, "D-2026-0002 CHG-2026-0002"},
		{[]string{"list", "--all"}, "CHG-2026-0001 D-2026-0002 CHG-2026-0002"},
		{[]string{"list", "--state", "rejected"}, "CHG-2026-0001"},
		{[]string{"list", "--state=Draft", "--state=proposed"}, "D-2026-0002 CHG-2026-0002"},
		{[]string{"list", "--state", "held up"}, ""},
	} {
		var list []listed
		got := o.run(append(c.args, "--json")...)
		if err := json.Unmarshal([]byte(got.out), &list); err != nil {
			t.Fatalf("%v: %v\n%s%s", c.args, err, got.out, got.errors)
		}
		var numbers []string
		for _, l := range list {
			numbers = append(numbers, l.Number)
		}
		if strings.Join(numbers, " ") != c.want {
			t.Errorf("%v gives %v", c.args, numbers)
		}
	}
}

func TestListSaysWhoIsWaitedFor(t *testing.T) {
	got := threeChanges(t).run("list")
	if !strings.Contains(got.out, "CHG-2026-0002  proposed  cto ") || !strings.Contains(got.out, "D-2026-0002    draft     lead ") {
		t.Errorf("said\n%s", got.out)
	}
}

func TestListOfAStateThereIsNot(t *testing.T) {
	got := settle(t).run("list", "--state", "finished")
	if got.code != exitUsage || !strings.Contains(got.errors, `"finished" is no state of a change`+"\nhint: ") {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
}
