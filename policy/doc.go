// Package policy is POL-005, the change management policy, as a program: the
// life of a change, who may take which step, and what each step needs.
//
// [Decide] takes a change, the directory of people, a command and the time,
// and answers with events and notices, or with a refusal a person can read.
// [Apply] takes a change and one event and gives the next change; it never
// looks at the directory, because every event carries the facts it was decided
// on. Replaying a change's events therefore always gives the same change.
//
// The package is pure: it imports the standard library only, reads no clock
// and does no input or output. Numbers in parentheses, such as (3b), are
// points of POL-005.
//
// # Reading order
//
// table.go is the life of a change on one page. change.go, ballot.go and
// directory.go are its nouns; decide.go carries a command to the file that
// decides it; wanted.go says which ballots a state keeps open; apply.go is the
// whole of replay.
package policy

// ID and Versions name the policy this program implements. A configuration
// that asks for another version is refused.
const ID = "POL-005"

// Versions lists the versions of POL-005 this program implements.
var Versions = []string{"1.1"}
