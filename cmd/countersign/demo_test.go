package main

import (
	"strings"
	"testing"
)

// The demo plays to its end on nothing but Postgres, shows the mails and the
// record.
func TestDemo(t *testing.T) {
	got := command(t, "demo")
	for _, want := range []string{"CHG-2026-0001 is closed", "Subject: [CHG-2026-0002] A forged mail came in your name", "Subject: [CHG-2026-0002] A forged mail was refused", "CHG-2026-0002 is rejected", "│ Subject: Changes in November 2026: 1 done, nothing needs your attention", "$ countersign show CHG-2026-0001", "Risk | medium, the rebuild is rehearsed", "/wiki/spaces/CHG/pages/", "3 pages tell what the record tells, 0 wait to be written", "the record holds and everything agrees with it."} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if got.code != exitOK || got.errors != "" {
		t.Errorf("left with %d and said %s", got.code, got.errors)
	}
}
