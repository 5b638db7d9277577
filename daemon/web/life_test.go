package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A life is what people answer on their pages, in order.
type life []struct {
	who    string
	asked  policy.NoticeKind
	answer string // the keyword; none where the ballot needs none
	fields map[string]string
	files  map[string]string
	says   string // what can be read on the ballot's page before
	state  policy.State
}

// play has everybody answer on the page their mail names, in a real browser, and
// type the code.
func (h *house) play(l life) {
	h.t.Helper()
	b := h.chromium(phone)
	for _, step := range l {
		b.open(h.link(step.who, step.asked))
		b.says(step.says)
		b.send(step.answer, step.fields, step.files)
		if n, err := b.Count("#code"); err != nil || n > 0 { // not where they have just answered something else
			b.must(err)
			b.send("", typed(h.code(step.who, policy.CodeAnswer)), nil)
		}
		b.says("Your answer is counted")
		h.step()
		h.stands(step.state)
	}
}

// Every ballot of a change's life is answered on its page: a question and its
// answer, a test that fails and one that passes with the report attached, a
// change that is stopped and goes on, to its documents.
func TestAWholeLifeOnPages(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: strings.Replace(sampleProposal, "Rollback: promote the old standby, 20 minutes\n", "", 1)}))
	h.step()

	lena := h.chromium(phone)
	lena.open(h.link("lead@example.com", policy.AskCorrection))
	lena.says("what will be done if it fails", "Rollback is missing")
	lena.fill("#rollback", "n/a")
	lena.goOn("details[open] button.first")
	lena.says("Nothing was decided yet", "Rollback says only")
	lena.fill("#rollback", "promote the old standby, 20 minutes")
	lena.goOn("details[open] button.first")
	lena.says("Type the code")
	lena.send("", typed(h.code("lead@example.com", policy.CodeAnswer)), nil)
	lena.says("Your answer is counted")
	h.step()
	h.stands(policy.StateProposed)

	at := map[string]string{"Version": "17.2-1", "Done at": "today, 14:00", "Notes": "the standby is rebuilt"}
	h.play(life{
		{who: "cto@example.com", asked: policy.AskAuthorization, answer: "ASK", fields: map[string]string{"Question": "Who watches replication?"}, says: "15 leaves support", state: policy.StateProposed},
		{who: "lead@example.com", asked: policy.AskQuestion, fields: map[string]string{"Reply": "Ian, the whole night"}, says: "Who watches replication?", state: policy.StateProposed},
		{who: "cto@example.com", asked: policy.AskAuthorization, answer: "ALSO", fields: map[string]string{"Category": "cybersecurity", "Reason": "it holds card data"}, says: "Ian, the whole night", state: policy.StateProposed},
		{who: "cto@example.com", asked: policy.AskAuthorization, answer: "APPROVE", fields: assessment, says: "Ian, the whole night", state: policy.StateProposed},
		{who: "itd@example.com", asked: policy.AskAuthorization, answer: "APPROVE", fields: assessment, says: "it holds card data", state: policy.StateAuthorized},
		{who: "dev1@example.com", asked: policy.AskOffer, answer: "TAKE", says: "take the work", state: policy.StateInProgress},
		{who: "dev1@example.com", asked: policy.AskImplementation, answer: "IMPLEMENTED", fields: at, says: "report it done", state: policy.StateImplemented},
		{who: "qa1@example.com", asked: policy.AskTest, answer: "FAIL", fields: map[string]string{"Reason": "3 of 412 tests fail", "Version": "17.2-1"}, says: "17.2-1", state: policy.StateInProgress},
		{who: "dev1@example.com", asked: policy.AskImplementation, answer: "FAILED", fields: map[string]string{"Reason": "the collation differs", "Left as": "the standby runs 17, the primary 15"}, says: "3 of 412", state: policy.StateHeldUp},
		{who: "cto@example.com", asked: policy.AskDecision, answer: "CONTINUE", fields: map[string]string{"Implementer": "dev1"}, says: "the collation differs", state: policy.StateHeldUp},
		{who: "itd@example.com", asked: policy.AskDecision, answer: "CONTINUE", says: "the collation differs", state: policy.StateInProgress},
		{who: "dev1@example.com", asked: policy.AskImplementation, answer: "IMPLEMENTED", fields: map[string]string{"Version": "17.2-2", "Done at": "today, 16:00", "Notes": "collation pinned"}, says: "report it done", state: policy.StateImplemented},
		{who: "qa1@example.com", asked: policy.AskTest, answer: "PASS", fields: map[string]string{"Version": "17.2-2"}, files: map[string]string{"suite.txt": "412 of 412 passed\n"}, says: "Failed before", state: policy.StateTested},
		{who: "dev1@example.com", asked: policy.AskRelease, answer: "RELEASED", fields: map[string]string{"Released at": "today, 20:00", "Version": "17.2-2"}, says: "17.2-2", state: policy.StateReleased},
		{who: "cto@example.com", asked: policy.AskCheck, answer: "CONFIRM", fields: map[string]string{"Checked": "totals and latency since release"}, says: "confirm that it is as required", state: policy.StateReleased},
		{who: "itd@example.com", asked: policy.AskCheck, answer: "UNDO", fields: map[string]string{"Reason": "card data is logged"}, says: "confirm that it is as required", state: policy.StateUndoing},
		{who: "dev1@example.com", asked: policy.AskUndo, answer: "UNDONE", fields: map[string]string{"Undone at": "today, 22:00", "Notes": "the old standby is primary again"}, says: "card data is logged", state: policy.StateUndone},
		{who: "cto@example.com", asked: policy.AskCheck, answer: "CONFIRM", fields: map[string]string{"Checked": "15 runs as before"}, says: "confirm", state: policy.StateUndone},
		{who: "itd@example.com", asked: policy.AskCheck, answer: "CONFIRM", fields: map[string]string{"Checked": "no card data in any log"}, says: "confirm", state: policy.StateChecked},
		{who: "cto@example.com", asked: policy.AskDocuments, answer: "DOCUMENTED", fields: map[string]string{"Documents": "none, everything is as it was"}, says: "report the documents", state: policy.StateChecked},
		{who: "itd@example.com", asked: policy.AskDocuments, answer: "DOCUMENTED", fields: map[string]string{"Documents": "Recovery plan / 4.2 / rehearsal dates"}, says: "report the documents", state: policy.StateRolledBack},
	})
	h.rebuilds()
}

// rebuilds fails unless the record gives exactly what stands in the tables.
func (h *house) rebuilds() {
	h.t.Helper()
	report, err := h.Store.Rebuild(h.t.Context(), nil)
	h.must(err)
	for _, d := range report.Differences {
		h.t.Errorf("the record says otherwise: %s", d)
	}
}

// Carol reads while others act: the page tells her what became of her ballot, and
// what she typed is not lost.
func TestAPageThatWasOvertaken(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	slow := h.entered("cto@example.com") // she will type the code too late
	code := h.code("cto@example.com", policy.CodeAnswer)
	page := h.chromium(phone)
	page.open(h.link("cto@example.com", policy.AskAuthorization))
	h.said("cto@example.com", policy.AskAuthorization, "APPROVE\nJustification: support ends; agreed\nSecurity impact: none, same network\nRisk: low, rehearsed\nRollback: as proposed\n")
	h.stands(policy.StateAuthorized)

	if status := page.send("REJECT", map[string]string{"Reason": "I have changed my mind about it"}, nil); status != http.StatusConflict {
		t.Errorf("status %d", status)
	}
	page.says("already decided by you: you answered APPROVE", "I have changed my mind about it")
	slow.send("", typed(code)).is(http.StatusConflict).says("already decided by you", "not before the audit")
	h.stands(policy.StateAuthorized)
	h.visitor().open(h.link("cto@example.com", policy.AskAuthorization)).is(http.StatusOK).says("already decided by you", "What was answered Carol Tremblay APPROVE")
}

// The proposer amends the proposal: the link to the old ballot says so, and that
// of the new one offers what Carol has said before.
func TestALinkToAnOldRevision(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	old := h.link("cto@example.com", policy.AskAuthorization)
	page := h.chromium(phone)
	page.open(old)
	code := h.entered("cto@example.com")
	number := h.code("cto@example.com", policy.CodeAnswer)
	h.must(h.Write(stage.Letter{From: "lead@example.com", Body: "AMEND\nSystems: billing-db-1, billing-db-2, billing-db-3\n"}.Reply(h.latest("lead@example.com", policy.ReceiptProposed))))
	h.step()
	page.send("REJECT", map[string]string{"Reason": "not before the audit"}, nil)
	page.says("Your answer is about revision 1; the proposal has changed since", "not before the audit")
	code.send("", typed(number)).is(http.StatusConflict).says("Your answer is about revision 1")
	h.visitor().open(old).says("the proposal has changed since and stands at revision 2")
	fresh := h.link("cto@example.com", policy.AskAuthorization)
	if fresh == old {
		t.Fatal("the new ballot has the old link")
	}
	h.visitor().open(fresh).says("What has changed", "billing-db-3", "[before] billing-db-1, billing-db-2", "revision 2")
	h.stands(policy.StateProposed)
}

// Ivan takes Carol's place; her link says that she cannot answer any more.
func TestALinkOfSomebodyWhoLostTheRole(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	link := h.link("cto@example.com", policy.AskAuthorization)
	h.must(h.Reload(t.Context(), strings.Replace(strings.Replace(stage.Company, `roles = ["cto"]`, `teams = ["development"]`, 1), `roles = ["it-director"]`, `roles = ["it-director", "cto"]`, 1)))
	h.step()
	h.visitor().open(link).is(http.StatusOK).says("no longer asked")
}

// Asked a question, Lena amends the proposal instead, in the form that holds what
// it says now: what she changes is a new revision, and everybody is asked again.
func TestAmendOnThePage(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	h.said("cto@example.com", policy.AskAuthorization, "ASK: Is the third node left out on purpose?\n")
	b := h.chromium(phone)
	b.open(h.link("lead@example.com", policy.AskQuestion))
	b.click(answer("AMEND") + " > summary")
	b.fill("#amend-systems", "billing-db-1, billing-db-2, billing-db-3")
	b.goOn(answer("AMEND") + " button.first")
	b.says("Type the code", "billing-db-3")
	b.fill("#code", h.code("lead@example.com", policy.CodeAnswer))
	b.goOn("main button.first")
	b.says("Your answer is counted")
	h.step()
	c := h.change()
	if changed := policy.Changed(c.Revisions[0].Proposal, c.Proposal); c.Revision != 2 || len(changed) != 1 || changed[0] != policy.LabelSystems {
		t.Errorf("revision %d, changed are %q", c.Revision, changed)
	}
	if asked := h.All("cto@example.com", policy.AskAuthorization); len(asked) != 2 {
		t.Errorf("Carol was asked %d times", len(asked))
	}
}

// In an emergency the CTO authorizes alone; Ivan ratifies on the page.
func TestRatifyOnThePage(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stage.Letter{From: "cto@example.com", Subject: "Now", Body: sampleProposal + "Urgency: emergency\n"}))
	h.step()
	h.play(life{
		{who: "cto@example.com", asked: policy.AskAuthorization, answer: "APPROVE", fields: assessment, says: "This is an emergency", state: policy.StateAuthorized},
		{who: "itd@example.com", asked: policy.AskRatification, answer: "RATIFY", fields: map[string]string{"Notes": "the disk was full"}, says: "emergency", state: policy.StateAuthorized},
	})
	h.rebuilds()
}
