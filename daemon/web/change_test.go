package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

const approval = `APPROVE
Justification: support ends; agreed
Security impact: none, same network
Risk: low, rehearsed
Rollback: as proposed
`

// Everything about a change stands on its page: its way, what was proposed, who
// said what and how that was proven, and the mails about it.
func TestThePageOfAChange(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	h.said("cto@example.com", policy.AskAuthorization, "ASK: Who watches replication during the first night?\n")
	h.said("lead@example.com", policy.AskQuestion, "Ian, the whole night.\n")
	page := h.visitor().open(h.link("cto@example.com", policy.AskAuthorization)).send("APPROVE", assessment)
	page.send("", typed(h.code("cto@example.com", policy.CodeAnswer))).says("Your answer is counted")
	h.step()
	h.said("dev1@example.com", policy.AskOffer, "TAKE\n")
	dora := h.signedIn("dev1@example.com")
	dora.open(h.url+"/changes/CHG-2026-0001").is(http.StatusOK).says(
		"CHG-2026-0001 Upgrade PostgreSQL 15 to 17 on the billing cluster", "It is being implemented.",
		"Waiting for Dora Cote to implement it, since Mon 23 November", "Answer: to implement it",
		"proposed by Lena Gagnon", "authorized by Carol Tremblay", "in progress by Dora Cote", "implemented to come", "closed to come",
		"Systems billing-db-1, billing-db-2", "Implementer Dora Cote", "Risk medium: replication is rebuilt",
		"Carol Tremblay : ASK Mon 23 November", "Who watches replication during the first night?",
		"Lena Gagnon : answered, asked to answer a question", "Ian, the whole night.",
		"Carol Tremblay : APPROVE, asked to authorize it as CTO (POL-005, 2a) authorized", "by page, proven by code",
		"Dora Cote : TAKE", "by mail, with the token of the ballot",
		"Lena Gagnon : proposed it", "Mails that came (6)", "Ourselves: a copy of an answer given on a page", "Carol Tremblay, on a page: counted", "Lena Gagnon: accepted as a proposal",
		"To Carol Tremblay: ballot: authorize it",
	)
	dora.light()
	dora.follow("Answer: to implement it").is(http.StatusOK).says("Your answer")
	dora.open(h.url+"/ballots").says("You are asked to implement it, since Mon 23 November", "Upgrade PostgreSQL 15").follow("Upgrade PostgreSQL 15 to 17 on the billing cluster").says("Your answer")

	h.said("dev1@example.com", policy.AskImplementation, "IMPLEMENTED\nVersion: 17.2-1\nDone at: today\nNotes: none so far\n")
	suite := "412 of 412 passed\n<script>alert(1)</script>"
	h.must(h.Write(stage.Letter{From: "qa1@example.com", Body: "PASS\nVersion: 17.2-1\n", Files: map[string]string{"suite 1.html": suite}}.Reply(h.latest("qa1@example.com", policy.AskTest))))
	h.step()
	dora.open(h.url+"/changes/CHG-2026-0001").says("It is tested", "PASS", "suite 1.html").follow("suite 1.html").is(http.StatusOK)
	if dora.page != suite || dora.header.Get("Content-Type") != "application/octet-stream" || dora.header.Get("X-Content-Type-Options") != "nosniff" ||
		dora.header.Get("Content-Disposition") != `attachment; filename="suite 1.html"` {
		t.Errorf("the file comes with %v:\n%s", dora.header, dora.page)
	}

	h.said("dev1@example.com", policy.AskRelease, "RELEASED\nVersion: 17.2-1\nReleased at: today, 20:00\n")
	h.said("cto@example.com", policy.AskCheck, "CONFIRM\nChecked: totals and latency since release\n")
	h.said("cto@example.com", policy.AskDocuments, "DOCUMENTED\nDocuments: Recovery plan / 4.2 / rehearsal dates\n")
	dora.open(h.url+"/changes/CHG-2026-0001").says("It is closed", "Who was told it is done", "mails were sent", "Recovery plan / 4.2 / rehearsal dates", "checked by Carol Tremblay").light()
	if strings.Contains(dora.text(), "to come") {
		t.Error("something is to come of a closed change")
	}
	dora.open(h.url + "/ballots").says("Nothing waits for you.")
}

// The worst stands first: what is overdue, then what is due; what is owed after an
// implementation stands by itself.
func TestMyBallots(t *testing.T) {
	h := newHouse(t)
	h.proposes(2)
	h.said("cto@example.com", policy.AskAuthorization, approval)
	for _, step := range []struct {
		who  string
		kind policy.NoticeKind
		says string
	}{
		{"dev1@example.com", policy.AskOffer, "IMPLEMENTED\nVersion: 1\nDone at: now\nNotes: nothing else\n"},
		{"qa1@example.com", policy.AskTest, "PASS\nVersion: 1\nEvidence: 412 of 412\n"},
		{"dev1@example.com", policy.AskRelease, "RELEASED\nVersion: 1\nReleased at: now\n"},
	} {
		h.said(step.who, step.kind, step.says)
	}
	h.Clock.Advance(8 * 24 * time.Hour)
	h.proposes(1)
	carol := h.signedIn("cto@example.com").open(h.url + "/ballots")
	carol.says("You are asked", "overdue since", "You still owe", "You are asked to check it")
	text := carol.text()
	first, second, owed := strings.Index(text, "CHG-2026-0001"), strings.Index(text, "CHG-2026-0003"), strings.Index(text, "You still owe")
	if first < 0 || second < first || owed < second || strings.Index(text, "CHG-2026-0002") < owed {
		t.Errorf("it says\n%s", text)
	}
}

// Of a restricted change everybody learns its title, its time and whom to ask;
// those with a part in it, and who answer for the policy, see all.
func TestARestrictedChange(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "itd@example.com", Subject: "A rule", Body: restrictedProposal, Files: map[string]string{"rule.txt": "permit 10.0.0.0/8"}}))
	h.step()
	files := "/changes/CHG-2026-0001/files/" + sha256Of("permit 10.0.0.0/8")
	for who, whole := range map[string]bool{"dev2": false, "chief": false, "dev1": true, "qa1": true, "itd": true, "cto": true, "owner": true} {
		v := h.signedIn(who + "@example.com").open(h.url + "/changes/CHG-2026-0001").is(http.StatusOK)
		v.says("A rule for the auditors", "It is proposed", "Sunday, 02:00 to 04:00")
		if got := strings.Contains(v.page, "fw-secret-1"); got != whole {
			t.Errorf("%s sees its systems: %v", who, got)
		}
		if !whole {
			v.says("Whom to ask Dora Cote, dev1@example.com")
			for _, secret := range []string{"cybersecurity", "15 leaves support", "rule.txt", "Carol", "replication"} {
				if strings.Contains(v.page, secret) {
					t.Errorf("%s reads %q:\n%s", who, secret, v.text())
				}
			}
		}
		want := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[whole]
		if v.open(h.url + files); v.status != want {
			t.Errorf("%s asks for the file: %d", who, v.status)
		}
	}
}

// A file is had by its own change's page and no other's, and a change that is not
// there by none.
func TestWhatIsNotThere(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "lead@example.com", Body: sampleProposal, Files: map[string]string{"plan.txt": "the plan"}}))
	h.proposes(1)
	dora := h.signedIn("dev2@example.com")
	sha := sha256Of("the plan")
	for path, want := range map[string]int{
		"/changes/CHG-2026-0001/files/" + sha:                     http.StatusOK,
		"/changes/chg-2026-0001/files/" + sha:                     http.StatusOK,
		"/changes/CHG-2026-0002/files/" + sha:                     http.StatusNotFound,
		"/changes/CHG-2026-0001/files/" + strings.Repeat("0", 64): http.StatusNotFound,
		"/changes/CHG-2026-0001/files/plan.txt":                   http.StatusNotFound,
		"/changes/CHG-2026-0009":                                  http.StatusNotFound,
		"/changes/%00":                                            http.StatusNotFound,
		"/changes/nonsense":                                       http.StatusNotFound,
	} {
		if dora.open(h.url + path); dora.status != want {
			t.Errorf("%s: %d, not %d", path, dora.status, want)
		}
	}
	dora.open(h.url+"/changes/CHG-2026-0009").says("There is no such change", "Look at its number once more")
	for _, path := range []string{"/changes", "/changes/CHG-2026-0001", "/changes/CHG-2026-0001/files/" + sha, "/changes.csv", "/ballots"} {
		h.visitor().open(h.url + path).is(http.StatusUnauthorized)
	}
}

// What an operator did, and what time did, stands in the history as well.
func TestWhatNobodySaid(t *testing.T) {
	h := newHouse(t)
	h.proposes(2)
	_, err := h.Desk.Cancel(t.Context(), "CHG-2026-0001", "the vendor withdrew it")
	h.must(err)
	h.step()
	for range 120 { // until silence has let it lapse
		h.Clock.Advance(24 * time.Hour)
		h.step()
	}
	carol := h.signedIn("cto@example.com")
	carol.open(h.url+"/changes/CHG-2026-0001").says("It is canceled", "The operator : CANCEL canceled", "by the operator", "the vendor withdrew it")
	carol.open(h.url+"/changes/CHG-2026-0002").says("It is expired", "Nobody : no answer came in time expired")
}

// What can be looked at and saved holds nobody's token: neither the register nor
// its table, nor a change's page, whoever asks; a link to a ballot is no secret
// to its own person alone, on their page.
func TestNoPageShowsAToken(t *testing.T) {
	h := newHouse(t)
	h.proposes(2)
	var tokens []string
	for _, sent := range h.Provider.Sent() {
		m, err := stage.Read(sent.Raw)
		h.must(err)
		tokens = append(tokens, regexp.MustCompile(`\b[a-z2-7]{26}\b`).FindAllString(strings.Join([]string{m.ReplyTo, m.Text, m.HTML}, "\n"), -1)...)
	}
	if len(tokens) < 4 {
		t.Fatalf("%d tokens left", len(tokens))
	}
	for _, who := range []string{"cto@example.com", "dev2@example.com", "lead@example.com"} {
		v := h.signedIn(who)
		for _, path := range []string{"/changes", "/changes.csv", "/changes/CHG-2026-0001", "/changes/CHG-2026-0002", "/ballots"} {
			v.open(h.url + path).is(http.StatusOK)
			for _, token := range tokens {
				if strings.Contains(strings.ToLower(v.page), token) {
					t.Errorf("%s sees the token %s on %s", who, token, path)
				}
			}
		}
	}
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Beside who is waited for stands until when they are away, and beside the mail
// that it came back.
func TestAwayAndReturned(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	ballot := h.latest("cto@example.com", policy.AskAuthorization)
	h.must(h.Write(stage.Letter{From: "cto@example.com", Subject: "Out of office", Body: "I am away until Friday 27 November <script>alert(1)</script>.\n"}))
	h.must(h.Write(stage.Letter{From: "mailer-daemon@example.com", Subject: "failure notice", Body: "Hi. This is the qmail-send program.\n\n<cto@example.com>:\nSorry, <b>no</b> mailbox here by that name. (#5.1.1)\n\n" +
		"--- Below this line is a copy of the message.\n\nMessage-ID: <" + ballot.MessageID + ">\n"}))
	h.step()
	h.signedIn("lead@example.com").open(h.url+"/changes/CHG-2026-0001").says(
		"Waiting for Carol Tremblay to authorize it", "; away until Fri 27 November, says an automatic reply",
		"could not be delivered: it came back: Sorry, <b>no</b> mailbox here by that name. (#5.1.1)", // as a reader sees it
		"Somebody: automatic; nobody wrote it",
	)
}
