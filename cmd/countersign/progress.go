package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A progress bar shows how far long work has come, on a terminal only.
type progress struct {
	out   io.Writer
	unit  string
	shown time.Time
	on    bool
}

func newProgress(out io.Writer, unit string) *progress {
	f, ok := out.(*os.File)
	if ok {
		info, err := f.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &progress{out: out, unit: unit, on: ok}
}

// show draws the bar, at most ten times a second.
func (p *progress) show(done, total int64) {
	const width = 30
	if !p.on || total == 0 || time.Since(p.shown) < 100*time.Millisecond && done < total {
		return
	}
	p.shown = time.Now()
	full := int(done * width / total)
	fmt.Fprintf(p.out, "\r[%s%s] %d of %d %s", strings.Repeat("#", full), strings.Repeat(".", width-full), done, total, p.unit)
}

// clear takes the bar away for a line of the answer; show draws it again.
func (p *progress) clear() {
	if p.on && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// end leaves a clean line.
func (p *progress) end() {
	if p.on && !p.shown.IsZero() {
		fmt.Fprintln(p.out)
	}
}
