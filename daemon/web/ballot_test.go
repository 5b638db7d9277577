package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

var assessment = map[string]string{
	"Justification": "support ends; agreed", "Security impact": "none, same network", "Risk": "medium", "Risk why": "the rebuild is rehearsed", "Rollback": "as proposed",
}

// Carol, the CTO, opens the link in her mail on her phone, forgets a field, is
// told so beside it, sends the rest, types the code, and has authorized the
// change.
func TestApproveOnThePage(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	carol := h.visitor().open(h.link("cto@example.com", policy.AskAuthorization)).is(http.StatusOK)
	carol.says("CHG-2026-0001", "Upgrade PostgreSQL 15 to 17", "They wrote 15 leaves support in November 2027", "replication is rebuilt", "Carol Tremblay’s alone")

	short := map[string]string{"Justification": "support ends; agreed", "Security impact": "none, same network", "Rollback": "as proposed"}
	carol.send("APPROVE", short).is(http.StatusUnprocessableEntity)
	carol.says("Nothing was decided yet", "low, medium or high", "support ends; agreed")
	h.stands(policy.StateProposed)

	carol.send("APPROVE", assessment).is(http.StatusOK).says("Type the code", "c…@example.com", "the rebuild is rehearsed")
	h.stands(policy.StateProposed)
	code := h.code("cto@example.com", policy.CodeAnswer)
	carol.send("", map[string]string{"code": wrongCode(code)}).is(http.StatusUnprocessableEntity).says("That is not the code")
	carol.send("", map[string]string{"code": code[:3] + " " + code[3:]}).is(http.StatusOK).says("Your answer is counted: you approved", "promote the old standby, 20 minutes")

	h.stands(policy.StateAuthorized)
	var answer policy.Answer
	for _, b := range h.change().Ballots {
		if b.Said(policy.KeywordApprove) {
			answer = *b.Answer
		}
	}
	if answer.Proof != "page" || answer.By != "cto" || len(answer.Mail) != 64 {
		t.Errorf("the record has it by %s, proven by %q, from %q", answer.By, answer.Proof, answer.Mail)
	}
	h.step()
	if m := h.latest("cto@example.com", policy.ReceiptCounted); !strings.Contains(m.Text, "you approved") {
		t.Errorf("the receipt says\n%s", m.Text)
	}
	carol.open(h.link("cto@example.com", policy.AskAuthorization)).says("already decided by you: you answered APPROVE")
}

// wrongCode is another code.
func wrongCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}
