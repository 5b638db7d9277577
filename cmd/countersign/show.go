package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type showCmd struct {
	Change string `arg:"" placeholder:"CHG" help:"The change's number, such as CHG-2026-0042, or a draft's."`
	JSON   bool   `name:"json" help:"Answer in JSON."`
}

// A shown change is what show --json prints: a documented interface, to which
// fields are only added.
type shown struct {
	Number     string          `json:"number"`
	State      policy.State    `json:"state"`
	Revision   int             `json:"revision"`
	Title      string          `json:"title"`
	Proposer   policy.PersonID `json:"proposer"`
	Hash       string          `json:"hash"`
	Proposal   policy.Form     `json:"proposal"`
	Decisions  []decision      `json:"decisions"`
	WaitingFor []waitingFor    `json:"waiting_for"`
	Marks      []policy.Mark   `json:"marks"`
	Told       []string        `json:"told"` // who got the distribution (7)
	Mails      []mailed        `json:"mails"`
	Events     []recorded      `json:"events"`
}

// A decision is one ballot that was answered.
type decision struct {
	Ballot   policy.BallotKind `json:"ballot"`
	Revision int               `json:"revision"`
	Answer   policy.Keyword    `json:"answer"`
	Person   policy.PersonID   `json:"person"`
	For      policy.PersonID   `json:"for,omitempty"`
	At       time.Time         `json:"at"`
	Proof    string            `json:"proof"`
	Fields   policy.Form       `json:"fields,omitempty"`
	Files    []policy.File     `json:"files,omitempty"`
}

type waitingFor struct {
	Person policy.PersonID   `json:"person"`
	Ballot policy.BallotKind `json:"ballot"`
	Since  time.Time         `json:"since"`
	Due    time.Time         `json:"due"`
}

type mailed struct {
	Notice    string    `json:"notice"`
	Recipient string    `json:"recipient"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	Error     string    `json:"error,omitempty"`
}

type recorded struct {
	Seq     int64           `json:"seq"`
	At      time.Time       `json:"at"`
	Kind    string          `json:"kind"`
	Hash    string          `json:"hash"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Run shows one change: what was proposed, who decided what and how that was
// proven, who is waited for, whom we wrote to.
func (s *showCmd) Run(g *globals) error {
	store, location, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // it only read
	change, err := store.Change(g.ctx, s.Change)
	if errors.Is(err, storage.ErrNotFound) {
		return &failure{err: fmt.Errorf("there is no change %s", s.Change), hint: "countersign list --all shows every change.", code: exitNo}
	}
	if err != nil {
		return err
	}
	answer, err := g.show(store, change)
	if err != nil {
		return err
	}
	if s.JSON {
		return printJSON(g.stdout, answer)
	}
	return printChange(g.stdout, answer, change, location)
}

func (g *globals) show(store *storage.Store, c policy.Change) (shown, error) {
	s := shown{
		Number: c.Name(), State: c.State, Revision: c.Revision, Title: c.Title(), Proposer: c.Proposer, Hash: c.Hash,
		Proposal: c.Form, Decisions: []decision{}, WaitingFor: []waitingFor{}, Marks: c.Marks, Told: c.Release.Addresses,
	}
	if c.Revision > 0 {
		s.Proposal = c.Proposal.Values()
	}
	for _, p := range c.Release.People {
		s.Told = append(s.Told, string(p))
	}
	for _, b := range c.Ballots {
		switch {
		case b.Open():
			s.WaitingFor = append(s.WaitingFor, waitingFor{Person: b.Person, Ballot: b.Kind, Since: b.Issued, Due: b.Due})
		case b.Status == policy.BallotCast:
			s.Decisions = append(s.Decisions, decision{
				Ballot: b.Kind, Revision: b.Revision, Answer: b.Answer.Keyword, Person: b.Answer.By, For: b.For,
				At: b.Answer.At, Proof: b.Answer.Proof, Fields: b.Answer.Fields, Files: b.Answer.Files,
			})
		}
	}
	mails, err := store.Outbox(g.ctx, c.ID)
	if err != nil {
		return s, err
	}
	for _, m := range mails {
		s.Mails = append(s.Mails, mailed{Notice: m.Notice, Recipient: m.Recipient, State: m.State, At: m.At, Error: m.LastError})
	}
	events, err := store.Events(g.ctx, c.ID)
	for _, e := range events {
		s.Events = append(s.Events, recorded{Seq: e.Seq, At: e.At, Kind: e.Kind, Hash: fmt.Sprintf("%x", e.Hash), Payload: e.Payload})
	}
	return s, err
}

// printChange writes the change for a person at a terminal.
func printChange(out io.Writer, s shown, c policy.Change, location *time.Location) error {
	fmt.Fprintf(out, "%s  %s\n%s, revision %d (%s)", s.Number, s.Title, s.State, s.Revision, policy.ShortHash(s.Hash))
	if c.Held.Why != "" {
		fmt.Fprintf(out, "\nheld up: %s", c.Held.Why)
	}
	for _, m := range s.Marks {
		fmt.Fprintf(out, "\nmarked %s: %s", m.Kind, m.Text)
	}
	fmt.Fprint(out, "\n\nProposal\n")
	printForm(out, s.Proposal)
	if len(s.Decisions) > 0 {
		fmt.Fprint(out, "\nDecisions\n")
	}
	for _, d := range s.Decisions {
		who := string(d.Person)
		if d.For != "" {
			who += " for " + string(d.For)
		}
		answer := string(d.Answer)
		if answer == "" {
			answer = "answered"
		}
		fmt.Fprintf(out, "  %s  %s by %s (%s, proven by %s)\n", day(d.At, location), answer, who, d.Ballot, d.Proof)
		printForm(out, d.Fields)
		for _, f := range d.Files {
			fmt.Fprintf(out, "    attached %s, %d bytes, SHA-256 %.12s…\n", f.Name, f.Size, f.SHA256)
		}
	}
	if len(s.WaitingFor) > 0 {
		fmt.Fprint(out, "\nWaiting for\n")
	}
	for _, w := range s.WaitingFor {
		fmt.Fprintf(out, "  %s: %s, since %s, due %s\n", w.Person, w.Ballot, day(w.Since, location), day(w.Due, location))
	}
	printMails(out, s.Mails, location)
	return nil
}

func printForm(out io.Writer, f policy.Form) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, l := range f.Labels() {
		for i, line := range strings.Split(f.Get(l), "\n") {
			label := string(l)
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(w, "    %s\t%s\n", label, line)
		}
	}
	w.Flush() //nolint:errcheck // a terminal that is gone reads nothing
}

// printMails counts the mails that went well and names those that did not.
func printMails(out io.Writer, mails []mailed, location *time.Location) {
	sent := 0
	var rest []mailed
	for _, m := range mails {
		if m.State == "sent" || m.State == "superseded" {
			sent++
		} else {
			rest = append(rest, m)
		}
	}
	fmt.Fprintf(out, "\nMails: %d of %d sent or superseded\n", sent, len(mails))
	for _, m := range rest {
		fmt.Fprintf(out, "  %s %s to %s since %s %s\n", m.State, m.Notice, m.Recipient, day(m.At, location), m.Error)
	}
}
