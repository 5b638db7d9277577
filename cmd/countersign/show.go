package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type showCmd struct {
	Change string `arg:"" help:"The change's number, such as CHG-2026-0042, or a draft's."`
	JSON   bool   `name:"json" help:"Answer in JSON, with every event of the change."`
}

// Help says more than the one line.
func (*showCmd) Help() string {
	return `It prints the proposal as it stands, every decision with the person, the time and how the
person was proven, whom the change waits for, what was said beside that, what became of the
report to everyone who must be told (7), and which mails about it have not left.

    countersign show CHG-2026-0042`
}

// A shown change is what show --json prints: a documented interface, to which
// fields are only added.
type shown struct {
	Number     string           `json:"number"`
	State      policy.State     `json:"state"`
	Revision   int              `json:"revision"`
	Title      string           `json:"title"`
	Proposer   policy.PersonID  `json:"proposer"`
	Opened     time.Time        `json:"opened"`
	Hash       string           `json:"hash"`
	Proposal   policy.Form      `json:"proposal"`
	Problems   []policy.Problem `json:"problems"` // what a draft lacks
	Decisions  []decision       `json:"decisions"`
	WaitingFor []waitingFor     `json:"waiting_for"`
	Acts       []policy.Answer  `json:"acts"` // said unasked: STOP, AMEND, and questions
	Comments   []policy.Comment `json:"comments"`
	Marks      []policy.Mark    `json:"marks"`
	Told       []string         `json:"told"` // who got the distribution (7)
	// Distribution is what became of it, for each of them; Outstanding is
	// "delivery" where an end still owes it to somebody.
	Distribution []delivered `json:"distribution"`
	Outstanding  []string    `json:"outstanding"`
	Mails        []mailed    `json:"mails"`
	Events       []recorded  `json:"events"`
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
	Away   string            `json:"away_until,omitempty"` // a day, by their automatic reply
}

// A delivery is what became of the latest report to one recipient.
type delivered struct {
	Recipient string            `json:"recipient"` // a person's id, or a list's address
	Address   string            `json:"address"`
	Notice    policy.NoticeKind `json:"notice"`
	State     string            `json:"state"`
	At        time.Time         `json:"at"`
	Error     string            `json:"error,omitempty"`
	Excused   *policy.Excuse    `json:"excused,omitempty"`
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
	c, err := change(g, store, s.Change)
	if err != nil {
		return err
	}
	answer, err := g.show(store, c)
	if err != nil {
		return err
	}
	if s.JSON {
		return printJSON(g.stdout, answer)
	}
	p := printer{g.stdout, location}
	p.change(answer, c.Held)
	return nil
}

func (g *globals) show(store *storage.Store, c policy.Change) (shown, error) {
	s := shown{
		Number: c.Name(), State: c.State, Revision: c.Revision, Title: c.Title(),
		Proposer: c.Proposer, Opened: c.Opened, Hash: c.Hash, Proposal: c.Form,
		Problems: some(c.Problems), Comments: some(c.Comments), Marks: some(c.Marks),
	}
	if c.Revision > 0 {
		s.Proposal = c.Proposal.Values()
	}
	s.Told = told(c.Release)
	s.Decisions, s.WaitingFor = ballots(c)
	if err := g.absences(store, s.WaitingFor); err != nil {
		return s, err
	}
	deliveries, err := store.Deliveries(g.ctx, c.ID)
	if err != nil {
		return s, err
	}
	s.Distribution = distribution(c, deliveries)
	if s.Outstanding, err = g.lacks(store, c); err != nil {
		return s, err
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
	s.Acts = acts(events)
	s.Mails, s.Events = some(s.Mails), some(s.Events)
	return s, err
}

// absences says of those who are waited for until when they are away.
func (g *globals) absences(store *storage.Store, waits []waitingFor) error {
	var people []policy.PersonID
	for _, w := range waits {
		people = append(people, w.Person)
	}
	until, err := store.Away(g.ctx, g.now(), people...)
	for i, w := range waits {
		if day, ok := until[w.Person]; ok {
			waits[i].Away = day.Format(time.DateOnly)
		}
	}
	return err
}

func told(r policy.Release) []string {
	all := []string{}
	for _, p := range r.People {
		all = append(all, string(p))
	}
	return append(all, r.Addresses...)
}

func distribution(c policy.Change, deliveries []storage.Delivery) []delivered {
	all := []delivered{}
	for _, d := range deliveries {
		to := delivered{Recipient: d.Recipient, Address: d.Address, Notice: d.Notice, State: d.State, At: d.At, Error: d.LastError}
		if excuse, ok := c.Excuse(d.Recipient); ok {
			to.Excused = &excuse
		}
		all = append(all, to)
	}
	return all
}

// ballots gives those that were answered, and those that are open.
func ballots(c policy.Change) ([]decision, []waitingFor) {
	decisions, waits := []decision{}, []waitingFor{}
	for _, b := range c.Ballots {
		switch {
		case b.Open():
			waits = append(waits, waitingFor{Person: b.Person, Ballot: b.Kind, Since: b.Issued, Due: b.Due})
		case b.Status == policy.BallotCast:
			decisions = append(decisions, decision{
				Ballot: b.Kind, Revision: b.Revision, Answer: b.Answer.Keyword, Person: b.Answer.By, For: b.For,
				At: b.Answer.At, Proof: b.Answer.Proof, Fields: b.Answer.Fields, Files: b.Answer.Files,
			})
		}
	}
	slices.SortStableFunc(decisions, func(a, b decision) int { return a.At.Compare(b.At) })
	return decisions, waits
}

// acts are what was said unasked, out of the record. An event that cannot be
// read is rebuild's to tell.
func acts(events []storage.EventRow) []policy.Answer {
	all := []policy.Answer{}
	for _, e := range events {
		event, err := policy.DecodeEvent(e.Kind, e.Payload)
		if act, ok := event.(*policy.Acted); ok && err == nil {
			all = append(all, act.Answer)
		}
	}
	return all
}

// lacks lists what a change that has ended still lacks.
func (g *globals) lacks(store *storage.Store, c policy.Change) ([]string, error) {
	if !c.State.End() {
		return []string{}, nil
	}
	lacks, err := store.Lacks(g.ctx, g.publishes, c.ID)
	return lacks[c.ID], err
}
