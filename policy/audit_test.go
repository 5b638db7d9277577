package policy

import (
	"slices"
	"strings"
)

// An auditor reads a change's events as they happen, next to the directory of
// that moment, and holds them against POL-005. It shares no code with the
// policy: it believes only what was said, by whom, and what they were then.
type auditor struct {
	t        fataler
	at       int // of the event being read
	papers   map[BallotID]Ballot
	proposer PersonID
	state    State

	revision  int
	fourEyes  FourEyes
	emergency bool
	window    bool
	major     bool
	needed    []Role
	approved  map[Role]bool
	authors   []PersonID // who authorized or ratified the revision
	marked    bool       // self-authorized or objected
	owes      bool

	hands     []PersonID
	undoers   []PersonID // who undid without having had the work
	attempt   int
	version   string
	tested    bool // the version that stands
	passed    PersonID
	live      bool
	ever      bool
	changedAt int // the last time production changed
	toldAt    int
	reached   []PersonID // by any distribution
	confirmed map[PersonID]int
	listed    map[PersonID]int // documents
}

func newAuditor(t fataler) *auditor {
	return &auditor{t: t, papers: map[BallotID]Ballot{}, confirmed: map[PersonID]int{}, listed: map[PersonID]int{}}
}

var roleOf = map[Category]Role{
	"software technology": "cto", "development tools": "cto", "architecture design": "cto",
	"network infrastructure": "it-director", "cybersecurity": "it-director", "3rd-party tools and services": "it-director",
}

// read takes one event in.
func (a *auditor) read(w *world, e Event) {
	a.at++
	switch e := e.(type) {
	case *Opened:
		a.proposer = e.Proposer
		if !w.dir.Holds(e.Proposer, "it-director", "cto", "dev-lead") {
			a.t.Fatalf("(1) %s may not propose", e.Proposer)
		}
	case *Revised:
		a.revised(w, e)
	case *Required:
		if e.Requirement.Role != "" {
			a.needed = append(a.needed, e.Requirement.Role)
		}
	case *Issued:
		a.papers[e.Ballot.ID] = e.Ballot
	case *Cast:
		a.cast(w, e)
	case *Assigned:
		if !w.dir.In(e.Implementer, "it", "development") {
			a.t.Fatalf("(4) %s is in neither team and gets the work", e.Implementer)
		}
		if a.state == StateUndoing || a.state == StateReleased || a.state == StateChecked {
			a.undoers = append(a.undoers, e.Implementer)
		}
		a.hands = append(a.hands, e.Implementer)
	case *Attempted:
		a.attempt, a.version, a.tested, a.passed = e.Attempt.N, e.Attempt.Version, false, ""
	case *WentLive:
		a.live, a.ever, a.changedAt = true, true, a.at
	case *TakenOut:
		a.live, a.changedAt = false, a.at
	case *Told:
		a.told(w, e)
	case *Excused:
		if !slices.Contains(a.reached, e.Excuse.Person) {
			a.t.Fatalf("(7) %s is excused and was never told", e.Excuse.Recipient())
		}
	case *OwesRatification:
		a.owes = e.Owed
	case *Marked:
		a.marked = a.marked || e.Mark.Kind == MarkSelfAuthorized || e.Mark.Kind == MarkObjected
	case *HeldUp:
		a.state = StateHeldUp
	case *Moved:
		a.state = e.To
		if e.To == StateReleased {
			a.released(w)
		}
		if e.To.End() {
			a.ended(w, e.To)
		}
	}
}

func (a *auditor) revised(w *world, e *Revised) {
	p := e.Proposal
	a.state, a.revision, a.fourEyes, a.emergency = StateProposed, e.Revision, e.FourEyes, p.Urgency == "emergency"
	a.window, a.major = p.Environment == "production window", p.Major
	a.needed, a.authors, a.approved, a.owes = nil, nil, map[Role]bool{}, false
	for _, c := range p.Categories {
		a.needed = append(a.needed, roleOf[c])
	}
	if !w.dir.Holds(a.proposer, "it-director", "cto", "dev-lead") {
		a.t.Fatalf("(1) %s may no longer propose, and revision %d was accepted", a.proposer, e.Revision)
	}
	for _, text := range []string{p.Justification, p.SecurityImpact, p.Risk.Reason, p.Rollback, p.TestPlan, p.Systems, p.Title} {
		if len(strings.TrimSpace(text)) < 4 {
			a.t.Fatalf("a proposal was accepted with the value %q", text)
		}
	}
}

// cast checks the one thing each answer must be.
func (a *auditor) cast(w *world, e *Cast) {
	b, by := a.papers[e.Ballot], e.Answer.By
	if b.Person != by {
		a.t.Fatalf("%s cast the ballot of %s", by, b.Person)
	}
	switch e.Answer.Keyword {
	case "APPROVE":
		a.approve(w, b, e)
	case "RATIFY":
		if b.Revision == a.revision {
			a.authors = append(a.authors, by)
		}
	case "PASS":
		switch {
		case !w.dir.In(by, "it", "qa"):
			a.t.Fatalf("(6) %s tests and is in neither team", by)
		case slices.Contains(a.hands, by):
			a.t.Fatalf("(6) %s tests their own work", by)
		case b.Attempt != a.attempt:
			a.t.Fatalf("(6) a test of attempt %d counts for attempt %d", b.Attempt, a.attempt)
		}
		a.tested, a.passed = true, by
	case "CONFIRM":
		a.confirmed[by] = a.at
		if e.Answer.Fields.Get("Documents") != "" {
			a.listed[by] = a.at
		}
	case "DOCUMENTED":
		a.listed[by] = a.at
	}
}

// approve counts an assessed approval for the roles its person, or who they
// stand in for, holds at the moment.
func (a *auditor) approve(w *world, b Ballot, e *Cast) {
	f, by := e.Answer.Fields, e.Answer.By
	for _, l := range []Label{"Justification", "Security impact", "Risk", "Rollback"} {
		if len(f.Get(l)) < 4 || f.Get(l) == "as proposed" {
			a.t.Fatalf("(3) %s approved with %s %q", by, l, f.Get(l))
		}
	}
	if b.Revision != a.revision {
		a.t.Fatalf("an approval of revision %d counts for revision %d", b.Revision, a.revision)
	}
	principal := by
	if b.For != "" {
		principal = b.For
		if !slices.Contains(w.dir.DeputiesOf(b.For, w.now), by) {
			a.t.Fatalf("(2) %s is no deputy of %s", by, b.For)
		}
	}
	for _, r := range b.Roles {
		if !w.dir.Holds(principal, r) {
			a.t.Fatalf("(2) %s approved as %s and is not", principal, r)
		}
		a.approved[r] = true
	}
	a.authors = append(a.authors, by)
	a.major = a.major || strings.HasPrefix(f.Get("Major"), "yes")
}

// told checks that a distribution reaches everyone it must (7).
func (a *auditor) told(w *world, e *Told) {
	a.toldAt = a.at
	a.reached = append(a.reached, e.People...)
	for _, p := range w.dir.People {
		owed := w.dir.In(p.ID, "it", "development", "qa") || a.major && w.dir.In(p.ID, "g7")
		if owed && !slices.Contains(e.People, p.ID) {
			a.t.Fatalf("(7) %s is not told", p.ID)
		}
	}
}

// released checks what must be true of every release (2), (3), (6), (7).
func (a *auditor) released(w *world) {
	for _, r := range a.needed {
		if !a.approved[r] {
			a.t.Fatalf("(2) released without the approval of the %s", r)
		}
	}
	switch {
	case len(a.hands) == 0:
		a.t.Fatalf("(4) released, and nobody had the work")
	case !a.tested:
		a.t.Fatalf("(6) released untested")
	case slices.Contains(a.hands, a.passed):
		a.t.Fatalf("(6) %s passed it and had a part in the work", a.passed)
	case w.change.Release.Version != a.version:
		a.t.Fatalf("(6) version %q is released, %q was tested", w.change.Release.Version, a.version)
	case a.toldAt < a.changedAt:
		a.t.Fatalf("(7) released and nobody told")
	}
	independent := slices.ContainsFunc(a.authors, func(id PersonID) bool { return id != a.proposer && !slices.Contains(a.hands, id) })
	excused := a.owes || a.marked
	if a.fourEyes == CoSign && !a.emergency && len(a.undoers) == 0 {
		excused = false
	}
	if !independent && !excused {
		a.t.Fatalf("four eyes (%s): proposed by %s, authorized by %v, done by %v", a.fourEyes, a.proposer, a.authors, a.hands)
	}
}

// ended checks that nothing that was in production ends without its check,
// distribution and documents (5), (7), (8).
func (a *auditor) ended(w *world, end State) {
	switch {
	case a.live && end != StateClosed:
		a.t.Fatalf("it is %s and still live", end)
	case end == StateClosed && !a.live:
		a.t.Fatalf("it is closed and not live")
	case !a.ever:
		return
	case a.toldAt < a.changedAt:
		a.t.Fatalf("(7) %s, and the last change of production was told nobody", end)
	case a.owes:
		a.t.Fatalf("%s, and a ratification is owed", end)
	}
	after := func(said map[PersonID]int) bool {
		for _, at := range said {
			if at > a.changedAt {
				return true
			}
		}
		return false
	}
	if !after(a.confirmed) || !after(a.listed) {
		a.t.Fatalf("(5), (8) %s without any check or documents", end)
	}
	for _, b := range w.change.approvals() {
		by := b.Answer.By
		if _, known := w.dir.Person(by); known && (a.confirmed[by] < a.changedAt || a.listed[by] < a.changedAt) {
			a.t.Fatalf("(5), (8) %s without the check or documents of %s", end, by)
		}
	}
}
