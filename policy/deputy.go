package policy

import (
	"slices"
	"strings"
	"time"
)

// A Deputy answers in a principal's stead for a time. A deputy cannot appoint
// another one.
type Deputy struct {
	Principal PersonID  `json:"principal"`
	Deputy    PersonID  `json:"deputy"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`          // the first instant at which the deputy no longer stands in
	Mail      string    `json:"mail,omitempty"` // SHA-256 of the mail by which the principal said so; empty where the configuration does
}

// An Appointment is a principal's own word on who stands in for them. Of those
// of one principal the latest is in force; one without a deputy ends what was
// said before.
type Appointment struct {
	Principal PersonID  `json:"principal"`
	Deputy    PersonID  `json:"deputy,omitempty"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"` // the first instant at which the deputy no longer stands in
	At        time.Time `json:"at"`
	Proof     string    `json:"proof"` // how the principal was proven, as in an [Answer]
	Mail      string    `json:"mail"`  // SHA-256 of the raw mail, in hex
}

// longestTerm is for how long a deputy can be appointed by mail: a mistyped year
// should not last one.
const longestTerm = 366 * 24 * time.Hour

// Appoint says why a principal cannot be deputized for like this, or nil.
// Deputies answer what is asked of authorizers, so only these have any.
func (d Directory) Appoint(a Appointment, appointed []Appointment) *Refusal {
	switch {
	case !d.authorizes(a.Principal):
		return refuse(RefusedNotEligible, "Work that is yours is passed on by HANDOVER, as an answer to the mail that asked you.",
			"A deputy stands in for whoever authorizes changes (POL-005, 2), and that is not you.")
	case a.Deputy == "":
		if len(d.With(appointed).deputiesByMail(a.Principal, a.At)) == 0 {
			return refuse(RefusedNothingChanged, "Deputies of the configuration are the operator's to end.", "Nobody stands in for you by your own word.")
		}
		return nil
	case a.Deputy == a.Principal:
		return refuse(RefusedNotEligible, "Name somebody else.", "You cannot stand in for yourself.")
	case !a.From.Before(a.Until):
		return refuse(RefusedProblems, "Write the first day behind FROM and the last behind UNTIL.", "The last day is before the first.")
	case !a.At.Before(a.Until):
		return refuse(RefusedTooLate, "Write a last day that is still to come.", "That day has passed.")
	case a.Until.Sub(a.At) > longestTerm:
		return refuse(RefusedProblems, "Write a day within a year.", "A deputy is appointed for a year at most.")
	}
	return nil
}

// authorizes says whether anything is asked of the person as an authorizer.
func (d Directory) authorizes(id PersonID) bool {
	return d.Holds(id, authorizingRoles...) || slices.Contains(d.CoSigners, id)
}

// deputiesByMail are the terms, begun or to come, that the principal's own mail
// set.
func (d Directory) deputiesByMail(principal PersonID, now time.Time) []Deputy {
	return slices.DeleteFunc(slices.Clone(d.Deputies), func(e Deputy) bool {
		return e.Principal != principal || e.Mail == "" || !now.Before(e.Until)
	})
}

// Appointed is the term that the principal's own mail has set last, unless it is
// over.
func (d Directory) Appointed(principal PersonID, now time.Time) (Deputy, bool) {
	terms := d.deputiesByMail(principal, now)
	if len(terms) == 0 {
		return Deputy{}, false
	}
	return terms[len(terms)-1], true
}

// With is the directory with the deputies that principals have appointed, oldest
// first, beside those it has.
func (d Directory) With(appointed []Appointment) Directory {
	d.Deputies = append(slices.Clip(d.Deputies), termsOf(appointed)...)
	return d
}

// termsOf are when who stood in for whom by those appointments: none before it was
// said, and none after the principal has said otherwise.
func termsOf(appointed []Appointment) []Deputy {
	var terms []Deputy
	for i, a := range appointed {
		term := Deputy{Principal: a.Principal, Deputy: a.Deputy, From: later(a.From, a.At), Until: a.Until, Mail: a.Mail}
		next := slices.IndexFunc(appointed[i+1:], func(b Appointment) bool { return b.Principal == a.Principal })
		if next >= 0 {
			term.Until = earlier(term.Until, appointed[i+1+next].At)
		}
		if a.Deputy != "" && term.From.Before(term.Until) {
			terms = append(terms, term)
		}
	}
	return terms
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// DeputiesOf lists who stands in for the person at the time.
func (d Directory) DeputiesOf(principal PersonID, now time.Time) []PersonID {
	var ids []PersonID
	for _, e := range d.Deputies {
		if _, known := d.Person(e.Deputy); known && e.Principal == principal && !now.Before(e.From) && now.Before(e.Until) {
			ids = append(ids, e.Deputy)
		}
	}
	return unique(ids)
}

// Resembling lists the people in whose name a word of the text stands: whom
// somebody may have meant who wrote no name that is on file.
func (d Directory) Resembling(text string) []PersonID {
	words := strings.Fields(strings.ToLower(text))
	return d.where(func(p Person) bool {
		return slices.ContainsFunc(strings.Fields(strings.ToLower(p.Name)), func(w string) bool { return slices.Contains(words, w) })
	})
}
