package web_test

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/browser"
	"github.com/countersign/countersign/policy"
)

// A tab is a real Chromium with one page open.
type tab struct {
	*browser.Browser
	h *house
}

func (h *house) chromium(screen browser.Screen) *tab {
	h.t.Helper()
	b, err := browser.Start(h.t.Context())
	h.must(err)
	h.t.Cleanup(b.Close)
	h.must(b.Show("about:blank", screen))
	return &tab{b, h}
}

func (b *tab) must(err error) { b.h.t.Helper(); b.h.must(err) }

// open, click, fill, press and goOn are what a person does.
func (b *tab) open(url string)       { b.h.t.Helper(); b.must(b.Open(url)) }
func (b *tab) click(css string)      { b.h.t.Helper(); b.must(b.Click(css)) }
func (b *tab) fill(css, text string) { b.h.t.Helper(); b.must(b.Fill(css, text)) }

func (b *tab) goOn(css string) {
	b.h.t.Helper()
	_, err := b.Go(css)
	b.must(err)
}

// says fails unless all of it can be read on the page.
func (b *tab) says(all ...string) {
	b.h.t.Helper()
	text, err := b.Text("main")
	b.must(err)
	for _, words := range all {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(words)) {
			b.h.t.Errorf("the page does not say %q:\n%s", words, text)
		}
	}
}

// answer is where the form of an answer is on the page.
func answer(keyword string) string {
	return `details:has(input[name=answer][value="` + keyword + `"])`
}

// send fills in the form of an answer, or the only one on the page, as a person
// does, and sends it. It gives the status of what comes then.
func (b *tab) send(keyword string, fields, files map[string]string) (status int) {
	b.h.t.Helper()
	form := answer(keyword)
	if n, err := b.Count(form); err != nil || n == 0 {
		b.must(err)
		form = "main form"
	} else if open, err := b.Count(form + "[open]"); err != nil || open == 0 {
		b.must(err)
		b.click(form + " > summary")
	}
	for name, value := range fields {
		b.enter(form+` [name="`+name+`"]`, value)
	}
	for name, content := range files {
		file := filepath.Join(b.h.t.TempDir(), name)
		b.must(os.WriteFile(file, []byte(content), 0o600))
		b.must(b.Attach(form+" [name=files]", file))
	}
	status, err := b.Go(form + " button.first")
	b.must(err)
	return status
}

// enter gives a field its value: typed, chosen from a list, or clicked on.
func (b *tab) enter(css, value string) {
	b.h.t.Helper()
	kind, err := browser.Evaluate[string](b.Browser, fmt.Sprintf("document.querySelector(%q).type", css))
	b.must(err)
	switch kind {
	case "radio", "checkbox":
		b.click(css + `[value="` + value + `"]`)
	case "select-one":
		b.must(b.Choose(css, value))
	default:
		b.fill(css, value)
	}
}

var phone = browser.Screen{Width: 360, Dark: true}

// On a phone, at night, with scripts turned off: Carol forgets the risk, is told,
// mistypes the code, and authorizes the change.
func TestCarolApprovesOnHerPhone(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	b := h.chromium(phone)
	b.must(b.Scripts(false))
	b.open(h.link("cto@example.com", policy.AskAuthorization))
	b.says("Your answer", "replication is rebuilt")
	form := answer("APPROVE")
	b.click(form + " > summary")
	b.fill("#approve-justification", "support ends; agreed")
	b.fill("#approve-security-impact", "none, same network")
	b.fill("#approve-rollback", "as proposed")
	b.goOn(form + " button.first")
	b.says("Nothing was decided yet", "low, medium or high")
	b.click(form + ` input[name=Risk][value=medium]`)
	b.fill("#approve-risk-why", "the rebuild is rehearsed")
	b.goOn(form + " button.first")
	b.says("Type the code from your mail", "none, same network", "the rebuild is rehearsed")
	h.stands(policy.StateProposed)
	code := h.code("cto@example.com", policy.CodeAnswer)
	b.fill("#code", wrongCode(code))
	b.goOn("main button.first")
	b.says("That is not the code")
	b.fill("#code", code)
	b.goOn("main button.first")
	b.says("Your answer is counted: you approved", "A receipt is on its way")
	h.stands(policy.StateAuthorized)
}

// Ivan has no mouse: he opens the form, fills it in and confirms with keys alone.
func TestIvanRefusesWithKeysAlone(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stageLetter(strings.Replace(sampleProposal, "software technology", "cybersecurity", 1))))
	h.step()
	b := h.chromium(browser.Screen{Width: 1024})
	b.open(h.link("itd@example.com", policy.AskAuthorization))
	b.tabTo("REJECT to refuse")
	b.must(b.Press("\r")) // opens it
	b.must(b.Press("\t"))
	b.must(b.Press("not before the audit"))
	b.must(b.Press("\t"))
	_, err := b.PressToGo("\r")
	b.must(err)
	b.says("Type the code from your mail", "not before the audit")
	b.must(b.Press(h.code("itd@example.com", policy.CodeAnswer))) // the field has the focus
	_, err = b.PressToGo("\r")
	b.must(err)
	b.says("Your answer is counted: you refused")
	h.stands(policy.StateRejected)
}

// tabTo presses the tab key until what has the focus reads so.
func (b *tab) tabTo(words string) {
	b.h.t.Helper()
	for range 60 {
		b.must(b.Press("\t"))
		text, err := browser.Evaluate[string](b.Browser, `document.activeElement.textContent.replace(/\s+/g, " ").trim()`)
		b.must(err)
		if text == words {
			return
		}
	}
	b.h.t.Fatalf("no tab leads to %q", words)
}

// Security software opens every link of every mail, in a real browser, with
// scripts on, follows where that leads, and sends no form: nothing happens, though
// a code and a link to sign in are on their way.
func TestScannersOpenEveryLink(t *testing.T) {
	h := newHouse(t)
	h.must(h.Write(stageLetter(strings.Replace(sampleProposal, "Risk: medium", "Risk: rather medium", 1) + "Major: yes, it is our backend\n")))
	h.step()
	for _, said := range []struct {
		who  string
		kind policy.NoticeKind
		text string
	}{
		{"lead@example.com", policy.AskCorrection, "Risk: medium, because replication is rebuilt\n"},
		{"cto@example.com", policy.AskAuthorization, "ASK: Who watches replication?\n"},
		{"lead@example.com", policy.AskQuestion, "Ian.\n"},
		{"cto@example.com", policy.AskAuthorization, approval},
		{"dev1@example.com", policy.AskOffer, "IMPLEMENTED\nVersion: 17\nDone at: today\nNotes: done\n"},
		{"qa1@example.com", policy.AskTest, "PASS\nEvidence: 412 of 412 passed\n"},
		{"dev1@example.com", policy.AskRelease, "RELEASED\nReleased at: today, 20:00\n"},
	} {
		h.said(said.who, said.kind, said.text)
	}
	h.stands(policy.StateReleased)
	page := h.visitor().open(h.link("cto@example.com", policy.AskCheck))
	page.send("REWORK", map[string]string{"Reason": "latency has doubled"}).says("Type the code")
	h.visitor().open(h.url+"/sign-in").send("", map[string]string{"address": "itd@example.com"}).is(http.StatusOK)
	h.Clock.Advance(8 * 24 * time.Hour) // reminders, and all that waits
	h.step()
	h.step()

	b := h.chromium(browser.Screen{Width: 1024})
	before := h.everything()
	opened := map[string]bool{}
	for _, p := range h.Configured().People {
		for _, m := range h.Inbox(p.Addresses[0]) {
			for _, link := range links.FindAllString(html.UnescapeString(m.Text+" "+m.HTML), -1) {
				if strings.HasPrefix(link, h.url) && !opened[link] {
					b.open(link)
					opened[link] = true
				}
			}
		}
	}
	h.step()
	h.unchanged(before, "opening every link of every mail")
	if len(opened) < 9 { // seven ballots, the change, the sign-in
		t.Errorf("only %d links were opened: %v", len(opened), opened)
	}
}

// Carol signs in by the link in her mail and finds a change among others.
func TestCarolFindsAChange(t *testing.T) {
	h := newHouse(t)
	h.proposed()
	h.must(h.Write(stageLetter(strings.Replace(sampleProposal, "Upgrade PostgreSQL 15 to 17", "Renew the certificate", 1))))
	h.step()
	h.said("cto@example.com", policy.AskAuthorization, "REJECT: not before the audit\n")
	b := h.chromium(phone)
	b.open(h.url + "/changes")
	b.says("who have signed in")
	b.fill("#address", "cto@example.com")
	b.goOn("main button.first")
	b.h.step()
	b.open(h.link("cto@example.com", policy.CodeSignIn))
	b.goOn("main button.first")
	b.says("My ballots", "CHG-2026-0001")
	b.open(h.url + "/changes")
	b.says("CHG-2026-0001", "CHG-2026-0002")
	b.fill("#text", "certif")
	b.click("details.more > summary")
	b.click(`input[name=state][value=rejected]`)
	b.goOn("main button.first")
	b.says("Renew the certificate", "rejected")
	if n, err := b.Count("table.register tbody tr"); err != nil || n != 1 {
		t.Errorf("%d changes are found, %v", n, err)
	}
	b.goOn("table.register tbody a")
	b.says("Renew the certificate", "not before the audit", "by mail, with the token of the ballot")
}
