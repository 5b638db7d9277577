package main

import (
	"errors"
	"fmt"
	"io"
)

// The exit codes.
const (
	exitOK     = 0
	exitNo     = 1 // the answer is no
	exitUsage  = 2 // the command line or the configuration is wrong
	exitFailed = 3 // it could not be done
)

// errNo is the error of a verb whose answer is no and has been given.
var errNo = &failure{code: exitNo}

// A failure is an error for the person at the terminal: with a hint on its own
// line, and an exit code.
type failure struct {
	err  error // nil: nothing more is to be said
	hint string
	code int
}

func (f *failure) Error() string {
	if f.err == nil {
		return "the answer is no"
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// hinted adds what the person can do about an error.
func hinted(err error, hint string) error {
	return &failure{err: err, hint: hint, code: exitFailed}
}

// report says what went wrong and gives the exit code. Errors that are no
// failure could not be helped: exitFailed.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	f := &failure{err: err, code: exitFailed}
	if known, ok := errors.AsType[*failure](err); ok {
		f.hint, f.code = known.hint, known.code
		if known.err == nil {
			return f.code
		}
	}
	fmt.Fprintf(stderr, "countersign: %v\n", f.err)
	if f.hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", f.hint)
	}
	return f.code
}
