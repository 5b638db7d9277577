package mailtmpl

import (
	"strings"

	"github.com/countersign/countersign/policy"
)

// remind makes a letter that was sent before one that reminds of it: it says so
// first, and all the rest is as it was.
func remind(d Data, letter *Letter) {
	mark := "Reminder: "
	if d.late(d.Ballot()) {
		mark = "Overdue: "
	}
	letter.Subject = flat(d.Tag() + mark + strings.TrimPrefix(letter.Subject, d.Tag()))
	letter.Lead = append(paragraphs(d.reminder()), letter.Lead...)
}

// reminder is what a reminder says before anything else.
func (d Data) reminder() string {
	b := d.Ballot()
	says := "You were asked on " + d.Day(b.Issued) + " and have not answered yet."
	if d.late(b) {
		says = "You were asked on " + d.Day(b.Issued) + " and have not answered. It is overdue since " + d.Time(b.Due)
		if others := d.alerted(b); others != "" {
			says += ", and " + others + " been told"
		}
		says += "."
	}
	if at := d.Change.Lapses(b, d.Directory.Calendar); !at.IsZero() && d.late(b) {
		says += " If nobody answers, the change expires on " + d.Time(at) + "."
	}
	return says
}

// alerted says who was told that the ballot is overdue: "Ivan Itd has", "Ivan
// Itd and Lena Lead have".
func (d Data) alerted(b policy.Ballot) string {
	var names []string
	for _, id := range b.Told {
		names = append(names, d.Name(id))
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " has"
	default:
		return list(names, "and") + " have"
	}
}

// Late names those who should have answered by now, for what.
func (d Data) Late() string {
	var names []string
	seen := map[policy.PersonID]bool{}
	for _, b := range d.Change.OpenBallots() {
		if d.late(b) && !seen[b.Person] {
			seen[b.Person] = true
			names = append(names, d.Name(b.Person))
		}
	}
	if len(names) > 1 {
		return list(names, "and") + " have"
	}
	return list(names, "and") + " has"
}
