package web_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A house is a company with pages: people write and are written to, and open
// their pages.
type house struct {
	*stage.Stage
	t   *testing.T
	url string
	db  string // of the owner
}

var morning = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

// newHouse opens a company with its pages on this machine.
func newHouse(t *testing.T) *house {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return openHouse(t, listener, "http://"+listener.Addr().String())
}

func openHouse(t *testing.T, listener net.Listener, url string) *house {
	t.Helper()
	h := &house{t: t, url: url}
	ownerURL, appURL := pgtest.Test(t)
	h.db = ownerURL
	var err error
	h.Stage, err = stage.New(t.Context(), stage.Options{OwnerURL: ownerURL, AppURL: appURL, Start: morning, WebURL: h.url})
	h.must(err)
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Web.Handler().ServeHTTP(w, r) }) // of the daemon that runs
	server := &http.Server{Handler: pages, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(func() {
		server.Close()
		h.must(h.Close())
	})
	h.step()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// step lets the daemon take a breath.
func (h *house) step() []stage.Received {
	h.t.Helper()
	mails, err := h.Step(context.Background())
	h.must(err)
	return mails
}

const sampleProposal = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite
Implementer: dev1@example.com
Tester: qa1@example.com
`

// proposed has the Development Team Leader propose a change.
func (h *house) proposed() {
	h.t.Helper()
	h.must(h.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: sampleProposal}))
	h.step()
}

// said has somebody answer their latest mail of the kind by mail.
func (h *house) said(who string, kind policy.NoticeKind, text string) {
	h.t.Helper()
	h.must(h.Write(stage.Letter{From: who, Body: text}.Reply(h.latest(who, kind))))
	h.step()
}

func (h *house) latest(who string, kind policy.NoticeKind) stage.Received {
	h.t.Helper()
	m, ok := h.Latest(who, kind)
	if !ok {
		h.t.Fatalf("%s has no mail %s", who, kind)
	}
	return m
}

var (
	links = regexp.MustCompile(`https?://[^\s"<>]+`)
	six   = regexp.MustCompile(`(?m)^ +([0-9]{6})$`)
)

// link is the address of the page in somebody's latest mail of the kind.
func (h *house) link(who string, kind policy.NoticeKind) string {
	h.t.Helper()
	for _, link := range links.FindAllString(h.latest(who, kind).Text, -1) {
		if strings.HasPrefix(link, h.url) {
			return link
		}
	}
	h.t.Fatalf("no page is named in %s to %s", kind, who)
	return ""
}

// code is the code in somebody's latest mail with one, after what is owed has been sent.
func (h *house) code(who string, kind policy.NoticeKind) string {
	h.t.Helper()
	h.step()
	found := six.FindStringSubmatch(h.latest(who, kind).Text)
	if found == nil {
		h.t.Fatalf("no code is in the mail to %s:\n%s", who, h.latest(who, kind).Text)
	}
	return found[1]
}

// change is the only change there is.
func (h *house) change() policy.Change {
	h.t.Helper()
	c, err := h.Store.Change(context.Background(), "CHG-2026-0001")
	h.must(err)
	return c
}

// stands fails unless the change is in the state.
func (h *house) stands(state policy.State) {
	h.t.Helper()
	if c := h.change(); c.State != state {
		h.t.Fatalf("the change is %s, not %s", c.State, state)
	}
}

// stageLetter is a proposal by the Development Team Leader.
func stageLetter(body string) stage.Letter {
	return stage.Letter{From: "lead@example.com", Subject: "A change", Body: body}
}
