package year_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// checkMails: nothing waits to be sent, every mail left once, and who was asked
// something got the paper once, and once more for each reminder.
func checkMails(t *testing.T, s *site, _ *people, r *record) {
	if n := s.count(`select count(*) from outbox where state not in ('sent', 'superseded')`); n != 0 {
		t.Errorf("%d mails did not leave", n)
	}
	left := map[string]int{}
	for _, sent := range s.mail.Sent() {
		m, err := stage.Read(sent.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if left[m.MessageID]++; left[m.MessageID] > 1 {
			t.Errorf("%s, a %s to %s, left %d times", m.MessageID, m.Notice, sent.To, left[m.MessageID])
		}
	}
	s.rows(`select message_id from outbox where state = 'sent'`, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		if left[id] == 0 {
			t.Errorf("%s is marked as sent and never left", id)
		}
		delete(left, id)
		return err
	})
	for id := range left {
		t.Errorf("%s left and is not marked as sent", id)
	}
	checkAsked(t, s, r)
}

// checkAsked: one mail for each ballot, and one for each reminder; one that was
// answered before it left may be superseded.
func checkAsked(t *testing.T, s *site, r *record) {
	asked := map[string]int{}
	s.rows(`select ballot, notice from outbox where ballot <> ''`, func(scan func(...any) error) error {
		var ballot, notice string
		err := scan(&ballot, &notice)
		asked[ballot+" "+notice]++
		return err
	})
	for _, l := range r.changes {
		for _, b := range l.ballots {
			reminders := 0
			for _, timed := range b.timed {
				if timed.Reminded {
					reminders++
				}
			}
			if n := asked[string(b.ID)+" "+string(policy.AskOf(b.Kind))]; n != 1+reminders {
				t.Errorf("%s: %s was asked for the %s in %d mails, with %d reminders", l.name(), b.Person, b.Kind, n, reminders)
			}
		}
	}
}

// releasedNotices and undoneNotices tell of an implementation (7).
const (
	releasedNotices = `'everyone-notice-released', 'g7-notice-released'`
	undoneNotices   = `'everyone-notice-undone', 'g7-notice-undone'`
)

// checkTold: everyone POL-005 names got one mail for each release, and one for
// each undoing of one: both teams, QA, who proposed it, and higher management
// where it is major.
func checkTold(t *testing.T, s *site, _ *people, r *record) {
	releases, undoings := told(s, releasedNotices), told(s, undoneNotices)
	for _, l := range r.changes {
		released, undone := map[string]int{}, map[string]int{}
		var everyone []string // who ever got the release
		for i, e := range l.events {
			switch e.(type) {
			case *policy.Told:
				count := released
				if l.tookOut(i) {
					count = undone
				}
				everyone = union(everyone, l.audience(i))
				for _, who := range everyone {
					count[who]++
				}
			}
		}
		for what, pair := range map[string][2]map[string]int{"release": {released, releases[l.id]}, "undoing": {undone, undoings[l.id]}} {
			if !maps.Equal(pair[0], pair[1]) && len(pair[0])+len(pair[1]) > 0 {
				t.Errorf("%s: of its %s should be told, so often: %v\nand were: %v", l.name(), what, pair[0], pair[1])
			}
		}
	}
}

// tookOut says whether what is told there is that the change was taken out.
func (l *life) tookOut(i int) bool {
	for _, e := range slices.Backward(l.events[:i]) {
		switch e.(type) {
		case *policy.TakenOut:
			return true
		case *policy.WentLive:
			return false
		}
	}
	return false
}

// audience is who must be told by then (7).
func (l *life) audience(i int) []string {
	var who []string
	for _, person := range union(areTold, []string{l.proposer()}) {
		who = append(who, address(person))
	}
	who = append(who, lists...)
	before := &life{events: l.events[:i]}
	if before.major() {
		who = append(who, management...)
	}
	return who
}

// major says whether the proposal says so, or any approval of it did (7c).
func (l *life) major() bool {
	yes := false
	for _, e := range l.events {
		switch e := e.(type) {
		case *policy.Revised:
			yes = e.Proposal.Major
		case *policy.Cast:
			yes = yes || e.Answer.Keyword == policy.KeywordApprove && len(e.Answer.Fields.Get(policy.LabelMajor)) > 2 && e.Answer.Fields.Get(policy.LabelMajor)[:3] == "yes"
		}
	}
	return yes
}

// told counts the mails of the notices that left, by change and recipient.
func told(s *site, notices string) map[string]map[string]int {
	times := map[string]map[string]int{}
	s.rows(fmt.Sprintf(`select change, recipient from outbox where state = 'sent' and notice in (%s)`, notices), func(scan func(...any) error) error {
		var change, recipient string
		err := scan(&change, &recipient)
		if times[change] == nil {
			times[change] = map[string]int{}
		}
		times[change][recipient]++
		return err
	})
	return times
}

func union(a, b []string) []string {
	both := slices.Concat(a, b)
	slices.Sort(both)
	return slices.Compact(both)
}
