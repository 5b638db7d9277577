package policy

import (
	"slices"
)

// Apply gives the change after the event. It is total: an event that does not
// fit, such as a vote on a ballot the change does not have, changes nothing
// but the count of events.
func Apply(c Change, e Event) Change {
	next := c.clone()
	e.apply(&next)
	next.Events++
	return next
}

// Replay gives the change its events make.
func Replay(events []Event) Change {
	var c Change
	for _, e := range events {
		c = Apply(c, e)
	}
	return c
}

// clone copies what an event may alter in place.
func (c Change) clone() Change {
	c.Ballots = slices.Clone(c.Ballots)
	return c
}

func (c *Change) ballot(id BallotID) *Ballot {
	for i := range c.Ballots {
		if c.Ballots[i].ID == id {
			return &c.Ballots[i]
		}
	}
	return &Ballot{} // a ballot nobody has: writing to it changes nothing
}

func (*Opened) Kind() string           { return "opened.1" }
func (*Drafted) Kind() string          { return "drafted.1" }
func (*Revised) Kind() string          { return "revised.1" }
func (*Required) Kind() string         { return "required.1" }
func (*Issued) Kind() string           { return "issued.1" }
func (*Kept) Kind() string             { return "kept.1" }
func (*Cast) Kind() string             { return "cast.1" }
func (*Voided) Kind() string           { return "voided.1" }
func (*Moved) Kind() string            { return "moved.1" }
func (*HeldUp) Kind() string           { return "held-up.1" }
func (*SettledEvent) Kind() string     { return "settled.1" }
func (*Assigned) Kind() string         { return "assigned.1" }
func (*Attempted) Kind() string        { return "attempted.1" }
func (*Passed) Kind() string           { return "passed.1" }
func (*Flunked) Kind() string          { return "flunked.1" }
func (*WentLive) Kind() string         { return "went-live.1" }
func (*Told) Kind() string             { return "told.1" }
func (*Excused) Kind() string          { return "excused.1" }
func (*TakenOut) Kind() string         { return "taken-out.1" }
func (*Timed) Kind() string            { return "timed.1" }
func (*Widened) Kind() string          { return "widened.1" }
func (*OwesRatification) Kind() string { return "owes-ratification.1" }
func (*Marked) Kind() string           { return "marked.1" }
func (*Acted) Kind() string            { return "acted.1" }
func (*Noted) Kind() string            { return "noted.1" }

func (e *Opened) apply(c *Change) {
	c.ID, c.Draft, c.Proposer, c.Opened = e.ID, e.Draft, e.Proposer, e.At
	c.State = StateDraft
}

func (e *Drafted) apply(c *Change) { c.Form, c.Problems = e.Form, e.Problems }

func (e *Revised) apply(c *Change) {
	c.Number, c.Revision, c.Hash = e.Number, e.Revision, e.Hash
	c.Form, c.Proposal, c.Problems = e.Form, e.Proposal, nil
	c.PolicyVersion, c.FourEyes, c.Requirements = e.PolicyVersion, e.FourEyes, e.Requirements
	c.Settled, c.Ratify = Settled{}, false
	c.Revisions = append(slices.Clip(c.Revisions), Revision{Number: e.Revision, Hash: e.Hash, Proposal: e.Proposal, At: e.At})
	c.State, c.Widened = StateProposed, ""
	c.Round++
}

func (e *Required) apply(c *Change) {
	c.Requirements = append(slices.Clip(c.Requirements), e.Requirement)
}

func (e *Issued) apply(c *Change) { c.Ballots = append(c.Ballots, e.Ballot) }

func (e *Kept) apply(c *Change) { c.ballot(e.Ballot).Partial = &e.Answer }

func (e *Cast) apply(c *Change) {
	b := c.ballot(e.Ballot)
	b.Status, b.Answer, b.Closed, b.Partial = BallotCast, &e.Answer, e.Answer.At, nil
}

func (e *Voided) apply(c *Change) {
	b := c.ballot(e.Ballot)
	b.Status, b.Why, b.Closed, b.Partial = e.Status, e.Why, e.At, nil
}

func (e *Moved) apply(c *Change) {
	if e.To == StateAuthorized && c.State != StateAuthorized {
		c.Round++
	}
	c.State, c.Held, c.Widened = e.To, Hold{}, ""
	if e.To.End() {
		c.Ended = e.At
	}
}

func (e *HeldUp) apply(c *Change) {
	c.State, c.Held, c.Widened = StateHeldUp, e.Hold, ""
	c.Round++
}

func (e *SettledEvent) apply(c *Change) { c.Settled = e.Settled }

func (e *Assigned) apply(c *Change) {
	c.Implementer = e.Implementer
	if !slices.Contains(c.Hands, e.Implementer) {
		c.Hands = append(slices.Clip(c.Hands), e.Implementer)
	}
}

func (e *Attempted) apply(c *Change) {
	c.Attempt = e.Attempt
	c.Round++
}

func (e *Passed) apply(c *Change) {
	if e.Attempt == c.Attempt.N {
		c.Attempt.Passed, c.Attempt.PassedAt, c.Attempt.Evidence = e.By, e.At, e.Evidence
	}
}

func (e *Flunked) apply(c *Change) { c.Fails++ }

func (e *WentLive) apply(c *Change) {
	if !c.Release.Live {
		c.Release.Since = e.At
	}
	c.Release.Live, c.Release.Ever = true, true
	c.Release.Version, c.Release.ReleasedAt, c.Release.By = e.Version, e.ReleasedAt, e.By
	c.Release.UndoneAt, c.Release.UndoneBy = "", ""
}

func (e *Told) apply(c *Change) {
	c.Release.Told, c.Release.Untested = true, e.Untested
	c.Release.People = unique(slices.Concat(c.Release.People, e.People))
	c.Release.Addresses = unique(slices.Concat(c.Release.Addresses, e.Addresses))
	// An excuse is for the mail that failed, not for the next one.
	c.Release.Excused = slices.DeleteFunc(slices.Clone(c.Release.Excused), func(old Excuse) bool {
		return slices.Contains(e.People, old.Person) || slices.Contains(e.Addresses, old.Address)
	})
}

func (e *Excused) apply(c *Change) {
	c.Release.Excused = append(slices.Clip(c.Release.Excused), e.Excuse)
}

func (e *TakenOut) apply(c *Change) {
	c.Release.Live = false
	c.Release.UndoneAt, c.Release.UndoneBy = e.UndoneAt, e.By
	c.Round++
}

func (e *Timed) apply(c *Change) {
	b := c.ballot(e.Ballot)
	b.Next = e.Next
	if e.Reminded {
		b.Reminders++
		b.Reminded = e.At
	}
	if e.Escalated {
		b.Escalated, b.Told = e.At, e.Told
	}
}

func (e *Widened) apply(c *Change) { c.Widened = e.Ballot }

func (e *OwesRatification) apply(c *Change) { c.Ratify = e.Owed }

func (e *Marked) apply(c *Change) {
	if !c.Marked(e.Mark.Kind) {
		c.Marks = append(slices.Clip(c.Marks), e.Mark)
	}
}

func (e *Acted) apply(*Change) {}

func (e *Noted) apply(c *Change) { c.Comments = append(slices.Clip(c.Comments), e.Comment) }
