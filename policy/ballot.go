package policy

import (
	"slices"
	"time"
)

// A BallotKind names the question a ballot asks.
type BallotKind string

// The twelve questions of the life of a change.
const (
	BallotCorrection     BallotKind = "correction"     // what is missing in a draft
	BallotAuthorization  BallotKind = "authorization"  // (2), (3)
	BallotQuestion       BallotKind = "question"       // an authorizer's question to the proposer
	BallotRatification   BallotKind = "ratification"   // the co-signature after an emergency
	BallotOffer          BallotKind = "offer"          // (4): will you implement it?
	BallotImplementation BallotKind = "implementation" // (4)
	BallotTest           BallotKind = "test"           // (6)
	BallotRelease        BallotKind = "release"        // (6): put it into production
	BallotCheck          BallotKind = "check"          // (5)
	BallotDocuments      BallotKind = "documents"      // (8)
	BallotDecision       BallotKind = "decision"       // the change is held up: what now?
	BallotUndo           BallotKind = "undo"
)

// A BallotID names one ballot: by the day its change was proposed, and by what
// derives from the mail that caused the ballot, so that deciding the same mail
// again gives the same id.
type BallotID string

// Mail is the part of the id that derives from the mail alone.
func (id BallotID) Mail() string { return string(id[min(len(dayOfID), len(id)):]) }

// A BallotStatus says whether a ballot can still be answered.
type BallotStatus string

// What a ballot goes through.
const (
	BallotOpen    BallotStatus = "open"
	BallotCast    BallotStatus = "cast"
	BallotVoided  BallotStatus = "voided"  // no longer needed: another answer or a new revision made it so
	BallotExpired BallotStatus = "expired" // its time ran out
)

// A Ballot is one person's paper for one question about one revision.
type Ballot struct {
	ID       BallotID   `json:"id"`
	Kind     BallotKind `json:"kind"`
	Person   PersonID   `json:"person"`
	For      PersonID   `json:"for,omitempty"`   // the principal, where Person is a deputy
	Roles    []Role     `json:"roles,omitempty"` // the authorizing roles the answer counts for
	CoSign   bool       `json:"co_sign,omitempty"`
	Revision int        `json:"revision"`
	Attempt  int        `json:"attempt,omitempty"` // test, release, check and documents belong to one attempt
	Round    int        `json:"round"`
	Pool     bool       `json:"pool,omitempty"` // one of several people asked; the first answer counts
	Question *Question  `json:"question,omitempty"`
	Issued   time.Time  `json:"issued"`
	Due      time.Time  `json:"due,omitzero"`
	Next     time.Time  `json:"next,omitzero"` // when time does something to it, if it is open still

	Reminders int        `json:"reminders,omitempty"` // how often its person was reminded
	Reminded  time.Time  `json:"reminded,omitzero"`   // the last time
	Escalated time.Time  `json:"escalated,omitzero"`  // when others were told that it is overdue
	Told      []PersonID `json:"told,omitempty"`      // who they were

	Status  BallotStatus `json:"status"`
	Closed  time.Time    `json:"closed,omitzero"`
	Why     string       `json:"why,omitempty"`     // why it was voided
	Partial *Answer      `json:"partial,omitempty"` // an incomplete answer, kept until it is completed
	Answer  *Answer      `json:"answer,omitempty"`
}

// A Question is what an authorizer asked the proposer.
type Question struct {
	By   PersonID `json:"by"`
	Text string   `json:"text"`
}

// An Answer is what a person said on a ballot, or as an act on a change.
type Answer struct {
	Keyword Keyword   `json:"keyword"`
	Fields  Form      `json:"fields,omitempty"`
	Files   []File    `json:"files,omitempty"`
	By      PersonID  `json:"by"`
	At      time.Time `json:"at"`
	Proof   string    `json:"proof,omitempty"` // how the sender was proven: token, authenticated, page, operator
	Mail    string    `json:"mail,omitempty"`  // SHA-256 of the raw mail, in hex
}

// A File is an attachment kept as evidence; its bytes lie in the archive.
type File struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int    `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Open says whether the ballot can still be answered.
func (b Ballot) Open() bool { return b.Status == BallotOpen }

// ofAttempt says whether the ballot asks about one implementation.
func (b Ballot) ofAttempt() bool {
	return slices.Contains([]BallotKind{BallotTest, BallotRelease, BallotCheck, BallotDocuments}, b.Kind)
}

// Said says whether the ballot was cast with the keyword.
func (b Ballot) Said(k Keyword) bool {
	return b.Status == BallotCast && b.Answer != nil && b.Answer.Keyword == k
}
