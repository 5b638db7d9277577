package web_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// Carol confirms on the page at the moment at which her mail, and the page in her
// other browser, say the opposite: one of the three counts, and the others are
// told so.
func TestPageAndMailAtOnce(t *testing.T) {
	for range 5 {
		h := newHouse(t)
		h.proposed()
		first, second := h.visitor(), h.visitor()
		codes := map[*visitor]string{}
		for v, reason := range map[*visitor]string{first: "not before the audit", second: "not during the audit"} {
			v.open(h.link("cto@example.com", policy.AskAuthorization)).send("REJECT", map[string]string{"Reason": reason}).is(http.StatusOK)
			codes[v] = h.code("cto@example.com", policy.CodeAnswer)
		}
		approve := "APPROVE\nJustification: support ends; agreed\nSecurity impact: none, same network\nRisk: low, rehearsed\nRollback: as proposed\n"
		h.must(h.Write(stage.Letter{From: "cto@example.com", Body: approve}.Reply(h.latest("cto@example.com", policy.AskAuthorization))))

		var all sync.WaitGroup
		for v, code := range codes {
			all.Go(func() { v.send("", typed(code)) })
		}
		all.Go(func() { h.step() })
		all.Wait()
		h.step()

		counted := 0
		for v := range codes {
			if v.status == http.StatusOK {
				counted++
				v.says("Your answer is counted")
			} else {
				v.is(http.StatusConflict).says("already decided by you")
			}
		}
		c := h.change()
		if byMail := c.State == policy.StateAuthorized; byMail != (counted == 0) || counted > 1 || !byMail && c.State != policy.StateRejected {
			t.Errorf("%d pages were counted, and the change is %s", counted, c.State)
		}
		h.rebuilds()
	}
}
