package play_test

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/play"
	"github.com/countersign/countersign/internal/testkit/browser"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A newcomer plays in a real browser.
type newcomer struct {
	*browser.Browser
	t     *testing.T
	stage *stage.Stage
	url   string
}

func sitDown(t *testing.T) *newcomer {
	t.Helper()
	ownerURL, appURL := pgtest.Test(t)
	page, pages := listen(t), listen(t)
	n := &newcomer{t: t, url: "http://" + page.Addr().String()}
	var err error
	n.stage, err = stage.New(t.Context(), stage.Options{
		OwnerURL: ownerURL, AppURL: appURL, Start: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC), WebURL: "http://" + pages.Addr().String(),
	})
	n.must(err)
	p, err := play.New(t.Context(), n.stage)
	n.must(err)
	for listener, handler := range map[net.Listener]http.Handler{page: p.Handler(), pages: p.Pages()} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go server.Serve(listener) //nolint:errcheck // it ends with the test
		t.Cleanup(func() { server.Close() })
	}
	t.Cleanup(func() { n.must(n.stage.Close()) })
	n.Browser, err = browser.Start(t.Context())
	n.must(err)
	t.Cleanup(n.Close)
	n.must(n.Show(n.url, browser.Screen{Width: 1024}))
	return n
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (n *newcomer) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// to follows a link or presses a button.
func (n *newcomer) to(css string) {
	n.t.Helper()
	_, err := n.Go(css)
	n.must(err)
}

func (n *newcomer) says(all ...string) {
	n.t.Helper()
	text, err := n.Text("body")
	n.must(err)
	for _, words := range all {
		if !strings.Contains(text, words) {
			n.t.Errorf("the page does not say %q:\n%s", words, text)
		}
	}
}

// reads opens the newest mail of somebody.
func (n *newcomer) reads(who string) {
	n.t.Helper()
	n.must(n.Open(n.url + "/m/" + who))
	n.to("main .mails a")
}

// answers replies to the newest mail of somebody.
func (n *newcomer) answers(who, text string) {
	n.t.Helper()
	n.reads(who)
	n.must(n.Fill("#text", text))
	n.to("main button.first")
}

func (n *newcomer) stands(state policy.State) {
	n.t.Helper()
	c, err := n.stage.Store.Change(n.t.Context(), "CHG-2026-0001")
	n.must(err)
	if c.State != state {
		n.t.Fatalf("the change is %s, not %s", c.State, state)
	}
}

var digits = regexp.MustCompile(`(?m)^ +([0-9]{6})$`)

// In five minutes: Lena's proposal is there to be sent; Carol asks by the button in
// her mail and authorizes on the page her mail links to; the others answer by
// reply; the clock is moved on; and in the end the change is closed.
func TestPlayOneChange(t *testing.T) {
	n := sitDown(t)
	n.says("Nobody is asked anything", "Monday 23 November 2026, 09:00")
	n.to("main .button")
	n.to("main button.first")
	n.says("Carol Tremblay is asked to authorize a change: CHG-2026-0001", "1 new")
	n.stands(policy.StateProposed)

	n.to("main .todo .button")
	n.to("main .mails a")
	n.must(n.Click("main details:first-of-type > summary"))
	n.to(`main details a[href*="ASK"]`) // the button of the mail writes one here
	n.must(n.Fill("#text", "ASK: Who watches replication?\n"))
	from, err := browser.Evaluate[string](n.Browser, `document.querySelector("#from").value + " " + document.querySelector("#to").value`)
	n.must(err)
	if !strings.HasPrefix(from, "cto@example.com changes+b-") {
		t.Errorf("the mail is written from and to %s", from)
	}
	n.to("main button.first")
	n.says("Lena Gagnon is asked a question")
	n.answers("lead@example.com", "Ian, the whole night.\n")

	n.reads("cto@example.com")
	n.must(n.Click("main details:first-of-type > summary"))
	n.to(`main details a[href^="` + pagesOf(n) + `/b/"]`)
	n.says("Your answer", "Ian, the whole night")
	form := `details:has(input[name=answer][value=APPROVE])`
	n.must(n.Click(form + " > summary"))
	for id, text := range map[string]string{"justification": "support ends; agreed", "security-impact": "none, same network", "risk-why": "rehearsed", "rollback": "as proposed"} {
		n.must(n.Fill("#approve-"+id, text))
	}
	n.must(n.Click(form + " input[name=Risk][value=low]"))
	n.to(form + " button.first")
	code, ok := n.stage.Latest("cto@example.com", policy.CodeAnswer)
	if !ok {
		t.Fatal("no code came")
	}
	n.must(n.Fill("#code", digits.FindStringSubmatch(code.Text)[1]))
	n.to("main button.first")
	n.says("Your answer is counted")
	n.stands(policy.StateAuthorized)

	for _, step := range []struct {
		who, text string
		state     policy.State
	}{
		{"dev1@example.com", "TAKE\n", policy.StateInProgress},
		{"dev1@example.com", "IMPLEMENTED\nVersion: pg17\nDone at: today, 16:00\nNotes: standby rebuilt\n", policy.StateImplemented},
		{"qa1@example.com", "PASS\nEvidence: 412 of 412 passed\n", policy.StateTested},
		{"dev1@example.com", "RELEASED\nReleased at: today, 20:00\n", policy.StateReleased},
		{"cto@example.com", "CONFIRM\nChecked: both nodes run 17\n", policy.StateChecked},
	} {
		n.answers(step.who, step.text)
		n.stands(step.state)
	}
	n.must(n.Open(n.url))
	n.to(`.clock button[value="to the next working morning"]`)
	n.says("Tuesday 24 November 2026, 09:00")
	n.answers("cto@example.com", "DOCUMENTED\nDocuments: Runbook billing-db / rev 14 / new version\n")
	n.stands(policy.StateClosed)
	n.must(n.Open(n.url))
	n.to(`.clock button[value="until the month is told to G7"]`)
	n.says("Tuesday 1 December 2026", "g7@example.com: ")
}

// pagesOf is where the daemon's own pages are.
func pagesOf(n *newcomer) string { return n.stage.Desk.Org.WebURL }

// What somebody sends with a mail program of their own comes in as well.
func TestMailProgramsCanLogIn(t *testing.T) {
	n := sitDown(t)
	if _, ok := n.stage.Latest("owner@example.com", policy.OwnerDirectory); !ok {
		t.Error("the policy owner was not told of the directory")
	}
	letter := stage.Letter{From: "lead@example.com", Subject: "?", Body: "HELP\n"}
	n.must(submit(n.stage, letter))
	n.must(n.Open(n.url))
	n.to(`.clock button[value="an hour on"]`)
	n.says("lead@example.com: ")
	n.reads("lead@example.com")
	n.must(n.Click("main details:last-of-type > summary"))
	n.says("Here is how to propose a change")
}
