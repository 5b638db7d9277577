package mailtmpl

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// files are the pictures the letter shows.
func (l Letter) files() (files []File) {
	for _, b := range l.Blocks {
		if b.Picture != nil {
			files = append(files, b.Picture.File)
		}
	}
	return files
}

// ByteOrderMark tells spreadsheets that a table is in UTF-8.
const ByteOrderMark = "\ufeff"

// columnsOfMonth are what the table of a month says of each change.
var columnsOfMonth = []struct {
	name string
	of   func(Data, policy.Life) string
}{
	{"number", func(_ Data, l policy.Life) string { return l.Name() }},
	{"title", func(_ Data, l policy.Life) string { return flat(l.Title()) }},
	{"categories", func(_ Data, l policy.Life) string { return joined(l.Proposal.Categories) }},
	{"major", func(_ Data, l policy.Life) string { return yes(l.IsMajor()) }},
	{"state", func(_ Data, l policy.Life) string { return string(l.State) }},
	{"proposer", func(d Data, l policy.Life) string { return d.Name(l.Proposer) }},
	{"authorized by", func(d Data, l policy.Life) string { return d.each(l.Approvers()) }},
	{"proposed", func(d Data, l policy.Life) string { return d.stamp(l.Opened) }},
	{"authorized", func(d Data, l policy.Life) string { return d.stamp(l.Authorized) }},
	{"in production", func(d Data, l policy.Life) string { return d.stamp(l.Released) }},
	{"ended", func(d Data, l policy.Life) string { return d.stamp(l.Ended) }},
	{"out of the ordinary", func(d Data, l policy.Life) string {
		var kinds []policy.ExceptionKind
		for _, e := range d.Digest().Of(l.ID) {
			kinds = append(kinds, e.Kind)
		}
		return joined(kinds)
	}},
}

// tableOfMonth lists every change that lived in the month (RFC 4180).
func (d Data) tableOfMonth() File {
	var b bytes.Buffer
	b.WriteString(ByteOrderMark)
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	var head []string
	for _, c := range columnsOfMonth {
		head = append(head, c.name)
	}
	rows := [][]string{head}
	for _, life := range d.Digest().Changes {
		var row []string
		for _, c := range columnsOfMonth {
			row = append(row, Harmless(c.of(d, life)))
		}
		rows = append(rows, row)
	}
	w.WriteAll(rows) //nolint:errcheck // a buffer takes everything
	return File{Name: "changes-" + d.Digest().Figures.String() + ".csv", Type: "text/csv; charset=utf-8", Bytes: b.Bytes()}
}

// Harmless keeps a spreadsheet from taking a cell for a formula.
func Harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (d Data) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.location()).Format("2006-01-02 15:04")
}

func (d Data) each(ids []policy.PersonID) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.Name(id))
	}
	return strings.Join(names, "; ")
}

func joined[T ~string](list []T) string {
	var words []string
	for _, w := range list {
		words = append(words, string(w))
	}
	return strings.Join(words, "; ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
