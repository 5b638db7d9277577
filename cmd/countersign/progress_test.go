package main

import (
	"bytes"
	"strings"
	"testing"
)

// A bar is drawn over itself, ends full and leaves a clean line.
func TestProgressOnATerminal(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, unit: "events", on: true}
	p.show(1, 4)
	p.show(2, 4) // too soon to be drawn
	p.show(4, 4)
	p.end()
	want := "\r[" + strings.Repeat("#", 7) + strings.Repeat(".", 23) + "] 1 of 4 events\r[" + strings.Repeat("#", 30) + "] 4 of 4 events\n"
	if out.String() != want {
		t.Errorf("drew %q", out.String())
	}
}

// What is no terminal, such as a log, gets no bar.
func TestProgressElsewhere(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, "events")
	p.show(1, 4)
	p.end()
	if out.Len() > 0 {
		t.Errorf("drew %q", out.String())
	}
}
