package config

import (
	"fmt"
	"slices"
)

// A Severity says whether the daemon can run with a fault.
type Severity string

// An Error keeps the daemon from starting, a Warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Fault is one thing that is wrong with a configuration.
type Fault struct {
	Severity Severity `json:"severity"`
	Key      string   `json:"key"`    // the option, such as people.cto.addresses
	What     string   `json:"what"`   // what is wrong with it
	Remedy   string   `json:"remedy"` // what to do about it
}

// String writes the fault as a person reads it: the fault, then the remedy on
// its own line.
func (f Fault) String() string {
	return fmt.Sprintf("%s: %s: %s\n    %s", f.Severity, f.Key, f.What, f.Remedy)
}

// Broken says whether one of the faults is an error.
func Broken(faults []Fault) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Severity == Error })
}

// faults gathers what the checks find.
type faults []Fault

func (f *faults) err(key, what, remedy string) {
	*f = append(*f, Fault{Error, key, what, remedy})
}

func (f *faults) warn(key, what, remedy string) {
	*f = append(*f, Fault{Warning, key, what, remedy})
}
