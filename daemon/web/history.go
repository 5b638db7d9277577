package web

import (
	"slices"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An entry is one thing that was said or decided about a change.
type entry struct {
	At     string
	By     string
	Said   string // a keyword, or what was done
	About  string // what was asked for
	Proof  string // how it is known who said so
	Fields []typed
	Files  []fileLink
	Then   policy.State // where that took the change
}

// decode gives the events of the record. One that cannot be read, or was erased,
// is rebuild's to tell.
func decode(rows []storage.EventRow) (events []policy.Event) {
	for _, row := range rows {
		if e, err := policy.DecodeEvent(row.Kind, row.Payload); err == nil {
			events = append(events, e)
		}
	}
	return events
}

// historyOf gives what was said about the change, oldest first, and where each of
// it took the change.
func historyOf(d mailtmpl.Data, events []policy.Event) (all []entry) {
	for _, s := range mailtmpl.History(d, events) {
		e := entry{At: d.Time(s.When), By: s.By, Said: s.Said, About: s.About, Proof: s.Proof, Files: fileLinks(d.Change, s.Files), Then: s.Then}
		for _, f := range s.Fields {
			e.Fields = append(e.Fields, typed{f.Label, mailtmpl.Clean(f.Text)})
		}
		all = append(all, e)
	}
	return all
}

// A fileLink is a file that came with a mail, and where it can be had.
type fileLink struct{ Name, Size, Link string }

func fileLinks(c policy.Change, files []policy.File) (all []fileLink) {
	for _, f := range files {
		name := mailtmpl.Clean(f.Name)
		if name == "" {
			name = "a file without a name"
		}
		all = append(all, fileLink{name, mailtmpl.Size(f.Size), changePath(c) + "/files/" + f.SHA256})
	}
	return all
}

func changePath(c policy.Change) string { return mailtmpl.ChangePath + c.Name() }

// newestFirst turns a history round.
func newestFirst(all []entry) []entry {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}
