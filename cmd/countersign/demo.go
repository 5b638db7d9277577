package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	records "github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

type demoCmd struct{}

// Run plays three changes, and the digest of their month, on a company of its own: a Postgres to throw away, a
// mail provider in this process, and the daemon as it is. Nothing leaves the
// machine. Who writes what stands in demo_story.go.
func (*demoCmd) Run(g *globals) (err error) {
	cluster, err := pg.Start(g.ctx)
	if err != nil {
		return hinted(err, "The demo needs the programs of Postgres: apt-get install postgresql.")
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	owner, app, drop, err := cluster.Database(g.ctx)
	if err != nil {
		return err
	}
	defer drop()
	wiki := confluence.New(confluence.Options{User: "countersign@example.com", Token: "demo", Name: "Change management"})
	if err := wiki.Start(); err != nil {
		return fmt.Errorf("starting a Confluence: %w", err)
	}
	defer func() { err = errors.Join(err, wiki.Close()) }()
	s, err := stage.New(g.ctx, stage.Options{OwnerURL: owner, AppURL: app, Start: demoStart, Proof: demoProof, Wiki: &stage.Wiki{
		Flavor: string(confluence.Cloud), URL: wiki.URL(), User: wiki.User, Token: wiki.Token, Register: "Register of changes",
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d := &demo{ctx: g.ctx, out: g.stdout, stage: s, wiki: wiki}
	if _, err := s.Step(g.ctx); err != nil { // the policy owner is told of the directory
		return err
	}
	for i, act := range demoStory {
		if err := d.play(i+1, act); err != nil {
			return fmt.Errorf("playing %q: %w", act.title, err)
		}
	}
	if err := d.month(); err != nil {
		return err
	}
	if err := d.published(); err != nil {
		return err
	}
	return d.record(g)
}

// demoStart is the morning the demo plays on, so that it says the same each
// time.
var demoStart = time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)

// demoProof is how senders are proven: the company's own mail server says what it
// found out.
const demoProof = "own-mta"

// An act is one change of the story.
type act struct {
	title string
	steps []scene
}

// A scene is one mail somebody writes, and where the change stands after it.
type scene struct {
	at      string            // local time
	story   string            // what happens, a sentence
	by      string            // who writes, by id
	to      policy.NoticeKind // the mail it answers; empty for a new one
	subject string
	text    string
	headers []string
	files   map[string]string
	found   stage.Verdict     // what the company's mail server finds out about it; that it is theirs, if empty
	told    policy.NoticeKind // what the person in From must get at least
	change  string            // the change's number, and
	state   policy.State      // its state afterwards
}

// A demo is a story being played.
type demo struct {
	ctx   context.Context
	out   io.Writer
	stage *stage.Stage
	wiki  *confluence.Site
}

const rule = "────────────────────────────────────────────────────────────────────────"

func (d *demo) play(n int, a act) error {
	fmt.Fprintf(d.out, "\n%s\n  %d. %s\n%s\n", rule, n, a.title, rule)
	for _, step := range a.steps {
		if err := d.step(step); err != nil {
			return err
		}
	}
	return nil
}

// month lets the month end: on the first working day of the next one, higher
// management is told what came of it.
func (d *demo) month() error {
	fmt.Fprintf(d.out, "\n%s\n  The month, told to higher management\n%s\n", rule, rule)
	calendar := d.stage.Configured().Calendar
	played := calendar.Month(demoStart)
	morning := calendar.DigestDue(played)
	d.stage.Clock.Set(morning)
	fmt.Fprintf(d.out, "\n▶ %s: The first working day of the next month begins. Nobody does anything.\n",
		morning.In(calendar.Location).Format("Mon 2 January, 15:04"))
	mails, err := d.stage.Step(d.ctx)
	if err != nil {
		return err
	}
	d.received(mails)
	if !slices.ContainsFunc(mails, func(m stage.Received) bool { return m.Notice == policy.DigestMonth }) {
		return fmt.Errorf("nobody was told of %s", played.Name())
	}
	return nil
}

// excerpt is how many lines of a page are shown.
const excerpt = 24

// published shows the page of the first change, as a Confluence in this process
// has it.
func (d *demo) published() error {
	fmt.Fprintf(d.out, "\n%s\n  The published copy, in Confluence\n%s\n", rule, rule)
	c, err := d.stage.Store.Change(d.ctx, "CHG-2026-0001")
	if err != nil {
		return err
	}
	published, err := d.stage.Store.Publication(d.ctx, c.ID)
	if err != nil {
		return err
	}
	kept, err := d.wiki.Page(published.Page)
	if err != nil {
		return fmt.Errorf("looking at the page of %s: %w", c.Number, err)
	}
	lines := records.Lines(kept.Latest().Body)
	fmt.Fprintf(d.out, "\n  %s\n\n  │ %s\n  │\n", published.URL, kept.Title())
	d.indent("  │ ", strings.Join(lines[:min(excerpt, len(lines))], "\n"))
	if more := len(lines) - excerpt; more > 0 {
		fmt.Fprintf(d.out, "  │ [and %d more lines]\n", more)
	}
	fmt.Fprintf(d.out, "\n  ● %d pages, one for each change, and the register that lists them\n", len(d.wiki.Pages())-2)
	return nil
}

// step has somebody write, lets the daemon answer, and shows both.
func (d *demo) step(step scene) error {
	at, err := time.ParseInLocation("2006-01-02T15:04", step.at, d.stage.Configured().Calendar.Location)
	if err != nil {
		return err
	}
	d.stage.Clock.Set(at)
	l := stage.Letter{From: step.by + "@example.com", Subject: step.subject, Body: step.text, Headers: step.headers, Files: step.files}
	fmt.Fprintf(d.out, "\n▶ %s: %s\n", at.Format("Mon 2 January, 15:04"), step.story)
	if step.to != "" {
		to, ok := d.stage.Latest(l.From, step.to)
		if !ok {
			return fmt.Errorf("%s has no mail %s", step.by, step.to)
		}
		l = l.Reply(to)
	}
	d.written(step, l)
	raw, err := stage.Stamped(demoProof, cmp.Or(step.found, stage.Passes), d.stage.Compose(l))
	if err != nil {
		return err
	}
	if err := d.stage.Deliver(raw); err != nil {
		return err
	}
	mails, err := d.stage.Step(d.ctx)
	if err != nil {
		return err
	}
	d.received(mails)
	if step.told != "" && !slices.ContainsFunc(mails, func(m stage.Received) bool { return m.Notice == step.told && m.To == l.From }) {
		return fmt.Errorf("%s was not told: %s", step.by, step.told)
	}
	return d.stands(step)
}

// written shows what somebody typed; what their mail program quoted below it is
// left out.
func (d *demo) written(step scene, l stage.Letter) {
	fmt.Fprintf(d.out, "\n  %s writes to %s\n  Subject: %s\n", l.From, stage.Mailbox, l.Subject)
	for _, h := range step.headers {
		fmt.Fprintf(d.out, "  %s\n", h)
	}
	d.indent("  ✎ ", step.text)
	for name := range step.files {
		fmt.Fprintf(d.out, "  ✎ [attached: %s]\n", name)
	}
	if step.to != "" {
		fmt.Fprintln(d.out, "  ✎ [the mail it answers, quoted]")
	}
	if step.found == stage.Fails {
		fmt.Fprintf(d.out, "  ✎ [above it, the mail server writes: dmarc=fail]\n")
	}
}

// received shows each mail once, with everybody who got it.
func (d *demo) received(mails []stage.Received) {
	if len(mails) == 0 {
		fmt.Fprintln(d.out, "\n  Nobody gets a mail.")
	}
	shown := map[policy.NoticeKind]bool{}
	for _, m := range mails {
		if shown[m.Notice] && isDistribution(m.Notice) {
			fmt.Fprintf(d.out, "\n  ✉ the same to %s\n", m.To)
			continue
		}
		shown[m.Notice] = true
		fmt.Fprintf(d.out, "\n  ✉ to %s\n  │ Subject: %s\n  │\n", m.To, m.Subject)
		d.indent("  │ ", m.Text)
	}
}

func isDistribution(kind policy.NoticeKind) bool {
	return strings.HasPrefix(string(kind), "everyone-") || strings.HasPrefix(string(kind), "g7-")
}

func (d *demo) indent(mark, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		fmt.Fprintln(d.out, strings.TrimRight(mark+strings.TrimRight(line, "\n"), " "))
	}
}

// stands fails unless the change stands where the story says.
func (d *demo) stands(step scene) error {
	c, err := d.stage.Store.Change(d.ctx, step.change)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n  ● %s is %s\n", c.Name(), c.State)
	if c.State != step.state {
		return fmt.Errorf("%s is %s, not %s", c.Name(), c.State, step.state)
	}
	return nil
}

// record shows what is left for an auditor.
func (d *demo) record(g *globals) error {
	fmt.Fprintf(d.out, "\n%s\n  The record\n%s\n\n", rule, rule)
	here := *g
	here.Config = d.stage.ConfigPath()
	for _, verb := range []struct {
		name string
		run  interface{ Run(*globals) error }
	}{
		{"list --all", &listCmd{All: true}},
		{"show CHG-2026-0001", &showCmd{Change: "CHG-2026-0001"}},
		{"records status", &recordsStatusCmd{}},
		{"rebuild --check", &rebuildCmd{Check: true}},
	} {
		fmt.Fprintf(d.out, "$ countersign %s\n\n", verb.name)
		if err := verb.run.Run(&here); err != nil {
			return err
		}
		fmt.Fprintln(d.out)
	}
	return nil
}
