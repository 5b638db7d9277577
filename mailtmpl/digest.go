package mailtmpl

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/policy"
)

// Digest is the month the mail tells of, or an empty one.
func (d Data) Digest() policy.Digest {
	if d.Notice.Digest == nil {
		return policy.Digest{}
	}
	return *d.Notice.Digest
}

func digestAttention(d Data) []Row {
	var rows []Row
	for _, e := range d.Digest().Exceptions {
		rows = append(rows, ours(e.Change, said(e.Title)+": "+d.exception(e))...)
	}
	return rows
}

// exception says what is out of the ordinary, since when and with whom.
func (d Data) exception(e policy.Exception) string {
	text := string(e.Kind)
	if e.Times > 1 {
		text = fmt.Sprintf("%s, %d times", text, e.Times)
	}
	if e.Ballot != "" {
		text += " (" + string(e.Ballot) + ")"
	}
	if e.Person != "" {
		text += ", " + d.Name(e.Person)
	}
	if !e.Since.IsZero() {
		text += ", since " + d.Day(e.Since)
	}
	if e.Text != "" {
		text += "; " + said(e.Text)
	}
	return text
}

func digestMajors(d Data) []Row {
	var rows []Row
	for _, m := range d.Digest().Majors {
		rows = append(rows, ours(m.Name(), said(m.Title())+": "+string(m.State))...)
	}
	return rows
}

func digestNumbers(d Data) []Row {
	g := d.Digest()
	var rows []Row
	add := func(name string, of func(policy.Counts) int) {
		var before []string
		for _, m := range g.Earlier {
			before = append(before, fmt.Sprintf("%s %d", m.Short(), of(m.Counts)))
		}
		rows = append(rows, ours(name, fmt.Sprintf("%d (before: %s)", of(g.Counts), strings.Join(before, ", ")))...)
	}
	add("opened", func(c policy.Counts) int { return c.Proposed })
	add("authorized", func(c policy.Counts) int { return c.Authorized })
	add("in production", func(c policy.Counts) int { return c.Released })
	for _, end := range policy.Ends {
		add(string(end), func(c policy.Counts) int { return c.Ended[end] })
	}
	rows = append(rows, ours("still open", fmt.Sprint(g.Open))...)
	for _, c := range g.Categories {
		rows = append(rows, ours(string(c.Category), fmt.Sprintf("%d opened, %d in production, %d closed, %d open", c.Proposed, c.Released, c.Ended[policy.StateClosed], c.Open))...)
	}
	return rows
}

func digestTimes(d Data) []Row {
	g := d.Digest()
	rows := append(ours("to decide", spanOf(g.ToDecide)), ours("to release", spanOf(g.ToRelease))...)
	for _, w := range g.Waiting {
		rows = append(rows, ours(d.Name(w.Person), fmt.Sprintf("%s answered, %s; %d open", number(w.Answered), spanOf(policy.Median{Of: w.Answered, Value: w.Median}), w.Open))...)
	}
	return rows
}

func spanOf(m policy.Median) string {
	if m.Of == 0 {
		return "no figures"
	}
	return "median " + lasting(m.Value)
}

func digestRefused(d Data) []Row {
	var rows []Row
	for _, r := range d.Digest().Refused {
		rows = append(rows, ours(or(r.Change, "no change"), d.Name(r.Person)+", "+d.Day(r.At)+": "+r.Reason)...)
	}
	return rows
}

func digestDirectory(d Data) []Row {
	var rows []Row
	for _, r := range d.Digest().Reloads {
		rows = append(rows, ours(d.Day(r.At), said(strings.Join(r.Texts, "; ")))...)
	}
	return rows
}

func digestRecord(d Data) []Row {
	h := d.Digest().Head
	return ours("Record", fmt.Sprintf("%d entries, head %s; keep this mail, it proves the record was not rewritten since", h.Seq, h.Hash))
}
