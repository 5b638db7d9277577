package policy

import (
	"slices"
	"strings"
	"time"
)

// A ChangeID is a change's stable internal name, from the mail that opened it:
// the day it came and the beginning of its hash. So the same mail opens the same
// change when it is decided again after a restore; and what belongs to the
// changes of one season lies together in every index
// (docs/decisions/0018-keys-begin-with-a-day.md).
type ChangeID string

const (
	dayOfID = "20060102" // in UTC
	hashed  = 12         // characters of the hash
)

// NewChangeID names the change that a mail proposes, by when it came and its
// SHA-256 in hex.
func NewChangeID(came time.Time, sha256 string) ChangeID {
	return ChangeID(came.UTC().Format(dayOfID) + sha256[:hashed])
}

// Day is the part of the id that says when the change was proposed, Mail the
// part that derives from the mail alone.
func (id ChangeID) Day() string  { return string(id[:min(len(dayOfID), len(id))]) }
func (id ChangeID) Mail() string { return string(id[len(id.Day()):]) }

// A State is where a change stands in its life.
type State string

// The states that wait for a person.
const (
	StateDraft       State = "draft"
	StateProposed    State = "proposed"
	StateAuthorized  State = "authorized"
	StateInProgress  State = "in progress"
	StateImplemented State = "implemented"
	StateTested      State = "tested"
	StateReleased    State = "released" // in production, tested, everyone told (7)
	StateChecked     State = "checked"
	StateHeldUp      State = "held up"
	StateUndoing     State = "undoing"
	StateUndone      State = "undone" // taken out of production again; (5) and (8) are still owed
)

// The ends.
const (
	StateClosed     State = "closed"
	StateRolledBack State = "rolled back"
	StateRejected   State = "rejected"
	StateWithdrawn  State = "withdrawn"
	StateExpired    State = "expired"
	StateCanceled   State = "canceled"
)

// States lists every state, waiting ones first.
var States = append(slices.Clone(OpenStates), Ends...)

// OpenStates lists the states that wait for a person.
var OpenStates = []State{
	StateDraft, StateProposed, StateAuthorized, StateInProgress, StateImplemented,
	StateTested, StateReleased, StateChecked, StateHeldUp, StateUndoing, StateUndone,
}

// Ends lists the states in which nothing is waited for any more.
var Ends = []State{
	StateClosed, StateRolledBack, StateRejected, StateWithdrawn, StateExpired, StateCanceled,
}

// End says whether the state is an end.
func (s State) End() bool { return slices.Contains(Ends, s) }

// A Change is the thing managed. It is what its events made of it; nothing
// else may alter it.
type Change struct {
	ID            ChangeID  `json:"id"`
	Draft         string    `json:"draft"`            // D-2026-0001
	Number        string    `json:"number,omitempty"` // CHG-2026-0001, from the first accepted revision on
	State         State     `json:"state"`
	Proposer      PersonID  `json:"proposer"`
	Opened        time.Time `json:"opened"`
	Ended         time.Time `json:"ended,omitzero"`
	PolicyVersion string    `json:"policy_version,omitempty"` // of the current revision

	Form      Form       `json:"form"`               // as the proposer wrote it
	Problems  []Problem  `json:"problems,omitempty"` // what a draft still lacks
	Proposal  Proposal   `json:"proposal,omitzero"`  // the current accepted revision
	Revision  int        `json:"revision"`           // 0 in a draft
	Hash      string     `json:"hash,omitempty"`     // of the current revision, hex
	Revisions []Revision `json:"revisions,omitempty"`

	FourEyes     FourEyes      `json:"four_eyes,omitempty"` // the mode the current revision is decided under
	Requirements []Requirement `json:"requirements,omitempty"`
	Settled      Settled       `json:"settled,omitzero"`
	Ballots      []Ballot      `json:"ballots,omitempty"`

	Implementer PersonID   `json:"implementer,omitempty"` // who has the work now
	Hands       []PersonID `json:"hands,omitempty"`       // everyone who had any part of the work
	Attempt     Attempt    `json:"attempt,omitzero"`
	Fails       int        `json:"fails,omitempty"` // failed tests
	Release     Release    `json:"release,omitzero"`
	Held        Hold       `json:"held,omitzero"`
	Round       int        `json:"round,omitempty"`   // counts the times everything open was asked anew
	Widened     BallotKind `json:"widened,omitempty"` // the pool is asked in place of a silent person
	Ratify      bool       `json:"ratify,omitempty"`  // an emergency's co-signature is still owed
	Marks       []Mark     `json:"marks,omitempty"`
	Comments    []Comment  `json:"comments,omitempty"`
	Events      int        `json:"events"` // how many made this change
}

// A Revision is one accepted version of the proposal.
type Revision struct {
	Number   int       `json:"number"`
	Hash     string    `json:"hash"`
	Proposal Proposal  `json:"proposal"`
	At       time.Time `json:"at"`
}

// A Requirement is one approval a change needs.
type Requirement struct {
	Role   Role     `json:"role,omitempty"`    // whose holders may give it, or
	CoSign bool     `json:"co_sign,omitempty"` // anybody entitled who neither proposed nor implements
	By     PersonID `json:"by,omitempty"`      // the authorizer who asked for it with ALSO
	Why    string   `json:"why"`
}

// Settled is what authorizers fixed in their approvals; it is not part of the
// hashed proposal.
type Settled struct {
	Major       bool     `json:"major,omitempty"`
	MajorWhy    string   `json:"major_why,omitempty"`
	Implementer PersonID `json:"implementer,omitempty"`
	Tester      PersonID `json:"tester,omitempty"`
	Window      string   `json:"window,omitempty"` // from RESCHEDULE
}

// An Attempt is one implementation reported as done. A test belongs to it.
type Attempt struct {
	N          int       `json:"n"`
	Version    string    `json:"version"`
	By         PersonID  `json:"by"`
	DoneAt     string    `json:"done_at"` // as the implementer wrote it
	At         time.Time `json:"at"`      // when it was reported
	Notes      string    `json:"notes,omitempty"`
	LeftUndone string    `json:"left_undone,omitempty"`
	Passed     PersonID  `json:"passed,omitempty"` // who passed it
	PassedAt   time.Time `json:"passed_at,omitzero"`
	Evidence   string    `json:"evidence,omitempty"`
}

// Release is what is known of the change in production.
type Release struct {
	Live       bool          `json:"live,omitempty"`        // something of it is in production now
	Ever       bool          `json:"ever,omitempty"`        // it was at any time
	Since      time.Time     `json:"since,omitzero"`        // when that was reported
	ReleasedAt string        `json:"released_at,omitempty"` // as the implementer wrote it
	Version    string        `json:"version,omitempty"`
	By         PersonID      `json:"by,omitempty"`
	Untested   time.Duration `json:"untested,omitempty"`  // how long it was live untested (production window), ns
	Told       bool          `json:"told,omitempty"`      // the distribution went out (7)
	People     []PersonID    `json:"people,omitempty"`    // to these people, at any time
	Addresses  []string      `json:"addresses,omitempty"` // and these lists
	Excused    []Excuse      `json:"excused,omitempty"`   // of these, those an operator excused
	UndoneAt   string        `json:"undone_at,omitempty"`
	UndoneBy   PersonID      `json:"undone_by,omitempty"`
}

// A Hold says why a change is held up and where it goes on.
type Hold struct {
	From   State    `json:"from,omitempty"`
	By     PersonID `json:"by,omitempty"`
	Why    string   `json:"why,omitempty"`
	LeftAs string   `json:"left_as,omitempty"`
}

// A Mark is something the record says of a change for good.
type Mark struct {
	Kind MarkKind  `json:"kind"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// A MarkKind names what is remarkable about a change.
type MarkKind string

// What the digest lists as exceptions.
const (
	MarkSelfAuthorized   MarkKind = "self-authorized"
	MarkEmergency        MarkKind = "emergency"
	MarkRetrospective    MarkKind = "retrospective" // a deviation from policy
	MarkProductionWindow MarkKind = "production window"
	MarkObjected         MarkKind = "objected"
	MarkPartial          MarkKind = "accepted as partial"
)

// A Comment is what a registered person wrote about a change without deciding
// anything.
type Comment struct {
	By   PersonID  `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Mail string    `json:"mail,omitempty"`
}

// Ballot gives the ballot with the id.
func (c Change) Ballot(id BallotID) (Ballot, bool) {
	i := slices.IndexFunc(c.Ballots, func(b Ballot) bool { return b.ID == id })
	if i < 0 {
		return Ballot{}, false
	}
	return c.Ballots[i], true
}

// OpenBallots lists the ballots that can still be answered.
func (c Change) OpenBallots() []Ballot {
	return c.ballots(Ballot.Open)
}

// OpenFor lists the ballots the person can still answer.
func (c Change) OpenFor(person PersonID) []Ballot {
	return c.ballots(func(b Ballot) bool { return b.Open() && b.Person == person })
}

func (c Change) ballots(keep func(Ballot) bool) []Ballot {
	var kept []Ballot
	for _, b := range c.Ballots {
		if keep(b) {
			kept = append(kept, b)
		}
	}
	return kept
}

// Name is the number people know the change by: CHG-…, or D-… for a draft.
func (c Change) Name() string {
	if c.Number != "" {
		return c.Number
	}
	return c.Draft
}

// Title is the proposal's title, as far as it is known.
func (c Change) Title() string {
	if c.Proposal.Title != "" {
		return c.Proposal.Title
	}
	return c.Form.Get(LabelTitle)
}

// IsMajor says whether higher management is told (7c): any yes is yes.
func (c Change) IsMajor() bool { return c.Proposal.Major || c.Settled.Major }

// IsRestricted says whether only title, window and contact may be told widely. Of
// a draft that is so as soon as it says anything but no.
func (c Change) IsRestricted() bool {
	said := c.Form.Get(LabelRestricted)
	if c.Revision > 0 {
		return c.Proposal.Restricted
	}
	return said != "" && !strings.EqualFold(said, "no")
}

// NamedImplementer is who the authorizers, else the proposer, named (4).
func (c Change) NamedImplementer() PersonID {
	return first(c.Settled.Implementer, c.Proposal.Implementer)
}

// NamedTester is who the authorizers, else the proposer, named (6); empty when
// the pool is asked.
func (c Change) NamedTester() PersonID { return first(c.Settled.Tester, c.Proposal.Tester) }

// Window is when the change is to be made, as last agreed.
func (c Change) Window() string { return first(c.Settled.Window, c.Proposal.Window) }

// Marked says whether the change carries the mark.
func (c Change) Marked(kind MarkKind) bool {
	return slices.ContainsFunc(c.Marks, func(m Mark) bool { return m.Kind == kind })
}

// Emergency says whether the change was proposed as an emergency.
func (c Change) Emergency() bool { return c.Proposal.Urgency == UrgencyEmergency }

func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}
