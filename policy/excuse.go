package policy

import (
	"slices"
	"strings"
	"time"
)

// An Excuse is an operator's word that somebody to whom the distribution (7)
// could not be delivered need not get it as a mail any more, and why.
type Excuse struct {
	Person  PersonID  `json:"person,omitempty"`
	Address string    `json:"address,omitempty"` // of a list, where no person is meant
	Reason  string    `json:"reason"`
	Proof   string    `json:"proof,omitempty"` // how it is known who said so
	At      time.Time `json:"at"`
}

// Recipient is who is excused: a person's id or a list's address.
func (e Excuse) Recipient() string { return first(string(e.Person), e.Address) }

// Excuse gives the excuse of a recipient of the distribution, a person's id or
// a list's address.
func (c Change) Excuse(recipient string) (Excuse, bool) {
	for _, e := range c.Release.Excused {
		if e.Recipient() == recipient {
			return e, true
		}
	}
	return Excuse{}, false
}

// Reads is how a state is told to people. An end reads as incomplete until
// everyone to be told (7) was sent to or excused by name, and until its page is
// published: "closed, delivery and publication outstanding".
func (s State) Reads(lacks []string) string {
	if s.End() && len(lacks) > 0 {
		return string(s) + ", " + listNames(lacks) + " outstanding"
	}
	return string(s)
}

// excuse takes a recipient out of those the distribution is still owed to.
func (t *turn) excuse() *Refusal {
	const who = "countersign show lists who was told, and what became of it."
	e := t.excused()
	switch recipient := e.Recipient(); {
	case !t.change.Release.Told:
		return refuse(RefusedTooEarly, "It is reported when it is released.", "Nobody was told of this change yet (7).")
	case recipient == "":
		return refuse(RefusedUnknown, who, "%s was not told of this change (7).", t.cmd.Recipient)
	case slices.Contains(t.cmd.Sent, recipient):
		return refuse(RefusedTooLate, who, "The mail server took the mail to %s, so nothing is owed to them.", recipient)
	}
	if _, before := t.change.Excuse(e.Recipient()); before {
		return refuse(RefusedNothingChanged, who, "%s is excused already.", e.Recipient())
	}
	t.emit(&Excused{Excuse: e})
	return nil
}

// excused is the excuse of the recipient the command names, who must be one of
// those told: a list, a person, or one who has left since.
func (t *turn) excused() Excuse {
	e := Excuse{Reason: t.cmd.Text, Proof: t.cmd.Proof, At: t.now}
	told, named := t.change.Release, strings.TrimSpace(t.cmd.Recipient)
	person, _ := t.dir.Find(named)
	for _, id := range []PersonID{PersonID(named), person.ID} {
		if slices.Contains(told.People, id) {
			e.Person = id
			return e
		}
	}
	if i := slices.IndexFunc(told.Addresses, func(l string) bool { return strings.EqualFold(l, named) }); i >= 0 {
		e.Address = told.Addresses[i]
	}
	return e
}
