package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A story is one change and what happens to it, written down step by step as
// the desk does it.
type story struct {
	t      *testing.T
	store  *storage.Store
	change policy.Change
	now    time.Time
}

// life is a change from proposal to closed, without detours: what each step
// is called, and the events it consists of.
func life(id policy.ChangeID, number string, at time.Time) []step {
	issue := func(kind policy.BallotKind, person policy.PersonID, revision, attempt int) policy.Event {
		return &policy.Issued{Ballot: policy.Ballot{
			ID: ballotID(id, kind), Kind: kind, Person: person, Revision: revision, Attempt: attempt,
			Issued: at, Due: at.Add(48 * time.Hour), Status: policy.BallotOpen,
		}}
	}
	cast := func(kind policy.BallotKind, keyword policy.Keyword, by policy.PersonID) policy.Event {
		return &policy.Cast{Ballot: ballotID(id, kind), Answer: policy.Answer{Keyword: keyword, By: by, At: at, Proof: "token"}}
	}
	move := func(to policy.State) policy.Event { return &policy.Moved{To: to, At: at} }
	form := policy.Form{policy.LabelTitle: "PostgreSQL 17 for billing", policy.LabelRisk: "medium, because replication is rebuilt"}
	return []step{
		{"draft", []policy.Event{
			&policy.Opened{ID: id, Draft: "D" + number[3:], Proposer: "lead", At: at},
			&policy.Drafted{Form: form, At: at},
			issue(policy.BallotCorrection, "lead", 0, 0),
		}},
		{"proposed", []policy.Event{
			cast(policy.BallotCorrection, policy.NoKeyword, "lead"),
			&policy.Revised{Number: number, Revision: 1, Form: form, Proposal: policy.Proposal{Title: form[policy.LabelTitle]}, Hash: "9f3a41c7", By: "lead", At: at},
			issue(policy.BallotAuthorization, "cto", 1, 0),
		}},
		{"authorized", []policy.Event{
			cast(policy.BallotAuthorization, policy.KeywordApprove, "cto"),
			move(policy.StateAuthorized),
			issue(policy.BallotOffer, "dev", 1, 0),
		}},
		{"in progress", []policy.Event{
			cast(policy.BallotOffer, policy.KeywordTake, "dev"),
			&policy.Assigned{Implementer: "dev", By: "dev", At: at},
			move(policy.StateInProgress),
			issue(policy.BallotImplementation, "dev", 1, 0),
		}},
		{"implemented", []policy.Event{
			cast(policy.BallotImplementation, policy.KeywordImplemented, "dev"),
			&policy.Attempted{Attempt: policy.Attempt{N: 1, Version: "pg17", By: "dev", At: at}},
			move(policy.StateImplemented),
			issue(policy.BallotTest, "qa", 1, 1),
		}},
		{"tested", []policy.Event{
			cast(policy.BallotTest, policy.KeywordPass, "qa"),
			&policy.Passed{Attempt: 1, By: "qa", Evidence: "412 of 412", At: at},
			move(policy.StateTested),
			issue(policy.BallotRelease, "dev", 1, 1),
		}},
		{"released", []policy.Event{
			cast(policy.BallotRelease, policy.KeywordReleased, "dev"),
			&policy.WentLive{Version: "pg17", By: "dev", At: at},
			&policy.Told{People: []policy.PersonID{"dev", "qa"}, At: at},
			move(policy.StateReleased),
			issue(policy.BallotCheck, "cto", 1, 1),
		}},
		{"checked", []policy.Event{
			cast(policy.BallotCheck, policy.KeywordConfirm, "cto"),
			move(policy.StateChecked),
			issue(policy.BallotDocuments, "cto", 1, 1),
		}},
		{"closed", []policy.Event{
			cast(policy.BallotDocuments, policy.KeywordDocumented, "cto"),
			move(policy.StateClosed),
		}},
	}
}

type step struct {
	state  policy.State
	events []policy.Event
}

func ballotID(id policy.ChangeID, kind policy.BallotKind) policy.BallotID {
	return policy.BallotID(fmt.Sprintf("%s-%s", id, kind))
}

// begin tells a change's life up to the state.
func begin(t *testing.T, s *storage.Store, n int, upTo policy.State) *story {
	t.Helper()
	st := &story{t: t, store: s, now: noon.Add(time.Duration(n) * time.Hour)}
	id := policy.ChangeID(fmt.Sprintf("c%d", n))
	for _, step := range life(id, fmt.Sprintf("CHG-2026-%04d", n), st.now) {
		st.happens(step.events...)
		if step.state == upTo {
			return st
		}
	}
	t.Fatalf("no state %q in the life of a change", upTo)
	return nil
}

// happens writes the events down in one transaction: the change, its numbers,
// and last the record.
func (st *story) happens(events ...policy.Event) {
	st.t.Helper()
	in(st.t, st.store, func(tx *storage.Tx) error { return st.write(tx, events) })
}

func (st *story) write(tx *storage.Tx, events []policy.Event) error {
	ctx := st.t.Context()
	before := st.change
	if before.ID != "" {
		var err error
		if before, err = tx.LockChange(ctx, before.ID); err != nil {
			return err
		}
	}
	after := before
	var entries []storage.Entry
	for _, e := range events {
		after = policy.Apply(after, e)
		payload, err := policy.EncodeEvent(e)
		if err != nil {
			return err
		}
		entries = append(entries, storage.Entry{Kind: e.Kind(), Payload: payload, At: st.now})
	}
	if err := takeNumbers(st, tx, before, after); err != nil {
		return err
	}
	if err := tx.SaveChange(after); err != nil {
		return err
	}
	st.change = after
	tx.Append(storage.SubjectChange, string(after.ID), entries...)
	return nil
}

func takeNumbers(st *story, tx *storage.Tx, before, after policy.Change) error {
	if before.Draft != after.Draft {
		if err := takeNumber(st.t, tx, "D", after.Draft); err != nil {
			return err
		}
	}
	if before.Number != after.Number {
		return takeNumber(st.t, tx, "CHG", after.Number)
	}
	return nil
}

func takeNumber(t *testing.T, tx *storage.Tx, series, want string) error {
	n, err := tx.NextNumber(t.Context(), series, 2026)
	if err != nil {
		return err
	}
	if got := fmt.Sprintf("%s-2026-%04d", series, n); got != want {
		return fmt.Errorf("the next number is %s, the story wants %s", got, want)
	}
	return tx.UseNumber(series, 2026, n)
}

// wantAgreement fails unless record and projection agree.
func wantAgreement(t *testing.T, s *storage.Store) {
	t.Helper()
	report, err := s.Rebuild(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Differences {
		t.Error(d)
	}
}
