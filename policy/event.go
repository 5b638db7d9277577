package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// An Event is one thing that happened to a change. It carries every fact it
// was decided on, so that applying it needs nothing else.
type Event interface {
	// Kind names the event and its version, as "cast.1". A new version gets a
	// new type; old ones are kept for good.
	Kind() string
	apply(c *Change)
}

// Opened starts a change as a draft.
type Opened struct {
	ID       ChangeID  `json:"id"`
	Draft    string    `json:"draft"`
	Proposer PersonID  `json:"proposer"`
	Roles    []Role    `json:"roles"` // held then (1)
	Proof    string    `json:"proof,omitempty"`
	Mail     string    `json:"mail,omitempty"`
	At       time.Time `json:"at"`
}

// Drafted records what is understood of a proposal and what it lacks.
type Drafted struct {
	Form     Form      `json:"form"`
	Problems []Problem `json:"problems,omitempty"`
	At       time.Time `json:"at"`
}

// Revised makes an accepted proposal, or an accepted amendment, the current
// revision. Everything decided about an earlier one is void.
type Revised struct {
	Number        string        `json:"number"`
	Revision      int           `json:"revision"`
	Form          Form          `json:"form"`
	Proposal      Proposal      `json:"proposal"`
	Hash          string        `json:"hash"`
	PolicyVersion string        `json:"policy_version"`
	FourEyes      FourEyes      `json:"four_eyes"`
	Requirements  []Requirement `json:"requirements"`
	By            PersonID      `json:"by"`
	Proof         string        `json:"proof,omitempty"`
	Mail          string        `json:"mail,omitempty"`
	At            time.Time     `json:"at"`
}

// Required adds one more approval to those the revision needs.
type Required struct {
	Requirement Requirement `json:"requirement"`
	At          time.Time   `json:"at"`
}

// Issued opens a ballot.
type Issued struct {
	Ballot Ballot `json:"ballot"`
}

// Kept stores an incomplete answer on its ballot, to be completed.
type Kept struct {
	Ballot BallotID `json:"ballot"`
	Answer Answer   `json:"answer"`
}

// Cast counts an answer: the ballot is decided.
type Cast struct {
	Ballot BallotID `json:"ballot"`
	Answer Answer   `json:"answer"`
	Roles  []Role   `json:"roles,omitempty"` // held then
	Teams  []Team   `json:"teams,omitempty"` // in then
}

// Voided closes a ballot without an answer.
type Voided struct {
	Ballot BallotID     `json:"ballot"`
	Status BallotStatus `json:"status"` // voided or expired
	Why    string       `json:"why"`
	At     time.Time    `json:"at"`
}

// Moved takes the change to another state.
type Moved struct {
	To  State     `json:"to"`
	By  PersonID  `json:"by,omitempty"`
	Why string    `json:"why,omitempty"`
	At  time.Time `json:"at"`
}

// HeldUp stops the change where it stands.
type HeldUp struct {
	Hold Hold      `json:"hold"`
	At   time.Time `json:"at"`
}

// SettledEvent replaces what the authorizers settled.
type SettledEvent struct {
	Settled Settled   `json:"settled"`
	By      PersonID  `json:"by"`
	At      time.Time `json:"at"`
}

// Assigned gives the work to an implementer (4); who had it counts as having
// done a part.
type Assigned struct {
	Implementer PersonID  `json:"implementer"`
	Teams       []Team    `json:"teams"` // in then
	By          PersonID  `json:"by"`
	At          time.Time `json:"at"`
}

// Attempted reports an implementation as done; earlier tests are void.
type Attempted struct {
	Attempt Attempt `json:"attempt"`
}

// Passed records a passed test of the current attempt (6).
type Passed struct {
	Attempt  int       `json:"attempt"`
	By       PersonID  `json:"by"`
	Evidence string    `json:"evidence"`
	At       time.Time `json:"at"`
}

// Flunked records a failed test (6).
type Flunked struct {
	Attempt int       `json:"attempt"`
	By      PersonID  `json:"by"`
	At      time.Time `json:"at"`
}

// WentLive records that something of the change is in production.
type WentLive struct {
	Version    string    `json:"version"`
	ReleasedAt string    `json:"released_at,omitempty"` // as a person wrote it
	By         PersonID  `json:"by,omitempty"`
	At         time.Time `json:"at"`
}

// Told records that the distribution goes out (7), and to whom.
type Told struct {
	People    []PersonID    `json:"people"`
	Addresses []string      `json:"addresses,omitempty"`
	Untested  time.Duration `json:"untested,omitempty"` // how long it was live untested, ns
	At        time.Time     `json:"at"`
}

// Excused records that an operator excused somebody the distribution (7) could
// not be delivered to.
type Excused struct {
	Excuse Excuse `json:"excuse"`
}

// TakenOut records that the change is out of production again.
type TakenOut struct {
	UndoneAt string    `json:"undone_at"`
	By       PersonID  `json:"by"`
	At       time.Time `json:"at"`
}

// Timed records what time did to an open ballot, and when it does more: its
// person was reminded, others were told that it is overdue; or neither, where
// only the calendar has changed.
type Timed struct {
	Ballot    BallotID   `json:"ballot"`
	Reminded  bool       `json:"reminded,omitempty"`
	Escalated bool       `json:"escalated,omitempty"`
	Told      []PersonID `json:"told,omitempty"` // of its being overdue
	Next      time.Time  `json:"next,omitzero"`
	At        time.Time  `json:"at"`
}

// Widened records that a named person stayed silent and the pool is asked.
type Widened struct {
	Ballot BallotKind `json:"ballot"`
	At     time.Time  `json:"at"`
}

// OwesRatification says whether an emergency's co-signature is still owed.
type OwesRatification struct {
	Owed bool      `json:"owed"`
	At   time.Time `json:"at"`
}

// Marked marks the change for good.
type Marked struct {
	Mark Mark `json:"mark"`
}

// Acted records an unasked act, such as STOP, as it was said.
type Acted struct {
	Answer Answer `json:"answer"`
	Roles  []Role `json:"roles,omitempty"`
	Teams  []Team `json:"teams,omitempty"`
}

// Noted files a comment.
type Noted struct {
	Comment Comment `json:"comment"`
}

// Kind and apply of every event stand in apply.go. eventTypes makes an empty
// event of each kind, for decoding.
var eventTypes = func() map[string]func() Event {
	types := map[string]func() Event{}
	add := func(empty func() Event) { types[empty().Kind()] = empty }
	add(func() Event { return &Opened{} })
	add(func() Event { return &Drafted{} })
	add(func() Event { return &Revised{} })
	add(func() Event { return &Required{} })
	add(func() Event { return &Issued{} })
	add(func() Event { return &Kept{} })
	add(func() Event { return &Cast{} })
	add(func() Event { return &Voided{} })
	add(func() Event { return &Moved{} })
	add(func() Event { return &HeldUp{} })
	add(func() Event { return &SettledEvent{} })
	add(func() Event { return &Assigned{} })
	add(func() Event { return &Attempted{} })
	add(func() Event { return &Passed{} })
	add(func() Event { return &Flunked{} })
	add(func() Event { return &WentLive{} })
	add(func() Event { return &Told{} })
	add(func() Event { return &Excused{} })
	add(func() Event { return &TakenOut{} })
	add(func() Event { return &Timed{} })
	add(func() Event { return &Widened{} })
	add(func() Event { return &OwesRatification{} })
	add(func() Event { return &Marked{} })
	add(func() Event { return &Acted{} })
	add(func() Event { return &Noted{} })
	return types
}()

// EventKinds lists the kinds of event there are, sorted.
func EventKinds() []string {
	var kinds []string
	for kind := range eventTypes {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// EncodeEvent gives the event's payload as JSON. Equal events have equal
// payloads: fields stand in the order of the type, map keys are sorted.
func EncodeEvent(e Event) ([]byte, error) { return json.Marshal(e) }

// DecodeEvent reads what [EncodeEvent] wrote for an event of the kind.
func DecodeEvent(kind string, payload []byte) (Event, error) {
	empty, ok := eventTypes[kind]
	if !ok {
		return nil, fmt.Errorf("event of unknown kind %q", kind)
	}
	e := empty()
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, fmt.Errorf("decoding event %s: %w", kind, err)
	}
	return e, nil
}
