package policy

import (
	"slices"
	"time"
)

// released records that the tested version is in production (6) and tells
// everyone who must be told (7).
func (t *turn) released(b Ballot, a Answer) *Refusal {
	if r := t.ofVersion(b, a); r != nil {
		return r
	}
	t.cast(b, a)
	t.emit(&WentLive{Version: t.change.Attempt.Version, ReleasedAt: a.Fields.Get(LabelReleasedAt), By: a.By, At: t.now})
	t.distribute()
	t.move(StateReleased, "")
	t.settle()
	return nil
}

// audience lists who is told of an implementation, each once: the IT and
// Development teams, QA with them, and higher management for major changes (7).
func (c Change) audience(d Directory) (team, g7 []PersonID, lists, g7Lists []string) {
	team = unique(append(d.Members(IT, Development, QA), known(d, c.Proposer)...))
	for _, t := range []Team{IT, Development, QA} {
		lists = append(lists, d.Lists[t]...)
	}
	if c.IsMajor() {
		g7, g7Lists = without(d.Members(G7), team), d.Lists[G7]
	}
	told := slices.Concat(team, g7)
	reached := func(address string) bool { // a list of one who is told anyway
		p, ok := d.ByAddress(address)
		return ok && slices.Contains(told, p.ID)
	}
	lists = slices.DeleteFunc(unique(lists), reached)
	g7Lists = slices.DeleteFunc(unique(g7Lists), func(l string) bool { return reached(l) || slices.Contains(lists, l) })
	return team, g7, lists, g7Lists
}

// distribute tells the audience that the change is released.
func (t *turn) distribute() {
	c := t.change
	told := &Told{At: t.now}
	if c.Proposal.Environment == ProductionWindow {
		told.Untested = c.Attempt.PassedAt.Sub(c.untestedSince())
	}
	told.People, told.Addresses = t.tellEveryone(ToldReleased, ToldG7Released, nil, nil)
	t.emit(told)
}

// untestedSince is when a version that is tested in production went live: the
// first with the change, a reworked one when it was reported.
func (c Change) untestedSince() time.Time {
	if c.Release.Told {
		return c.Attempt.At
	}
	return c.Release.Since
}

// distributeUndone tells everyone who got the release, and everyone who would
// get one, that it was undone.
func (t *turn) distributeUndone() {
	told := &Told{At: t.now, Untested: t.change.Release.Untested}
	told.People, told.Addresses = t.tellEveryone(ToldUndone, ToldG7Undone, t.change.Release.People, t.change.Release.Addresses)
	t.emit(told)
}

func (t *turn) tellEveryone(kind, g7Kind NoticeKind, people []PersonID, addresses []string) ([]PersonID, []string) {
	team, g7, lists, g7Lists := t.change.audience(t.dir)
	for _, id := range people {
		if _, known := t.dir.Person(id); known && !slices.Contains(g7, id) && !slices.Contains(team, id) {
			team = append(team, id)
		}
	}
	for _, l := range addresses {
		if !slices.Contains(lists, l) && !slices.Contains(g7Lists, l) {
			lists = append(lists, l)
		}
	}
	const why = "Implementations of changes are reported to you (POL-005, 7)."
	t.tell(kind, why, team...)
	t.tell(g7Kind, why, g7...)
	t.tellLists(kind, why, lists)
	t.tellLists(g7Kind, why, g7Lists)
	return append(team, g7...), append(lists, g7Lists...)
}

func (t *turn) tellLists(kind NoticeKind, why string, addresses []string) {
	for _, address := range addresses {
		t.notify(Notice{Kind: kind, Address: address, Cause: t.cause, Why: why})
	}
}
