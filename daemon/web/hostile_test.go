package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// What people enter stays text: it becomes no part of a page, and what nobody
// types is taken out, as it is taken out of a mail.
func TestHostileEntries(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stageLetter(strings.Replace(sampleProposal, "15 leaves support in November 2027", `"><script>alert(1)</script> & so on`, 1))))
	h.step()
	carol := h.asCarol().open(h.link("cto@example.com", policy.AskAuthorization)).says(`"><script>alert(1)</script> & so on`)
	if strings.Contains(carol.page, "<script") {
		t.Errorf("a proposal has become part of the page:\n%s", carol.page)
	}
	carol.send("REJECT", map[string]string{"Reason": "</textarea><script>alert(2)</script>\r\nRisk: low\x00\u202e\u200b no"}).is(http.StatusOK)
	carol.says("</textarea><script>alert(2)</script> Risk: low no")
	if strings.Contains(carol.page, "<script") {
		t.Errorf("an answer has become part of the page:\n%s", carol.page)
	}
	for _, b := range h.change().Ballots {
		if b.Said(policy.KeywordReject) {
			if got := b.Answer.Fields[policy.LabelReason]; got != "</textarea><script>alert(2)</script>\nRisk: low no" {
				t.Errorf("the record has the reason %q", got)
			}
		}
	}
	h.rebuilds()
}

// An answer with a file is archived as the mail it would have been, byte for byte
// what the record has the hash of; sent as a mail by somebody, it decides nothing.
func TestTheArchiveHasAPaperOfEachAnswer(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	carol := h.visitor().open(h.link("cto@example.com", policy.AskAuthorization))
	carol.send("REJECT", map[string]string{"Reason": "not before the audit\nsee the plan"}).is(http.StatusOK)
	carol.send("", typed(h.code("cto@example.com", policy.CodeAnswer))).says("Your answer is counted")
	var mail string
	for _, b := range h.change().Ballots {
		if b.Said(policy.KeywordReject) {
			mail = b.Answer.Mail
		}
	}
	raw := h.archived(mail)
	m, err := mailread.Read(raw, mailread.DefaultLimits)
	h.must(err)
	if m.From.Address != "cto@example.com" || m.Subject != "REJECT CHG-2026-0001" || !strings.Contains(m.Text, "Reason: not before the audit\n  see the plan") {
		t.Errorf("the archive has\n%s", raw)
	}
	for _, want := range []string{"X-Countersign-Proof: page; a code mailed to cto@example.com at 2026-11-23T14:00:00Z", "X-Countersign-Revision: 1 "} {
		if unfolded := strings.ReplaceAll(string(raw), "\r\n ", " "); !strings.Contains(unfolded, want) {
			t.Errorf("the archive does not say %q:\n%s", want, raw)
		}
	}

	other := newHouse(t)
	other.proposed()
	other.must(other.Deliver(raw))
	other.step()
	other.stands(policy.StateProposed)
}
