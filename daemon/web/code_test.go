package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// entered is a browser in which somebody has refused the change with the ballot
// they were mailed, before the code was typed.
func (h *house) entered(who string) *visitor {
	h.t.Helper()
	v := h.visitor().open(h.link(who, policy.AskAuthorization)).is(http.StatusOK)
	return v.send("REJECT", map[string]string{"Reason": "not before the audit"}).is(http.StatusOK).says("Type the code")
}

func typed(code string) map[string]string { return map[string]string{"code": code} }

// Five wrong codes, and the right one is no longer good.
func TestACodeCanBeTriedFiveTimes(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	carol := h.entered("cto@example.com")
	code := h.code("cto@example.com", policy.CodeAnswer)
	for _, wrong := range []string{wrongCode(code), "", "not a code", wrongCode(code)} {
		carol.send("", typed(wrong)).is(http.StatusUnprocessableEntity).says("That is not the code")
	}
	carol.send("", typed(wrongCode(code))).is(http.StatusUnprocessableEntity)
	carol.says("tried too often")
	carol.open(carol.at.String()).says("Nothing was decided", "no longer good")
	h.stands(policy.StateProposed)
}

// A quarter of an hour later the code is no longer good; answering again brings
// another.
func TestACodeLapses(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	reason := map[string]string{"Reason": "not before the audit"}
	carol := h.chromium(phone)
	carol.open(h.link("cto@example.com", policy.AskAuthorization))
	carol.send("REJECT", reason, nil)
	code := h.code("cto@example.com", policy.CodeAnswer)
	h.Clock.Advance(15 * time.Minute)
	carol.send("", typed(code), nil)
	carol.says("too long ago", "Nothing was decided")
	h.stands(policy.StateProposed)
	carol.open(h.link("cto@example.com", policy.AskAuthorization))
	carol.send("REJECT", reason, nil)
	carol.send("", typed(h.code("cto@example.com", policy.CodeAnswer)), nil)
	carol.says("Your answer is counted")
	h.stands(policy.StateRejected)
}

// A code read over Carol's shoulder is of no use in another browser, for another
// answer, or for another thing.
func TestACodeIsForOneBrowserAndOneAnswer(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	first := h.entered("cto@example.com")
	code := h.code("cto@example.com", policy.CodeAnswer)
	thief := h.visitor()
	thief.open(first.at.String()).is(http.StatusNotFound).says("another browser")

	second := h.entered("cto@example.com") // of somebody who has the link as well
	second.send("", typed(code)).is(http.StatusUnprocessableEntity).says("That is not the code")
	ask := h.visitor().open(h.url + "/sign-in")
	ask.send("", map[string]string{"address": "cto@example.com"})
	ask.send("", typed(code)).says("That is not the code")
	h.stands(policy.StateProposed)
	first.send("", typed(code)).says("Your answer is counted")
}

// Ten codes a day are mailed to a person for answers, and as many to sign in: who
// has the one spent cannot keep them from the other.
func TestTenCodesADay(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	for range 10 {
		ask := h.visitor().open(h.url + "/sign-in")
		ask.send("", map[string]string{"address": "cto@example.com"}).says("If the address you typed is registered")
	}
	h.step()
	ask := h.visitor().open(h.url + "/sign-in")
	ask.send("", map[string]string{"address": "cto@example.com"}).says("If the address you typed is registered")
	h.step()
	if n := len(h.All("cto@example.com", policy.CodeSignIn)); n != 10 {
		t.Errorf("%d codes to sign in were mailed", n)
	}
	for range 10 {
		h.entered("cto@example.com")
	}
	link := h.link("cto@example.com", policy.AskAuthorization)
	h.visitor().open(link).send("REJECT", map[string]string{"Reason": "not before the audit"}).is(http.StatusConflict).says("10 codes were mailed to you in a day", "Answer by a reply")
	h.step()
	if n := len(h.All("cto@example.com", policy.CodeAnswer)); n != 10 {
		t.Errorf("%d codes were mailed", n)
	}
	h.Clock.Advance(24*time.Hour + time.Second)
	h.entered("cto@example.com")
}

// Nobody is told whose address is registered here.
func TestSigningInTellsNothingOfOthers(t *testing.T) {
	h := newHouse(t)
	known, unknown := h.visitor().open(h.url+"/sign-in"), h.visitor().open(h.url+"/sign-in")
	known.send("", map[string]string{"address": "cto@example.com"})
	unknown.send("", map[string]string{"address": "stranger@example.net"})
	if known.text() != unknown.text() || known.status != unknown.status {
		t.Errorf("one is told\n%s\nthe other\n%s", known.text(), unknown.text())
	}
	known.send("", typed("000000"))
	unknown.send("", typed("000000"))
	if known.text() != unknown.text() || known.status != unknown.status {
		t.Errorf("one is told\n%s\nthe other\n%s", known.text(), unknown.text())
	}
	if mails := h.step(); len(mails) != 1 {
		t.Errorf("%d mails left", len(mails))
	}
}

// The mailed link shows a button; the button signs that browser in, once.
func TestSignInByLink(t *testing.T) {
	h := newHouse(t)
	ask := h.visitor().open(h.url + "/sign-in")
	ask.send("", map[string]string{"address": "cto@example.com"})
	h.step()
	link := h.link("cto@example.com", policy.CodeSignIn)
	phone, late := h.visitor().open(link).says("Press the button"), h.visitor().open(link)
	phone.send("", nil)
	if !strings.Contains(phone.page, "Carol Tremblay") {
		t.Errorf("she is not signed in:\n%s", phone.page)
	}
	late.send("", nil).is(http.StatusUnprocessableEntity).says("no longer good")
	wrong := h.visitor().open(link[:len(link)-1] + "x").says("Press the button")
	wrong.send("", nil).is(http.StatusUnprocessableEntity)

	phone.open(h.url + "/changes")
	phone.page = "<main " + phone.page // the button to sign out stands above
	phone.send("", nil).says("Type your address")
	if strings.Contains(phone.open(h.url+"/ballots").page, "Carol Tremblay") {
		t.Error("she is still signed in")
	}
}

// A session ends with its hours, and with its person's address in the directory.
func TestASessionEnds(t *testing.T) {
	h := newHouse(t)
	signedIn := func(v *visitor) bool { return strings.Contains(v.open(h.url+"/sign-in").page, "Carol Tremblay") }
	carol := h.asCarol()
	h.Clock.Advance(12*time.Hour - time.Second)
	if !signedIn(carol) {
		t.Error("she is signed out too early")
	}
	h.Clock.Advance(time.Second)
	if signedIn(carol) {
		t.Error("she is signed in for more than twelve hours")
	}
	carol = h.asCarol()
	h.must(h.Reload(t.Context(), strings.ReplaceAll(stage.Company, "cto@example.com", "carol.new@example.com")))
	if signedIn(carol) {
		t.Error("she is still signed in, by an address that is no longer hers")
	}
}
