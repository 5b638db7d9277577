package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	broken := errors.New("the disk is full")
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{nil, exitOK, ""},
		{errNo, exitNo, ""},
		{fmt.Errorf("checking: %w", errNo), exitNo, ""},
		{broken, exitFailed, "countersign: the disk is full\n"},
		{hinted(broken, "Empty it."), exitFailed, "countersign: the disk is full\nhint: Empty it.\n"},
		{fmt.Errorf("archiving: %w", hinted(broken, "Empty it.")), exitFailed, "countersign: archiving: the disk is full\nhint: Empty it.\n"},
	} {
		var text bytes.Buffer
		if code := report(&text, c.err); code != c.code || text.String() != c.text {
			t.Errorf("%v: exit code %d, %q", c.err, code, text.String())
		}
	}
}

// Faults are told one by one, warnings go to the log, and one error is enough
// not to go on.
func TestLoadRefusesFaults(t *testing.T) {
	var stderr, log bytes.Buffer
	g := globals{ctx: context.Background(), stderr: &stderr, log: slog.New(slog.NewTextHandler(&log, nil))}
	g.Config = configured(t, "[organization]\nname = \"Example Inc.\"\n")
	c, err := g.load()
	if c != nil || report(&stderr, err) != exitUsage {
		t.Fatalf("got %v, %v", c, err)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "error: organization.timezone: is missing\n    Write an IANA name") ||
		!strings.Contains(got, "\nhint: countersign check") || strings.Contains(got, "warning") {
		t.Errorf("said:\n%s", got)
	}
	if !strings.Contains(log.String(), `level=WARN msg=configuration key=people`) {
		t.Errorf("logged:\n%s", log.String())
	}
}
