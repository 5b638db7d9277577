package mailtmpl

import (
	"fmt"
	"slices"

	"github.com/countersign/countersign/policy"
)

// What was implemented, tested, released and undone.

func implemented(d Data) []Row {
	a := d.Change.Attempt
	if a.N == 0 {
		return nil
	}
	return slices.Concat(
		row("Version", a.Version),
		row("Done", a.DoneAt+", by "+d.Name(a.By)),
		ours("Attempt", attempt(a.N)),
		row("What was done", a.Notes),
		row("Left undone", a.LeftUndone),
	)
}

func attempt(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("the %s; every earlier test is void", ordinal(n))
}

func ordinal(n int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprintf("%dth", n)
}

// tested shows who passed the present attempt, when, and on what evidence.
func tested(d Data) []Row {
	a := d.Change.Attempt
	if a.Passed == "" {
		return nil
	}
	rows := ours("Tested by", d.Name(a.Passed)+", "+d.Time(a.PassedAt))
	for _, b := range d.Change.Ballots {
		if b.Kind == policy.BallotTest && b.Said(policy.KeywordPass) && b.Attempt == a.N {
			rows = slices.Concat(rows, row("Evidence", b.Answer.Fields.Get(policy.LabelEvidence)), files(b.Answer.Files))
		}
	}
	return append(rows, untested(d)...)
}

func untested(d Data) []Row {
	if d.Change.Release.Untested == 0 {
		return nil
	}
	return ours("Live untested", "for "+lasting(d.Change.Release.Untested))
}

func files(list []policy.File) []Row {
	var rows []Row
	for _, f := range list {
		rows = append(rows, row("Attached", fmt.Sprintf("%s (%s)", flat(f.Name), size(f.Size)))...)
	}
	return rows
}

func size(bytes int) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%d kB", (bytes+500)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
}

func failures(d Data) []Row {
	var rows []Row
	for _, b := range d.Change.Ballots {
		if b.Kind == policy.BallotTest && b.Said(policy.KeywordFail) && !d.causedBy(b) {
			rows = append(rows, row("Failed before", b.Answer.Fields.Get(policy.LabelReason)+d.by(b.Person, b.Answer.At))...)
		}
	}
	return rows
}

// causedBy says whether the ballot's answer is what led to this mail.
func (d Data) causedBy(b policy.Ballot) bool {
	c := d.Notice.Cause
	return c != nil && b.Answer != nil && c.By == b.Answer.By && c.At.Equal(b.Answer.At)
}

func live(d Data) []Row {
	r := d.Change.Release
	if !r.Ever {
		return nil
	}
	at := or(r.ReleasedAt, d.Time(r.Since))
	if r.By != "" {
		at += ", by " + d.Name(r.By)
	}
	return slices.Concat(row("In production", at), row("Version", r.Version))
}

// deviations lists where what was done is not what was asked for.
func deviations(d Data) []Row {
	c := d.Change
	var rows []Row
	if c.Implementer != c.NamedImplementer() && c.Implementer != "" {
		rows = append(rows, ours("Otherwise", "implemented by "+d.Name(c.Implementer)+", not by "+d.Name(c.NamedImplementer()))...)
	}
	if c.NamedTester() != "" && c.Attempt.Passed != "" && c.Attempt.Passed != c.NamedTester() {
		rows = append(rows, ours("Otherwise", "tested by "+d.Name(c.Attempt.Passed)+", not by "+d.Name(c.NamedTester()))...)
	}
	rows = append(rows, row("Not done", c.Attempt.LeftUndone)...)
	return append(rows, marks(d)...)
}

func undone(d Data) []Row {
	r := d.Change.Release
	if r.UndoneAt == "" {
		return nil
	}
	name := "Taken out"
	if !r.Ever {
		name = "Undone"
	}
	return row(name, r.UndoneAt+", by "+d.Name(r.UndoneBy))
}

// notes shows what the implementer has to say about the release.
func notes(d Data) []Row {
	if c := d.Notice.Cause; c != nil {
		return row("Notes", c.Fields.Get(policy.LabelNotes))
	}
	return nil
}

// whyUndone shows the last word that had the change undone, and the notes of
// the UNDONE.
func whyUndone(d Data) []Row {
	order := d.undoOrder()
	if order == nil {
		return notes(d)
	}
	return append(row("Reason", order.Fields.Get(policy.LabelReason)+d.by(order.By, order.At)), notes(d)...)
}

// undoOrder is the last word that had the change undone: an UNDO, a FAIL in
// production, or a REJECT of what was done already.
func (d Data) undoOrder() *policy.Answer {
	var last *policy.Answer
	for _, b := range d.Change.Ballots {
		for _, k := range []policy.Keyword{policy.KeywordUndo, policy.KeywordFail, policy.KeywordReject} {
			if b.Said(k) && (last == nil || b.Answer.At.After(last.At)) {
				last = b.Answer
			}
		}
	}
	return last
}
