package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// monday is when every story of these tests begins: 09:00 in Toronto.
var monday = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

// A town is a stage whose configuration the verbs find in the environment.
type town struct {
	*stage.Stage
	t                *testing.T
	ownerURL, appURL string
}

func settle(t *testing.T) *town {
	t.Helper()
	owner, app := pgtest.Test(t)
	return settleOn(t, owner, app)
}

// settleOn is a town with the database.
func settleOn(t *testing.T, owner, app string) *town {
	t.Helper()
	return settleWith(t, stage.Options{OwnerURL: owner, AppURL: app, Start: monday})
}

func settleWith(t *testing.T, o stage.Options) *town {
	t.Helper()
	s, err := stage.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("COUNTERSIGN_CONFIG", s.ConfigPath())
	town := &town{s, t, o.OwnerURL, o.AppURL}
	town.step()
	return town
}

// run runs a verb on the town's clock.
func (o *town) run(args ...string) said {
	o.t.Helper()
	var out, errors bytes.Buffer
	c := cli{globals: globals{ctx: o.t.Context(), now: o.Clock.Now, stdout: &out, stderr: &errors}}
	code := c.run(args)
	return said{code, out.String(), errors.String()}
}

func (o *town) step() {
	o.t.Helper()
	if _, err := o.Step(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// write has somebody send a new mail, an hour later.
func (o *town) write(by, subject, body string) {
	o.t.Helper()
	o.send(stage.Letter{From: by + "@example.com", Subject: subject, Body: body})
}

// reply has somebody answer the latest mail of the kind that they got.
func (o *town) reply(by string, to policy.NoticeKind, body string) {
	o.t.Helper()
	o.send(stage.Letter{From: by + "@example.com", Body: body}.Reply(o.got(by, to)))
}

func (o *town) got(by string, kind policy.NoticeKind) stage.Received {
	o.t.Helper()
	m, ok := o.Latest(by+"@example.com", kind)
	if !ok {
		o.t.Fatalf("%s has no mail %s", by, kind)
	}
	return m
}

func (o *town) send(l stage.Letter) {
	o.t.Helper()
	o.Clock.Advance(time.Hour)
	if err := o.Write(l); err != nil {
		o.t.Fatal(err)
	}
	o.step()
}

// configure changes the configuration: each pair is what stands there and what
// shall.
func (o *town) configure(pairs ...string) {
	o.t.Helper()
	text, err := os.ReadFile(o.ConfigPath())
	if err != nil {
		o.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			o.t.Fatalf("%q does not stand in the configuration", pairs[i])
		}
	}
	o.rewrite(strings.NewReplacer(pairs...).Replace(string(text)))
}

const proposal = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027; 17 halves our vacuum windows
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
Window: 7 March 2026, 20:00 to 23:00
`

const approval = `APPROVE
Justification: support ends; agreed
Security impact: none, same network and same TLS
Risk: medium, the rebuild is rehearsed
Rollback: as proposed
`
