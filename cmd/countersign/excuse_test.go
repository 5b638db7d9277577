package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// undelivered is a change that is closed, with one of the IT Team never told.
func undelivered(t *testing.T) *town {
	t.Helper()
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.reply("cto", policy.AskAuthorization, approval)
	o.reply("dev1", policy.AskOffer, "IMPLEMENTED\nVersion: pg17-2026.03.07\nDone at: today, 16:10\nNotes: standby rebuilt, primary untouched\n")
	o.reply("qa1", policy.AskTest, "PASS\nEvidence: 412 of 412 billing tests passed\n")
	o.Provider.Refuse("it1@example.com", 550, 0)
	o.reply("dev1", policy.AskRelease, "RELEASED\nReleased at: 7 March 2026, 22:10\n")
	o.reply("cto", policy.AskCheck, "CONFIRM\nChecked: both nodes run 17.2\nDocuments: none, nothing describes the version\n")
	return o
}

func TestExcuse(t *testing.T) {
	o := undelivered(t)
	o.wantDelivery("closed, delivery outstanding", []string{"delivery"}, "Told (7): 5 of 6 sent\n  failed to it1 since ")
	got := o.run("excuse", "CHG-2026-0001", "Ian Roberts", "--reason", "told by telephone")
	if got.code != exitNo || !strings.Contains(got.errors, "Ian Roberts was not told of this change (7).\nhint: ") {
		t.Errorf("of somebody who was not told: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	got = o.run("excuse", "CHG-2026-0001", "it2", "--reason", "told by telephone")
	if got.code != exitNo || !strings.Contains(got.errors, "The mail server took the mail to it2, so nothing is owed to them.\nhint: ") {
		t.Errorf("of somebody who got it: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	o.wantDelivery("closed, delivery outstanding", []string{"delivery"}, "Told (7): 5 of 6 sent\n")

	got = o.run("excuse", "CHG-2026-0001", "it1@example.com", "--reason", "told by telephone")
	if got.code != exitOK || got.out != "The report of CHG-2026-0001 is no longer owed to it1.\n" {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
	o.wantDelivery("closed", []string{}, "Told (7): 5 of 6 sent, 1 excused\n  failed to it1 since ")
	if show := o.run("show", "CHG-2026-0001"); !strings.Contains(show.out, ": told by telephone\n") {
		t.Errorf("show says\n%s", show.out)
	}
}

// wantDelivery holds what list and show say of the change against what they
// should.
func (o *town) wantDelivery(reads string, outstanding []string, told string) {
	o.t.Helper()
	if list := o.run("list", "--all"); !strings.Contains(list.out, "CHG-2026-0001  "+reads+"  ") {
		o.t.Errorf("list says\n%s%s", list.out, list.errors)
	}
	show := o.run("show", "CHG-2026-0001")
	if !strings.Contains(show.out, "\n"+reads+", revision 1 (") || !strings.Contains(show.out, told) {
		o.t.Errorf("show says\n%s%s", show.out, show.errors)
	}
	var list []listed
	if err := json.Unmarshal([]byte(o.run("list", "--all", "--json").out), &list); err != nil {
		o.t.Fatal(err)
	}
	var one shown
	if err := json.Unmarshal([]byte(o.run("show", "CHG-2026-0001", "--json").out), &one); err != nil {
		o.t.Fatal(err)
	}
	if list[0].State != policy.StateClosed || one.State != policy.StateClosed || !slices.Equal(list[0].Outstanding, outstanding) || !slices.Equal(one.Outstanding, outstanding) {
		o.t.Errorf("in JSON it is %s and %s, outstanding %q and %q", list[0].State, one.State, list[0].Outstanding, one.Outstanding)
	}
	if len(one.Distribution) != 6 || one.Distribution[0].Notice != policy.ToldReleased {
		o.t.Errorf("in JSON the distribution is %+v", one.Distribution)
	}
}

func TestExcuseWithoutSense(t *testing.T) {
	o := settle(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"CHG-2026-0042", "it1", "--reason", "told by telephone"}, exitNo, "there is no change CHG-2026-0042\nhint: "},
		{[]string{"CHG-2026-0042", "it1", "--reason", "n/a"}, exitUsage, `the reason "n/a" says nothing` + "\nhint: "},
		{[]string{"CHG-2026-0042", "it1"}, exitUsage, "missing flags: --reason=TEXT\nhint: countersign excuse --help"},
		{[]string{"CHG-2026-0042", "--reason", "told by telephone"}, exitUsage, `expected "<recipient>"` + "\nhint: countersign excuse --help"},
	} {
		got := o.run(append([]string{"excuse"}, c.args...)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errors, c.says) {
			t.Errorf("excuse %v: left with %d and said %s%s", c.args, got.code, got.out, got.errors)
		}
	}
}
