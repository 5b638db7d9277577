package year_test

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/policy"
)

// checkPoints: whatever was released or has ended went through every point of
// POL-005, as its events tell it.
func checkPoints(t *testing.T, _ *site, _ *people, r *record) {
	for _, l := range r.changes {
		for i, e := range l.events {
			before := &life{id: l.id, events: l.events[:i], ballots: l.ballots}
			switch e := e.(type) {
			case *policy.Opened:
				l.must(t, "(1) proposed by "+string(e.Proposer), slices.Contains(mayPropose, string(e.Proposer)))
			case *policy.Cast:
				before.checkCast(t, l, e)
			case *policy.Assigned:
				l.must(t, "(4) implemented by "+string(e.Implementer), slices.Contains(mayImplement, string(e.Implementer)))
				undoing := before.state() == policy.StateUndoing
				l.must(t, "(2) authorized before it was taken", undoing || before.authorized())
				l.must(t, "four eyes on what "+string(e.Implementer)+" takes", undoing || before.urgent() || before.fourEyes(string(e.Implementer)))
			case *policy.Moved:
				before.checkEnd(t, l, e.To)
			case *policy.Told:
				l.must(t, "(6) tested before release", before.tookOut(len(before.events)) || before.passed())
			}
		}
	}
}

func (l *life) must(t *testing.T, what string, so bool) {
	t.Helper()
	if !so {
		t.Errorf("%s: not so: %s%s", l.name(), what, l.tell())
	}
}

// checkCast holds an answer against who may give it.
func (l *life) checkCast(t *testing.T, whole *life, e *policy.Cast) {
	t.Helper()
	by, f := string(e.Answer.By), e.Answer.Fields
	switch e.Answer.Keyword {
	case policy.KeywordApprove:
		for _, label := range []policy.Label{"Justification", "Security impact", "Risk", "Rollback"} {
			whole.must(t, "(3) an approval says "+string(label), f.Get(label) != "")
		}
	case policy.KeywordPass:
		whole.must(t, "(6) tested by "+by, slices.Contains(mayTest, by))
		for _, a := range all[*policy.Assigned](l) {
			whole.must(t, "(6) tested by none of its implementers", string(a.Implementer) != by)
		}
	}
}

// approvers are who approved the last revision.
func (l *life) approvers() []string {
	var who []string
	revision, _ := last[*policy.Revised](l)
	for _, e := range all[*policy.Cast](l) {
		if e.Answer.Keyword == policy.KeywordApprove && l.ballot(e.Ballot).Revision == revision.Revision {
			who = append(who, string(e.Answer.By))
		}
	}
	return who
}

// responsible are who must check and document the change: who approved it or,
// where it was in production and nobody did, who should have been asked.
func (l *life) responsible() []string {
	if who := l.approvers(); len(who) > 0 {
		return who
	}
	var who []string
	revision, _ := last[*policy.Revised](l)
	for _, c := range revision.Proposal.Categories {
		who = append(who, authorizer[string(c)])
	}
	return who
}

// authorized says whether the role of each category has approved (2), its holder
// or who stood in.
func (l *life) authorized() bool {
	revision, _ := last[*policy.Revised](l)
	approved := l.approvers()
	for _, c := range revision.Proposal.Categories {
		role := authorizer[string(c)]
		if !slices.ContainsFunc(approved, func(who string) bool { return who == role || standIns[who] == role }) {
			return false
		}
	}
	return len(revision.Proposal.Categories) > 0
}

// fourEyes says whether somebody approved it who neither proposed it nor has any
// part in the work, whoever takes it now included.
func (l *life) fourEyes(taker string) bool {
	involved := []string{l.proposer(), taker}
	for _, a := range all[*policy.Assigned](l) {
		involved = append(involved, string(a.Implementer))
	}
	return slices.ContainsFunc(l.approvers(), func(who string) bool { return !slices.Contains(involved, who) })
}

// passed says whether the last attempt was passed.
func (l *life) passed() bool {
	attempt, _ := last[*policy.Attempted](l)
	pass, ok := last[*policy.Passed](l)
	return ok && attempt != nil && pass.Attempt == attempt.Attempt.N
}

// checkEnd: what was in production ends checked (5) and documented (8) by who
// authorized it, and told (7).
func (l *life) checkEnd(t *testing.T, whole *life, to policy.State) {
	t.Helper()
	if to == policy.StateRejected || to == policy.StateWithdrawn || to == policy.StateExpired || to == policy.StateCanceled {
		whole.must(t, "what was in production does not end "+string(to), !l.live())
	}
	if to != policy.StateClosed && to != policy.StateRolledBack {
		return
	}
	whole.must(t, "(2) authorized before it ended", to == policy.StateRolledBack || l.authorized())
	whole.must(t, "(7) told before it ended", !l.live() || len(all[*policy.Told](l)) > 0)
	for _, who := range l.responsible() {
		whole.must(t, "(5) checked by "+who, l.did(who, policy.KeywordConfirm))
		whole.must(t, "(8) documents by "+who, l.documented(who))
	}
}

// since are the answers after the change last went into production or out of it.
func (l *life) since() []*policy.Cast {
	from := 0
	for i, e := range l.events {
		switch e.(type) {
		case *policy.WentLive, *policy.TakenOut:
			from = i
		}
	}
	return all[*policy.Cast](&life{events: l.events[from:]})
}

func (l *life) did(who string, keyword policy.Keyword) bool {
	return slices.ContainsFunc(l.since(), func(e *policy.Cast) bool { return string(e.Answer.By) == who && e.Answer.Keyword == keyword })
}

func (l *life) documented(who string) bool {
	return slices.ContainsFunc(l.since(), func(e *policy.Cast) bool {
		return string(e.Answer.By) == who && e.Answer.Fields.Get("Documents") != ""
	})
}

// checkVariety: the year shows what it is for.
func checkVariety(t *testing.T, s *site, p *people, r *record) {
	ends := map[policy.State]int{}
	var reminders, escalations, widened int
	for _, l := range r.changes {
		ends[l.state()]++
		widened += len(all[*policy.Widened](l))
		for _, e := range all[*policy.Timed](l) {
			if reminders++; e.Escalated {
				escalations++
			}
		}
	}
	t.Logf("ends: %v", ends)
	t.Logf("%d reminders, %d escalations, %d times the pool was asked, %d out-of-office replies, %d restarts, %d steps", reminders, escalations, widened, p.automatic, s.restarts, len(s.steps))
	for what, n := range map[string]int{
		"reminders": reminders, "escalations": escalations, "pools": widened, "out-of-office replies": p.automatic, "restarts": s.restarts,
		"closed": ends[policy.StateClosed], "rolled back": ends[policy.StateRolledBack], "rejected": ends[policy.StateRejected],
		"withdrawn": ends[policy.StateWithdrawn], "expired": ends[policy.StateExpired], "canceled": ends[policy.StateCanceled],
	} {
		if n == 0 && *changes >= 200 {
			t.Errorf("in this year there were no %s", what)
		}
	}
}
