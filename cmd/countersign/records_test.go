package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// shelved is a town whose record is published, with one change in it; somebody has
// changed our part of its page, and then it was authorized.
func shelved(t *testing.T) (*town, *confluence.Site) {
	t.Helper()
	wiki := confluence.New(confluence.Options{User: "countersign@example.com", Token: "token"})
	if err := wiki.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wiki.Close() })
	owner, app := pgtest.Test(t)
	o := settleWith(t, stage.Options{OwnerURL: owner, AppURL: app, Start: monday, Wiki: &stage.Wiki{
		Flavor: string(confluence.Cloud), URL: wiki.URL(), User: wiki.User, Token: wiki.Token, Register: "Register of changes",
	}})
	o.write("lead", "PostgreSQL 17", proposal)
	for _, p := range wiki.Pages() {
		if strings.HasPrefix(p.Title(), "CHG-") {
			err := wiki.EditBody(p.ID, func(body string) string { return strings.Replace(body, "20 minutes", "a minute, says Bob", 1) })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	o.reply("cto", policy.AskAuthorization, approval)
	return o, wiki
}

// What is parked is told with its reason; diff shows what people made of the page;
// on the operator's word it is written anew.
func TestRecords(t *testing.T) {
	o, _ := shelved(t)
	got := o.run("records", "status")
	if got.code != exitNo || !strings.Contains(got.out, "CHG-2026-0001  parked  Somebody has changed what Countersign wrote on its page.") {
		t.Errorf("status leaves with %d and says\n%s%s", got.code, got.out, got.errors)
	}
	got = o.run("records", "diff", "CHG-2026-0001")
	if got.code != exitNo || !strings.Contains(got.out, "+ Rollback | promote the old standby, a minute, says Bob") {
		t.Errorf("diff leaves with %d and says\n%s%s", got.code, got.out, got.errors)
	}
	if got = o.run("records", "republish", "CHG-2026-0001"); got.code != exitOK {
		t.Errorf("republish leaves with %d and says\n%s%s", got.code, got.out, got.errors)
	}
	o.step()
	for _, verb := range []struct{ args, says string }{
		{"records status", "1 page tells what the record tells, 0 wait to be written, 0 need a hand.\n"},
		{"records diff CHG-2026-0001", "Our part of the page is as it was sent.\n"},
	} {
		if got := o.run(strings.Fields(verb.args)...); got.code != exitOK || got.out != verb.says {
			t.Errorf("%s leaves with %d and says\n%s%s", verb.args, got.code, got.out, got.errors)
		}
	}
	for _, args := range []string{"records diff CHG-2026-0009", "records republish CHG-2026-0009"} {
		if got := o.run(strings.Fields(args)...); got.code != exitNo || !strings.Contains(got.errors, "there is no change CHG-2026-0009") {
			t.Errorf("%s leaves with %d and says %s", args, got.code, got.errors)
		}
	}
}

// An end reads as incomplete until its page is there; where nothing is published
// there is nothing to miss.
func TestPublicationOutstanding(t *testing.T) {
	o, wiki := shelved(t)
	wiki.ChangeToken("another")
	o.reply("lead", policy.ReceiptProposed, "WITHDRAW\n")
	if got := o.run("list", "--all"); !strings.Contains(got.out, "withdrawn, publication outstanding") {
		t.Errorf("list says\n%s%s", got.out, got.errors)
	}
	if got := o.run("show", "CHG-2026-0001"); !strings.Contains(got.out, "withdrawn, publication outstanding, revision 1") {
		t.Errorf("show says\n%s%s", got.out, got.errors)
	}
	plain := settle(t)
	plain.write("lead", "PostgreSQL 17", proposal)
	plain.reply("lead", policy.ReceiptProposed, "WITHDRAW\n")
	if got := plain.run("list", "--all"); !strings.Contains(got.out, "withdrawn  ") || strings.Contains(got.out, "outstanding") {
		t.Errorf("list says\n%s%s", got.out, got.errors)
	}
	if got := plain.run("records", "diff", "CHG-2026-0001"); got.code != exitUsage || !strings.Contains(got.errors, "docs/confluence.md") {
		t.Errorf("diff leaves with %d and says %s", got.code, got.errors)
	}
}

// check tries Confluence, and says what to do about it.
func TestCheckTriesConfluence(t *testing.T) {
	o, wiki := shelved(t)
	if got := o.run("check"); got.code != exitOK || !strings.Contains(got.out, "ok     confluence: space CHG (Changes), below its home page\n") {
		t.Errorf("check leaves with %d and says\n%s%s", got.code, got.out, got.errors)
	}
	wiki.ChangeToken("another")
	if got := o.run("check"); got.code != exitNo || !strings.Contains(got.out, "FAULT  confluence: ") || !strings.Contains(got.out, "Make a new token") {
		t.Errorf("check leaves with %d and says\n%s%s", got.code, got.out, got.errors)
	}
}

func showPublished(s shelf) {
	s.show("records", "records", "status")
	s.show("records: what was changed", "records", "diff", "CHG-2026-0001")
	s.show("records: written anew", "records", "republish", "CHG-2026-0001")
}
