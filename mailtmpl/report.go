package mailtmpl

import (
	"slices"

	"github.com/countersign/countersign/policy"
)

// The reports of an implementation (7): to the teams and, in management's words,
// to G7.

// isReported says whether questions about the mail go to a person.
func (d Data) isReported() bool { return d.isReport() || d.isDigest() }

// isReport says whether the mail reports an implementation.
func (d Data) isReport() bool { return slices.Contains(policy.Distribution, d.Notice.Kind) }

// Owner is the person to whom questions about a report go, and answers to it: of
// one to the teams who undid or released the change, else its implementer; of
// one to G7 who authorized it, else its proposer.
func (d Data) Owner() policy.Person {
	c := d.Change
	owners := []policy.PersonID{c.Release.UndoneBy, c.Release.By, d.doer(), c.Proposer}
	if d.isDigest() {
		owners = d.Directory.Holders(policy.PolicyOwner)
	}
	if d.Notice.Kind == policy.ToldG7Released || d.Notice.Kind == policy.ToldG7Undone {
		owners = append(c.Approvers(), c.Proposer)
	}
	for _, id := range owners {
		if p, ok := d.Directory.Person(id); ok && len(p.Addresses) > 0 {
			return p
		}
	}
	return policy.Person{}
}

// OwnerElse is the owner's name; empty where that is the reader, or nobody.
func (d Data) OwnerElse() string {
	owner := d.Owner()
	if owner.ID == d.Reader.ID {
		return ""
	}
	return said(owner.Name)
}

func callOwner(d Data) []Row { return ours("Whom to call", d.ownerContact()) }
func askOwner(d Data) []Row  { return ours("Whom to ask", d.ownerContact()) }

func (d Data) ownerContact() string {
	if owner := d.Owner(); owner.ID != "" {
		return d.Contact(owner.ID)
	}
	return d.Org.Operator
}

// judged is the risk as those who authorized the change judged it (3b).
func judged(d Data) []Row {
	by := d.approvers()
	if len(by) == 0 {
		return nil
	}
	return ours("Risk", string(d.assessed())+", as judged by "+list(by, "and"))
}

// plainly says what is out of the ordinary, for those who do not know our words.
func plainly(d Data) []Row {
	var rows []Row
	for _, m := range d.Change.Marks {
		rows = append(rows, row("Please note", m.Text)...)
	}
	if long := d.Change.Release.Untested; long > 0 {
		rows = append(rows, ours("Please note", "It was in operation for "+lasting(long)+" before it passed its test.")...)
	}
	return append(rows, row("Left undone", d.Change.Attempt.LeftUndone)...)
}

// owed is to whom the report could not be delivered.
func owed(d Data) []Row {
	if d.Notice.Owed == "" {
		return nil
	}
	return ours("Not delivered", "the report ("+d.Org.PolicyID+", 7) to "+d.Notice.Owed)
}

// inOperation is from when to when a change was in production.
func inOperation(d Data) []Row {
	if r := d.Change.Release; r.Ever && r.UndoneAt != "" {
		return row("In operation", "from "+d.Since()+" until "+d.UndoneAt())
	}
	return nil
}
