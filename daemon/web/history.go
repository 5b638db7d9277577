package web

import (
	"slices"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An entry is one thing that was said or decided about a change.
type entry struct {
	When   time.Time
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
	for _, event := range events {
		if step, moves := stepOf(event); moves && len(all) > 0 && all[len(all)-1].When.Equal(step.When) {
			all[len(all)-1].Then = step.State
		} else if moved, is := event.(*policy.Moved); is { // nobody said anything: time did it
			all = append(all, entry{When: moved.At, By: "Nobody", Said: "no answer came in time", Then: moved.To})
		}
		if e, said := entryOf(d, event); said && !again(all, e) {
			all = append(all, e)
		}
	}
	for i := range all {
		all[i].At = d.Time(all[i].When)
	}
	return all
}

// again says whether the entry is what was said last: a whole proposal opens a
// change and is its first revision.
func again(all []entry, e entry) bool {
	return len(all) > 0 && e.About == "" && e.Said == revised && all[len(all)-1].When.Equal(e.When)
}

const revised = "changed the proposal"

// entryOf is what an event tells that somebody said.
func entryOf(d mailtmpl.Data, event policy.Event) (entry, bool) {
	switch e := event.(type) {
	case *policy.Opened:
		return entry{When: e.At, By: d.Name(e.Proposer), Said: "proposed it", Proof: mailtmpl.Proof(e.Proof)}, true
	case *policy.Revised:
		return entry{When: e.At, By: d.Name(e.By), Said: revised, Proof: mailtmpl.Proof(e.Proof)}, true
	case *policy.Cast:
		b, _ := d.Change.Ballot(e.Ballot)
		said := answered(d, e.Answer)
		said.About = mailtmpl.Asked(d, b)
		return said, true
	case *policy.Acted:
		return answered(d, e.Answer), true
	case *policy.Noted:
		c := e.Comment
		return entry{When: c.At, By: d.Name(c.By), Said: "wrote", Fields: []typed{{"Comment", mailtmpl.Clean(c.Text)}}}, true
	case *policy.Excused:
		x := e.Excuse
		return entry{
			When: x.At, By: "The operator", Said: "excused " + d.Name(policy.PersonID(x.Recipient())), Proof: mailtmpl.Proof(x.Proof),
			Fields: []typed{{"Reason", mailtmpl.Clean(x.Reason)}},
		}, true
	}
	return entry{}, false
}

// answered is an answer to a ballot, or what was said unasked.
func answered(d mailtmpl.Data, a policy.Answer) entry {
	e := entry{When: a.At, By: "The operator", Said: string(a.Keyword), Proof: mailtmpl.Proof(a.Proof), Files: fileLinks(d.Change, a.Files)}
	if a.By != "" {
		e.By = d.Name(a.By)
	}
	if a.Keyword == policy.NoKeyword {
		e.Said = "answered"
	}
	for _, l := range a.Fields.Labels() {
		e.Fields = append(e.Fields, typed{string(l), mailtmpl.Clean(a.Fields.Get(l))})
	}
	return e
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
