package policy

import "fmt"

// A Refusal says why a command changes nothing, and what to do instead. It is
// for the person; an error is for the operator.
type Refusal struct {
	Code   RefusalCode `json:"code"`
	Reason string      `json:"reason"`           // what happened, a sentence
	Hint   string      `json:"hint"`             // what to do, a sentence
	Ballot BallotID    `json:"ballot,omitempty"` // the ballot to answer instead, where there is one
}

// A RefusalCode names a kind of refusal.
type RefusalCode string

// Why a command is refused.
const (
	RefusedNotProposer    RefusalCode = "not a proposer"  // (1)
	RefusedWrongPerson    RefusalCode = "wrong person"    // the ballot is somebody else's
	RefusedDecided        RefusalCode = "already decided" // cast before
	RefusedVoided         RefusalCode = "voided"          // no longer asked
	RefusedOldRevision    RefusalCode = "old revision"    // asked about text that has changed since
	RefusedOldAttempt     RefusalCode = "old attempt"     // asked about an earlier implementation
	RefusedWrongVersion   RefusalCode = "wrong version"   // names another version than the one tested
	RefusedNotAnAnswer    RefusalCode = "not an answer"   // the keyword does not answer this ballot
	RefusedNotEligible    RefusalCode = "not eligible"    // wrong team or role (2), (4), (6)
	RefusedFourEyes       RefusalCode = "four eyes"       // nobody independent would be left
	RefusedOwnWork        RefusalCode = "own work"        // implemented a part (6)
	RefusedNoTester       RefusalCode = "no tester"       // nobody would be left to test (6)
	RefusedTooLate        RefusalCode = "too late"        // the act exists only earlier
	RefusedTooEarly       RefusalCode = "too early"       // the act exists only later
	RefusedInProduction   RefusalCode = "in production"   // it must be undone, not dropped
	RefusedNothingChanged RefusalCode = "nothing changed" // an amendment equal to what stands
	RefusedEnded          RefusalCode = "ended"           // the change has reached an end
	RefusedUnknown        RefusalCode = "unknown"         // no such ballot
	RefusedProblems       RefusalCode = "problems"        // fields missing or not understood
)

func refuse(code RefusalCode, hint, reason string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(reason, args...), Hint: hint}
}

func (r *Refusal) Error() string { return r.Reason + " " + r.Hint }

// A Problem is one thing wrong with a proposal or an answer, with its remedy.
type Problem struct {
	Label Label       `json:"label,omitempty"`
	Code  ProblemCode `json:"code"`
	Given string      `json:"given,omitempty"` // what was written
	Text  string      `json:"text"`            // what is wrong, a sentence
	Hint  string      `json:"hint"`            // what to write instead, a sentence
}

// A ProblemCode names a kind of problem.
type ProblemCode string

// What can be wrong with a field.
const (
	ProblemMissing     ProblemCode = "missing"
	ProblemPlaceholder ProblemCode = "placeholder" // "n/a", "-", "ok"
	ProblemTwice       ProblemCode = "twice"       // one label, two values
	ProblemUnknown     ProblemCode = "unknown"     // a category, person, level or number that is not one of ours
	ProblemNotEligible ProblemCode = "not eligible"
	ProblemNoTester    ProblemCode = "no tester"
	ProblemNobody      ProblemCode = "nobody to authorize"
	ProblemNotAllowed  ProblemCode = "not allowed" // a production window where none is configured
	ProblemReason      ProblemCode = "reason"      // a level or yes without its reason
)
