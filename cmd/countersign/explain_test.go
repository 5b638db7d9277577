package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// An explained mail is one that an operator asks about, and what must be said
// of it.
type explained struct {
	name string
	mail func(*town) stage.Letter
	says []string
}

// asked is a town in which the CTO has a ballot.
func asked(t *testing.T) *town {
	t.Helper()
	o := settle(t)
	o.write("lead", "PostgreSQL 17 for billing", proposal)
	return o
}

func (o *town) answered(by, body string) stage.Letter {
	return stage.Letter{From: by, Body: body}.Reply(o.got("cto", policy.AskAuthorization))
}

var explanations = []explained{
	{"a proposal", func(*town) stage.Letter {
		return stage.Letter{From: "Lena Gagnon <lead@example.com>", Subject: "Firewall rules", Body: strings.Replace(proposal, "software technology", "network, cybersecurity", 1)}
	}, []string{
		"from      Lena Gagnon <lead@example.com>, who is Lena Gagnon (lead)\n", "keyword   none\n", "field     Category = network infrastructure; cybersecurity\n",
		"outcome   accepted: ", "change    CHG-2026-0002 is opened: proposed\n", "mail      authorizer-ask-authorization to itd\n", "mail      proposer-receipt-proposed to lead\n",
	}},
	{"an approval", func(o *town) stage.Letter { return o.answered("Carol Tremblay <cto@example.com>", approval) }, []string{
		"about     CHG-2026-0001, proposed: Upgrade PostgreSQL", "ballot    authorization of cto, open\n", "cut away  ", "typed     APPROVE\n          Justification: support ends; agreed\n",
		"keyword   APPROVE\n", "field     Rollback = as proposed\n", "outcome   counted: ", "change    CHG-2026-0001 goes from proposed to authorized\n", "mail      implementer-ask-offer to dev1\n",
	}},
	{"an approval inside a sentence", func(o *town) stage.Letter {
		return o.answered("Carol Tremblay <cto@example.com>", "Looks good to me, I approve. Go ahead!\n")
	}, []string{
		"ballot    authorization of cto, open\n", "keyword   none (keyword inside a sentence)\n", "outcome   answered: ", "whether that is your decision.\n          Begin your answer with one of the words below",
		"record    noted.1\n", "mail      person-answer-unread to cto\n",
	}},
	{"a forwarded ballot", func(o *town) stage.Letter { return o.answered("Ian Bouchard <it1@example.com>", approval) }, []string{
		"who is Ian Bouchard (it1)\n", "ballot    authorization of cto, open\n", "keyword   APPROVE\n", "outcome   answered: ", "because   You answered a ballot that was issued to Carol Tremblay.",
		"mail      person-answer-refused to it1\n", "mail      owner-notice-misused to cto\n", "mail      operator-notice-misused to operator@example.com\n",
	}},
	{"an out-of-office", func(o *town) stage.Letter {
		l := o.answered("Carol Tremblay <cto@example.com>", "APPROVE\nI am away until Thursday.\n")
		l.Headers = []string{"Auto-Submitted: auto-replied"}
		return l
	}, []string{"who is Carol Tremblay (cto)\n", "outcome   automatic: ", "because   ", "mail      none\n"}},
	{"a stranger", func(o *town) stage.Letter { return o.answered("Mallory <mallory@example.org>", approval) }, []string{
		"from      Mallory <mallory@example.org>, nobody in the directory\n", "outcome   unknown-sender: ", "because   the address is nobody's in the directory\n", "mail      owner-notice-misused to cto\n", "mail      operator-notice-misused to operator@example.com\n",
	}},
}

// raw is the letter as a mail program saves it.
func raw(l stage.Letter, at time.Time) string {
	head := []string{
		"From: " + l.From, "To: " + orElse(l.To, stage.Mailbox), "Subject: " + l.Subject, "Date: " + at.Format(time.RFC1123Z),
		"Message-ID: <saved@mail.example.com>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
	}
	if l.InReplyTo != "" {
		head = append(head, "In-Reply-To: <"+l.InReplyTo+">")
	}
	return strings.Join(append(head, l.Headers...), "\n") + "\n\n" + l.Body
}

func (o *town) saved(name string, text string) string {
	o.t.Helper()
	file := filepath.Join(o.t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return file
}

// Each mail is explained, and nothing is left of it: no row of any table is
// another afterwards, and no mail leaves.
func TestExplain(t *testing.T) {
	o := asked(t)
	before, sent := o.tables(), len(o.Provider.Sent())
	for _, c := range explanations {
		got := o.run("explain", o.saved("mail.eml", raw(c.mail(o), o.Clock.Now())))
		if got.code != exitOK || got.errors != "" {
			t.Errorf("%s: left with %d and said %s", c.name, got.code, got.errors)
		}
		for _, want := range append(c.says, "\nNothing was changed and nothing was sent.\n") {
			if !strings.Contains(got.out, want) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, want, got.out)
			}
		}
	}
	o.step()
	if after := o.tables(); after != before {
		t.Errorf("explaining wrote:\n%s%s", before, after)
	}
	if n := len(o.Provider.Sent()); n != sent {
		t.Errorf("%d mails left", n-sent)
	}
}

// What explain says is what becomes of the mail when it comes.
func TestExplainSaysWhatWillBe(t *testing.T) {
	for _, c := range explanations {
		t.Run(c.name, func(t *testing.T) {
			o := asked(t)
			text := strings.ReplaceAll(raw(c.mail(o), o.Clock.Now()), "\n", "\r\n")
			said := o.run("explain", o.saved("mail.eml", text))
			if err := o.Deliver([]byte(text)); err != nil {
				t.Fatal(err)
			}
			o.step()
			mails, err := o.Store.Mails(t.Context(), 1)
			if err != nil || len(mails) != 1 || !strings.Contains(said.out, fmt.Sprintf("outcome   %s: ", mails[0].Disposition)) {
				t.Errorf("it became %v (%v); explain said\n%s", mails, err, said.out)
			}
		})
	}
}

func TestExplainOddMails(t *testing.T) {
	o := asked(t)
	for _, c := range []struct{ name, text, says string }{
		{"too large", raw(stage.Letter{From: "lead@example.com", Body: strings.Repeat("far too much\n", 100_000)}, monday), "outcome   oversize: "},
		{"empty", raw(stage.Letter{From: "lead@example.com"}, monday), "outcome   answered: "},
		{"two senders", raw(stage.Letter{From: "lead@example.com, cto@example.com", Body: approval}, monday), "outcome   unverified: "},
		{"ours", raw(stage.Letter{From: stage.Mailbox, Body: approval}, monday), "outcome   own: "},
		{"no header", "Hello", "outcome   "},
	} {
		if got := o.run("explain", o.saved("mail.eml", c.text)); got.code != exitOK || !strings.Contains(got.out, c.says) {
			t.Errorf("%s: left with %d and said\n%s%s", c.name, got.code, got.out, got.errors)
		}
	}
}

func TestEveryDispositionHasAMeaning(t *testing.T) {
	for _, d := range desk.Dispositions {
		if meanings[d] == "" {
			t.Errorf("explain cannot say what %s means", d)
		}
	}
}

func TestExplainWithoutAMail(t *testing.T) {
	got := settle(t).run("explain", "none.eml")
	if got.code != exitUsage || !strings.Contains(got.errors, "none.eml: no such file or directory\nhint: Save the mail") {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
}

// A whole mailbox is a line for each mail, and sums; nothing is left of it.
func TestExplainMailbox(t *testing.T) {
	o := asked(t)
	var file strings.Builder
	for _, c := range explanations {
		file.WriteString("From - Mon Nov 23 09:14:00 2026\n" + raw(c.mail(o), o.Clock.Now()) + "\n\n")
	}
	before := o.tables()
	got := o.run("explain", "--mbox", o.saved("Inbox", file.String()))
	if got.code != exitOK || got.errors != "" {
		t.Fatalf("left with %d and said %s", got.code, got.errors)
	}
	for _, want := range []string{
		"    1  accepted       a proposal                 lead@example.com             Firewall rules\n",
		"    2  counted        APPROVE CHG-2026-0001      cto@example.com              Re: [CHG-2026-0001] Your decision",
		"    3  answered       keyword inside a sentence  cto@example.com",
		"    5  automatic      ",
		"    6  unknown-sender ",
		"\n6 mails in ", "    2  answered: it is answered, and decides nothing\n           1  no keyword\n", "    1  counted: it counts\n           1  APPROVE\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it does not say %q:\n%s", want, got.out)
		}
	}
	if after := o.tables(); after != before {
		t.Errorf("explaining wrote:\n%s%s", before, after)
	}
	for _, args := range [][]string{{"explain"}, {"explain", "one.eml", "--mbox", "two.mbox"}, {"explain", "--mbox", "none.mbox"}} {
		if got := o.run(args...); got.code != exitUsage || !strings.Contains(got.errors, "hint: ") {
			t.Errorf("%v: left with %d and said %s%s", args, got.code, got.out, got.errors)
		}
	}
}
