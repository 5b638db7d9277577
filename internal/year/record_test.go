package year_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// A record is what the events say, read without the projection and without the
// policy's own replay.
type record struct {
	changes []*life
}

// A life is one change as its events tell it, oldest first.
type life struct {
	id      string
	events  []policy.Event
	ballots []*paper
}

// A paper is one ballot and what became of it.
type paper struct {
	policy.Ballot
	urgent bool           // the change was an emergency when it was asked
	closed time.Time      // zero while it is open
	answer *policy.Answer // none where it was voided
	timed  []policy.Timed
}

func readRecord(s *site) *record {
	r, lives := &record{}, map[string]*life{}
	s.rows(`
		select subject, kind, payload from events join event_payloads using (seq)
		where subject_kind = 'change' order by seq`, func(scan func(...any) error) error {
		var id, kind, payload string
		if err := scan(&id, &kind, &payload); err != nil {
			return err
		}
		e, err := policy.DecodeEvent(kind, []byte(payload))
		if err != nil {
			return err
		}
		if lives[id] == nil {
			lives[id] = &life{id: id}
			r.changes = append(r.changes, lives[id])
		}
		lives[id].add(e)
		return nil
	})
	return r
}

func (l *life) add(e policy.Event) {
	l.events = append(l.events, e)
	switch e := e.(type) {
	case *policy.Issued:
		l.ballots = append(l.ballots, &paper{Ballot: e.Ballot, urgent: l.urgent()})
	case *policy.Cast:
		b := l.ballot(e.Ballot)
		b.closed, b.answer = e.Answer.At, &e.Answer
	case *policy.Voided:
		l.ballot(e.Ballot).closed = e.At
	case *policy.Timed:
		b := l.ballot(e.Ballot)
		b.timed = append(b.timed, *e)
	}
}

func (l *life) ballot(id policy.BallotID) *paper {
	i := slices.IndexFunc(l.ballots, func(b *paper) bool { return b.ID == id })
	return l.ballots[i]
}

// all gives the events of one type, oldest first.
func all[E policy.Event](l *life) []E {
	var some []E
	for _, e := range l.events {
		if e, ok := e.(E); ok {
			some = append(some, e)
		}
	}
	return some
}

// last gives the last event of one type.
func last[E policy.Event](l *life) (e E, ok bool) {
	if some := all[E](l); len(some) > 0 {
		return some[len(some)-1], true
	}
	return e, false
}

func (l *life) proposer() string { return string(all[*policy.Opened](l)[0].Proposer) }

func (l *life) state() policy.State {
	state := policy.StateDraft
	for _, e := range l.events {
		switch e := e.(type) {
		case *policy.Revised:
			state = policy.StateProposed
		case *policy.Moved:
			state = e.To
		case *policy.HeldUp:
			state = policy.StateHeldUp
		}
	}
	return state
}

func (l *life) urgent() bool {
	r, ok := last[*policy.Revised](l)
	return ok && r.Proposal.Urgency == policy.UrgencyEmergency
}

// name is how people know the change.
func (l *life) name() string {
	if r, ok := last[*policy.Revised](l); ok {
		return r.Number
	}
	return all[*policy.Opened](l)[0].Draft
}

// checkRebuild: what the tables say is what the events say.
func checkRebuild(t *testing.T, s *site, _ *people, _ *record) {
	report, err := s.instances[0].Store.Rebuild(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range report.Differences {
		t.Error(difference)
	}
}

// checkDispositions: every mail that was written has one disposition, and none
// was taken for what nobody wrote.
func checkDispositions(t *testing.T, s *site, p *people, _ *record) {
	for what, n := range map[string]int{
		`select count(*) from messages`:                                                                                    s.delivered,
		`select count(distinct sha256) from messages`:                                                                      s.delivered,
		`select count(*) from messages where disposition = 'automatic'`:                                                    p.automatic,
		`select count(*) from messages where disposition = 'accepted'`:                                                     *changes,
		`select count(*) from messages where disposition not in ('accepted', 'counted', 'answered', 'noted', 'automatic')`: 0,
	} {
		if got := s.count(what); got != n {
			t.Errorf("%d instead of %d: %s", got, n, what)
		}
	}
}

// tell is the whole life, for a failure.
func (l *life) tell() string {
	var b strings.Builder
	for _, e := range l.events {
		payload, _ := policy.EncodeEvent(e)
		fmt.Fprintf(&b, "\n\t%s %s", e.Kind(), payload)
	}
	return b.String()
}
