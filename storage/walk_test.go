package storage_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Whatever the policy decides, the database takes: changes are led at random
// through their lives, and no constraint ever stands in the way. Afterwards
// the record and the rows agree.
func TestEveryDecisionCanBeStored(t *testing.T) {
	s := open(t)
	numbers := 0
	seen := map[policy.State]int{}
	for seed := range uint64(150) {
		w := &walk{t: t, r: rand.New(rand.NewPCG(seed, 1)), now: noon, drafts: int(seed), numbers: numbers}
		if err := w.through(s); err != nil {
			t.Fatalf("walk %d, %v: %v", seed, w.steps, err)
		}
		numbers = w.numbers
		for state := range w.states {
			seen[state]++
		}
	}
	wantAgreement(t, s)
	for _, state := range policy.States {
		if seen[state] == 0 && state != policy.StateExpired {
			t.Errorf("no walk came to %q; they came to %v", state, seen)
		}
	}
}

type walk struct {
	t               *testing.T
	r               *rand.Rand
	now             time.Time
	drafts, numbers int
	change          policy.Change
	entries         []storage.Entry
	steps           []string
	states          map[policy.State]bool
}

var walkers = policy.Directory{
	PolicyVersion: "1.1", FourEyes: policy.CoSign, ProductionWindow: true,
	People: []policy.Person{
		{ID: "cto", Name: "C", Addresses: []string{"cto@example.com"}, Roles: []policy.Role{policy.CTO}, Teams: []policy.Team{policy.Development}},
		{ID: "itd", Name: "I", Addresses: []string{"itd@example.com"}, Roles: []policy.Role{policy.ITDirector}, Teams: []policy.Team{policy.IT}},
		{ID: "lead", Name: "L", Addresses: []string{"lead@example.com"}, Roles: []policy.Role{policy.DevLead}, Teams: []policy.Team{policy.Development}},
		{ID: "dev", Name: "D", Addresses: []string{"dev@example.com"}, Teams: []policy.Team{policy.Development}},
		{ID: "ops", Name: "O", Addresses: []string{"ops@example.com"}, Teams: []policy.Team{policy.IT}},
		{ID: "qa", Name: "Q", Addresses: []string{"qa@example.com"}, Teams: []policy.Team{policy.QA}},
	},
}

// through leads a change through some steps, saving it after each.
func (w *walk) through(s *storage.Store) error {
	w.states = map[policy.State]bool{}
	w.decide(w.proposal())
	for range 40 {
		if w.change.State.End() {
			break
		}
		w.decide(w.command())
		if err := s.Tx(w.t.Context(), func(tx *storage.Tx) error { return tx.SaveChange(w.change) }); err != nil {
			return err
		}
	}
	return s.Tx(w.t.Context(), func(tx *storage.Tx) error {
		tx.Append(storage.SubjectChange, string(w.change.ID), w.entries...)
		return errors.Join(w.takeNumbers(tx), tx.SaveChange(w.change))
	})
}

func (w *walk) takeNumbers(tx *storage.Tx) error {
	if err := takeNumber(w.t, tx, "D", w.change.Draft); err != nil || w.change.Number == "" {
		return err
	}
	w.numbers++
	return takeNumber(w.t, tx, "CHG", w.change.Number)
}

func (w *walk) decide(cmd policy.Command) {
	w.now = w.now.Add(time.Hour)
	cmd.Draft, cmd.Number = fmt.Sprintf("D-2026-%04d", w.drafts+1), fmt.Sprintf("CHG-2026-%04d", w.numbers+1)
	d := policy.Decide(w.change, walkers, cmd, w.now)
	w.steps = append(w.steps, fmt.Sprintf("%s %s %s → %s", cmd.By, cmd.Kind, cmd.Keyword, d.Change.State))
	for _, e := range d.Events {
		payload, err := policy.EncodeEvent(e)
		if err != nil {
			w.t.Fatal(err)
		}
		w.entries = append(w.entries, storage.Entry{Kind: e.Kind(), Payload: payload, At: w.now})
	}
	w.change = d.Change
	w.states[w.change.State] = true
}

// values fills any field in a way that is taken.
var values = policy.Form{
	policy.LabelTitle: "A title", policy.LabelSystems: "billing-db-1", policy.LabelJustification: "support ends soon",
	policy.LabelSecurityImpact: "none that is new", policy.LabelRisk: "medium, because it is rebuilt", policy.LabelRollback: "promote the old one",
	policy.LabelTestPlan: "run the billing suite", policy.LabelImplementer: "dev", policy.LabelReason: "it has to be so",
	policy.LabelQuestion: "what about the standby?", policy.LabelReply: "it is rebuilt as well", policy.LabelVersion: "pg17",
	policy.LabelDoneAt: "today at noon", policy.LabelNotes: "all went well", policy.LabelLeftAs: "as it was before",
	policy.LabelEvidence: "412 of 412 passed", policy.LabelReleasedAt: "today at ten", policy.LabelChecked: "looked at the totals",
	policy.LabelDocuments: "none, because nothing describes it", policy.LabelUntouched: "yes", policy.LabelUndoneAt: "today at one",
	policy.LabelWindow: "Saturday night", policy.LabelDeviationAccepted: "it is small enough",
}

func (w *walk) proposal() policy.Command {
	form := policy.Form{}
	for _, l := range policy.RequiredLabels {
		form[l] = values[l]
	}
	form[policy.LabelCategory] = string(policy.Categories[w.r.IntN(len(policy.Categories))])
	form[policy.LabelImplementer] = w.one("dev", "ops", "itd")
	maps.Copy(form, w.perhaps(policy.LabelEnvironment, "production window"))
	maps.Copy(form, w.perhaps(policy.LabelUrgency, "emergency"))
	maps.Copy(form, w.perhaps(policy.LabelAlreadyDone, "yesterday, by dev, on the word of the CTO"))
	return policy.Command{
		Kind: policy.CommandPropose, By: policy.PersonID(w.one("lead", "cto", "itd")), Form: form, Seed: fmt.Sprint("walk ", w.drafts),
		ID: policy.ChangeID(fmt.Sprintf("w%d", w.drafts)),
	}
}

func (w *walk) one(of ...string) string { return of[w.r.IntN(len(of))] }

func (w *walk) perhaps(l policy.Label, value string) policy.Form {
	if w.r.IntN(6) > 0 {
		return nil
	}
	return policy.Form{l: value}
}

// command is mostly an answer to an open ballot, now and then an unasked act.
func (w *walk) command() policy.Command {
	open := w.change.OpenBallots()
	if len(open) == 0 || w.r.IntN(10) == 0 {
		rule := policy.Acts[w.r.IntN(len(policy.Acts))]
		return w.say(policy.CommandAct, policy.PersonID(w.one("cto", "itd", "lead", "dev", "ops", "qa")), "", rule)
	}
	b := open[w.r.IntN(len(open))]
	rules := policy.Answers(w.change.State, b.Kind)
	if w.r.IntN(3) > 0 { // mostly the answer that leads on
		rules = rules[:1]
	}
	return w.say(policy.CommandAnswer, b.Person, b.ID, rules[w.r.IntN(len(rules))])
}

func (w *walk) say(kind policy.CommandKind, by policy.PersonID, ballot policy.BallotID, rule policy.Rule) policy.Command {
	form := policy.Form{}
	for _, l := range rule.Required {
		form[l] = values[l]
	}
	if slices.Contains(rule.Required, policy.LabelCategory) {
		form[policy.LabelCategory] = string(policy.Categories[w.r.IntN(len(policy.Categories))])
	}
	if slices.Contains(slices.Concat(rule.Required, rule.Optional), policy.LabelImplementer) && w.r.IntN(3) == 0 {
		form[policy.LabelImplementer] = w.one("dev", "ops", "itd", "lead")
	}
	if rule.Keyword == policy.KeywordAmend {
		form[policy.LabelSystems] = w.one("billing-db-1", "billing-db-2")
	}
	return policy.Command{
		Kind: kind, By: by, Ballot: ballot, Keyword: rule.Keyword, Form: form,
		Seed: fmt.Sprint("walk ", w.drafts, len(w.steps)), Proof: "token",
	}
}
