package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/mbox"
)

// mailbox explains every mail of a mailbox file, a line each, and sums up.
func (e *explainCmd) mailbox(g *globals, d *daemon.Daemon) error {
	f, err := os.Open(e.Mbox)
	if err != nil {
		return &failure{err: err, hint: "Export the folder from the mail program as an mbox file.", code: exitUsage}
	}
	defer f.Close() //nolint:errcheck // it was only read
	var size int64
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	bar := newProgress(g.stderr, "bytes")
	sum, n, done := tally{}, 0, int64(0)
	for raw, err := range mbox.Mails(f, int(d.Intake.Limit)) {
		if err != nil {
			return fmt.Errorf("reading %s: %w", e.Mbox, err)
		}
		n++
		out, err := d.Desk.Explain(g.ctx, e.incoming(g, raw, d.Intake.Limit))
		if err != nil {
			return fmt.Errorf("explaining mail %d of %s: %w", n, e.Mbox, err)
		}
		bar.clear()
		fmt.Fprintf(g.stdout, "%5d  %s\n", n, oneLine(out, raw))
		sum.add(out)
		done += int64(len(raw))
		bar.show(done, max(size, done))
	}
	bar.clear()
	fmt.Fprintf(g.stdout, "\n%s in %s\n\n", count(n, "mail", "mails"), e.Mbox)
	sum.print(g.stdout)
	return nil
}

// oneLine is what becomes of a mail, who sent it, and its subject.
func oneLine(out desk.Outcome, raw []byte) string {
	from, subject := "", ""
	if m := out.Message; m != nil {
		from, subject = orElse(m.From.Address, m.FromProblem), m.Subject
	} else {
		subject = fmt.Sprintf("%d bytes", len(raw))
	}
	return strings.TrimRight(fmt.Sprintf("%-14s %-26s %-28s %s", out.Disposition, what(out), cut(from, 28), cut(subject, 60)), " ")
}

// what is the answer that was read, else why there is none.
func what(out desk.Outcome) string {
	switch {
	case out.Answer.Keyword != "":
		return strings.TrimSpace(string(out.Answer.Keyword) + " " + out.Change.Name())
	case out.Disposition == desk.Accepted:
		return "a proposal"
	}
	return cut(orElse(out.Answer.Unclear, out.Reason), 26)
}

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// A tally counts mails by what becomes of them.
type tally map[desk.Disposition]map[string]int

func (t tally) add(out desk.Outcome) {
	if t[out.Disposition] == nil {
		t[out.Disposition] = map[string]int{}
	}
	reason := out.Reason
	if out.Answer.Keyword != "" && out.Disposition == desk.Counted {
		reason = string(out.Answer.Keyword)
	}
	t[out.Disposition][reason]++
}

// print writes the sums, the greatest first.
func (t tally) print(w io.Writer) {
	var rows bytes.Buffer
	sums := map[desk.Disposition]int{}
	for d, reasons := range t {
		for _, n := range reasons {
			sums[d] += n
		}
	}
	for _, d := range slices.SortedFunc(maps.Keys(sums), func(a, b desk.Disposition) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), strings.Compare(string(a), string(b)))
	}) {
		fmt.Fprintf(&rows, "%5d  %s: %s\n", sums[d], d, meanings[d])
		for _, reason := range slices.SortedFunc(maps.Keys(t[d]), func(a, b string) int {
			return cmp.Or(cmp.Compare(t[d][b], t[d][a]), strings.Compare(a, b))
		}) {
			fmt.Fprintf(&rows, "       %5d  %s\n", t[d][reason], orElse(reason, "no more to say"))
		}
	}
	w.Write(rows.Bytes()) //nolint:errcheck // as with all that is printed
}
