package storage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// What the policy promises of every change, the database refuses to see
// broken, whatever the program believes. Each case takes a sound change and
// breaks one promise.
func TestBrokenPromises(t *testing.T) {
	s := open(t)
	sound := map[policy.State]policy.Change{}
	for i, state := range []policy.State{
		policy.StateProposed, policy.StateAuthorized, policy.StateImplemented, policy.StateTested,
		policy.StateReleased, policy.StateChecked, policy.StateClosed, policy.StateDraft,
	} {
		sound[state] = begin(t, s, i+1, state).change
	}
	for _, test := range []struct {
		constraint string
		state      policy.State
		broken     func(*policy.Change)
	}{
		{"state_known", policy.StateProposed, func(c *policy.Change) { c.State = "approved" }},
		{"end_has_its_time", policy.StateClosed, func(c *policy.Change) { c.Ended = time.Time{} }},
		{"end_has_its_time", policy.StateClosed, func(c *policy.Change) { c.State = policy.StateChecked }},
		{"end_asks_nobody", policy.StateChecked, func(c *policy.Change) { c.State, c.Ended = policy.StateClosed, noon }},
		{"number_with_revision", policy.StateProposed, func(c *policy.Change) { c.Revision, c.Hash = 0, "" }},
		{"number_with_revision", policy.StateDraft, func(c *policy.Change) { c.Number = "CHG-2026-0099" }},
		{"hash_with_revision", policy.StateProposed, func(c *policy.Change) { c.Hash = "" }},
		{"only_drafts_lack_a_number", policy.StateDraft, func(c *policy.Change) { c.State = policy.StateProposed }},
		{"done_before_tested", policy.StateImplemented, func(c *policy.Change) { c.Attempt.N = 0 }},
		{"passed_before_released", policy.StateTested, func(c *policy.Change) { c.Attempt.Passed = "" }},
		{"passed_before_released", policy.StateReleased, func(c *policy.Change) { c.Attempt.Passed = "" }},
		{"passed_before_released", policy.StateClosed, func(c *policy.Change) { c.Attempt.Passed = "" }},
		{"released_is_live_and_told", policy.StateReleased, func(c *policy.Change) { c.Release.Told = false }},
		{"released_is_live_and_told", policy.StateReleased, func(c *policy.Change) { c.Release.Live = false }},
		{"closed_was_live_and_told", policy.StateClosed, func(c *policy.Change) { c.Release.Told = false }},
		{"closed_was_live_and_told", policy.StateClosed, func(c *policy.Change) { c.Release.Live, c.Release.Ever = false, false }},
		{"live_does_not_lapse", policy.StateClosed, func(c *policy.Change) { c.State = policy.StateCanceled }},
		{"live_does_not_lapse", policy.StateClosed, func(c *policy.Change) { c.State, c.Release.Live = policy.StateWithdrawn, false }},
		{"rolled_back_is_not_live", policy.StateClosed, func(c *policy.Change) { c.State = policy.StateRolledBack }},
		{"live_was_ever_live", policy.StateReleased, func(c *policy.Change) { c.Release.Ever = false }},
		{"held_up_from_somewhere", policy.StateTested, func(c *policy.Change) { c.State = policy.StateHeldUp }},

		{"kind_known", policy.StateProposed, func(c *policy.Change) { c.Ballots[1].Kind = "poll" }},
		{"status_known", policy.StateProposed, func(c *policy.Change) { c.Ballots[1].Status = "lost" }},
		{"cast_means_answered", policy.StateProposed, func(c *policy.Change) { c.Ballots[1].Status = policy.BallotCast }},
		{"cast_means_answered", policy.StateAuthorized, func(c *policy.Change) { c.Ballots[1].Status = policy.BallotVoided }},
		{"question_of_a_revision", policy.StateProposed, func(c *policy.Change) { c.Ballots[1].Revision = 0 }},

		// (6): nobody tests what they had a part in.
		{"hands_pkey", policy.StateTested, func(c *policy.Change) { c.Attempt.Passed = "dev" }},
		{"hands_pkey", policy.StateReleased, func(c *policy.Change) { c.Hands = append(c.Hands, "qa") }},
	} {
		t.Run(test.constraint, func(t *testing.T) {
			c := sound[test.state]
			c.Ballots = slices.Clone(c.Ballots)
			test.broken(&c)
			err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.SaveChange(c) })
			if e := pq.As(err); e == nil || e.Constraint != test.constraint {
				t.Errorf("error %v, want %s to be broken", err, test.constraint)
			}
		})
	}
}

// Who passed an attempt that was then sent back may implement the next one: the
// pass no longer counts. Then somebody else has to test.
func TestTesterOfAnOldAttemptMayImplement(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, policy.StateReleased)
	st.happens(&policy.Moved{To: policy.StateInProgress, At: st.now}, &policy.Assigned{Implementer: "qa", At: st.now})
	st.happens(&policy.Attempted{Attempt: policy.Attempt{N: 2, By: "qa", At: st.now}}, &policy.Moved{To: policy.StateImplemented, At: st.now})
	wantAgreement(t, s)

	c := st.change
	c.State, c.Attempt.Passed = policy.StateTested, "qa"
	err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.SaveChange(c) })
	if e := pq.As(err); e == nil || e.Constraint != "hands_pkey" {
		t.Errorf("error %v, want the separation of duties to refuse it", err)
	}
}

// No two changes have one number.
func TestNumbersAreUnique(t *testing.T) {
	s := open(t)
	c := begin(t, s, 1, policy.StateProposed).change
	for _, double := range []func(*policy.Change){
		func(c *policy.Change) { c.Draft = "D-2026-0002" },
		func(c *policy.Change) { c.Number = "CHG-2026-0002" },
	} {
		other := c
		other.ID, other.Ballots = "c2", nil
		double(&other)
		if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.SaveChange(other) }); err == nil {
			t.Errorf("%s (%s) was saved beside %s (%s)", other.Number, other.Draft, c.Number, c.Draft)
		}
	}
}
