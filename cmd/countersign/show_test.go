package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// The documented fields of show --json; other programs read them.
func TestShowInJSON(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.reply("cto", policy.AskAuthorization, approval)
	got := o.run("show", "CHG-2026-0001", "--json")
	var answer struct {
		Number, State, Title string
		Revision             int
		Decisions            []struct{ Ballot, Answer, Person, At, Proof string }
		WaitingFor           []struct{ Person, Ballot string } `json:"waiting_for"`
		Events               []struct {
			Seq  int
			Kind string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil {
		t.Fatalf("%v\n%s%s", err, got.out, got.errors)
	}
	if answer.Number != "CHG-2026-0001" || answer.State != "authorized" || answer.Revision != 1 || !strings.HasPrefix(answer.Title, "Upgrade") {
		t.Errorf("the head is %+v", answer)
	}
	if len(answer.Decisions) != 1 || answer.Decisions[0].Ballot != "authorization" || answer.Decisions[0].Answer != "APPROVE" ||
		answer.Decisions[0].Person != "cto" || answer.Decisions[0].Proof != "token" || answer.Decisions[0].At == "" {
		t.Errorf("the decisions are %+v", answer.Decisions)
	}
	if len(answer.WaitingFor) != 1 || answer.WaitingFor[0].Person != "dev1" || answer.WaitingFor[0].Ballot != "offer" {
		t.Errorf("it waits for %+v", answer.WaitingFor)
	}
	if len(answer.Events) == 0 || answer.Events[0].Kind != "opened.1" {
		t.Errorf("the events are %+v", answer.Events)
	}
	if strings.Contains(got.out, "null") {
		t.Errorf("a list is null:\n%s", got.out)
	}
}

// Everything an operator asks about stands there: what is proposed, who said
// what, what was said besides, who is waited for.
func TestShow(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	o.reply("cto", policy.AskAuthorization, "ASK: who watches replication?\n")
	o.reply("lead", policy.AskQuestion, "Ian of the IT team.\n")
	o.write("it1", "CHG-2026-0001", "I shall be there from 19:00.\n")
	o.reply("cto", policy.AskAuthorization, approval)
	o.reply("dev1", policy.AskOffer, "TAKE\n")
	o.reply("cto", policy.AskAuthorization, "STOP: the vendor has withdrawn 17.2\n")
	for _, name := range []string{"CHG-2026-0001", "chg-2026-0001", "D-2026-0001"} {
		got := o.run("show", name)
		for _, want := range []string{
			"CHG-2026-0001  Upgrade PostgreSQL", "held up, revision 1 (", "proposed by lead on Mon 2 Mar 2026 10:00",
			"held up: the vendor has withdrawn 17.2", "    Rollback         promote the old standby",
			"answered by lead (question; by mail, with the token of the ballot)", "APPROVE by cto (authorization; by mail, with the token of the ballot)",
			"ASK by cto", "Question  who watches replication?", "STOP by cto",
			"a comment by it1\n    I shall be there from 19:00.", "Waiting for\n  cto: decision, since ", " sent or superseded\n",
		} {
			if !strings.Contains(got.out, want) {
				t.Errorf("show %s does not say %q:\n%s%s", name, want, got.out, got.errors)
			}
		}
	}
}

func TestShowADraft(t *testing.T) {
	got := threeChanges(t).run("show", "D-2026-0002")
	if got.code != exitOK || !strings.Contains(got.out, "D-2026-0002  New mail relay\ndraft, proposed by lead") || !strings.Contains(got.out, "\nMissing\n  Justification is missing.\n") {
		t.Errorf("left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
}

// A mail that was refused for good stands in show with the server's words.
func TestShowAMailThatFailed(t *testing.T) {
	o := settle(t)
	o.Provider.Refuse("cto@example.com", 550, 0)
	o.write("lead", "PostgreSQL 17", proposal)
	got := o.run("show", "CHG-2026-0001")
	if !strings.Contains(got.out, "  failed authorizer-ask-authorization to cto@example.com since ") {
		t.Errorf("said\n%s", got.out)
	}
}

func TestShowAChangeThereIsNot(t *testing.T) {
	got := settle(t).run("show", "CHG-2026-0042")
	if got.code != exitNo || got.out != "" || got.errors != "countersign: there is no change CHG-2026-0042\nhint: countersign list --all shows every change.\n" {
		t.Errorf("left with %d and said %s%s", got.code, got.out, got.errors)
	}
}

// A ballot that came back, and a voter who is away: both stand where the change
// waits for them.
func TestShowWhoIsAwayAndWhatCameBack(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	ballot, _ := o.Latest("cto@example.com", policy.AskAuthorization)
	o.send(stage.Letter{
		From: "cto@example.com", Subject: "Automatic reply: your decision", Headers: []string{"Auto-Submitted: auto-replied"},
		Body: "I am out of the office until Friday 6 March. The key to the garden is under the mat.\n",
	})
	o.send(stage.Letter{
		From: "MAILER-DAEMON@mx.example.com", Subject: "Undelivered Mail Returned to Sender",
		Parts: []string{
			"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; cto@example.com\nAction: failed\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\n",
			"Content-Type: text/rfc822-headers\n\nMessage-ID: <" + ballot.MessageID + ">\n",
		},
	})
	got := o.run("show", "CHG-2026-0001")
	for _, want := range []string{
		"; away until 2026-03-06, says an automatic reply",
		"failed authorizer-ask-authorization to cto@example.com since", "it came back: 552 5.2.2 mailbox full",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it does not say %q:\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "garden") {
		t.Errorf("it tells what an absence says:\n%s", got.out)
	}
	if got := o.run("show", "CHG-2026-0001", "--json"); !strings.Contains(got.out, `"away_until": "2026-03-06"`) {
		t.Errorf("it does not say until when:\n%s", got.out)
	}
	o.Clock.Advance(6 * 24 * time.Hour)
	if got := o.run("show", "CHG-2026-0001"); strings.Contains(got.out, "away") {
		t.Errorf("they are back, and it says:\n%s", got.out)
	}
}
