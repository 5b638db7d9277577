package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// The only key is replaced: check says that a ballot has no token that counts and
// what to do, and reissue does it.
func TestReissue(t *testing.T) {
	o := asked(t)
	secret := o.saved("token-key-2", strings.Repeat("another ", 6))
	o.configure("id = \"1\"\nfile = \"token-key-1\"", "id = \"2\"\nfile = \""+secret+"\"")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"check"}, exitNo, "FAULT  tokens: 1 open ballots have no token of a key that is configured: their answers count for nothing\n       Put the key back under its id, or run \"countersign reissue --open\".\n"},
		{[]string{"reissue"}, exitUsage, "hint: Write countersign reissue --open."},
		{[]string{"reissue", "--open"}, exitOK, "Sent again: 1 ballot of 1 change.\n"},
		{[]string{"check"}, exitOK, "ok     tokens: made with key 2; every open ballot has one that counts\n"},
	} {
		got := o.run(c.args...)
		if got.code != c.code || !strings.Contains(got.out+got.errors, c.says) {
			t.Errorf("%q left with %d and said\n%s%s", c.args, got.code, got.out, got.errors)
		}
	}
	if got := o.run("explain", o.saved("mail.eml", raw(o.answered("cto@example.com", approval), o.Clock.Now()))); !strings.Contains(got.out, "it is no reply to a ballot of yours, so nothing was counted.") {
		t.Errorf("an answer to the ballot of the old key is explained as\n%s", got.out)
	}
	if _, ok := o.Latest("cto@example.com", policy.AskAuthorization); !ok {
		t.Error("the CTO was never asked")
	}
}

func TestCheckSendsItselfMails(t *testing.T) {
	got := settle(t).run("check", "--mail")
	for _, says := range []string{
		"ok     a mail to itself: it came; with token-only nothing is asked for\n",
		"note   a colleague's forgery: it came; with token-only nothing finds it out but the token it lacks\n",
		"note   a stranger's forgery: it came; with token-only nothing finds it out but the token it lacks\n",
	} {
		if !strings.Contains(got.out, says) {
			t.Errorf("it does not say %q", says)
		}
	}
	if got.code != exitOK {
		t.Errorf("left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
}
