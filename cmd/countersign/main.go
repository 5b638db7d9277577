// Command countersign runs a company's change-management policy by e-mail.
//
// Each verb is a file of this package. A verb that has done its work returns
// nil. Exit codes: 0 the work is done, or the answer is yes; 1 the answer is no,
// such as faults that check found; 2 the command line or the configuration is
// wrong; 3 the work could not be done.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a small machine may have no time zones of its own
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
