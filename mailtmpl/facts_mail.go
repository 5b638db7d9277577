package mailtmpl

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// What led to the mail.

// cause shows the fields of the answer or act that led to this mail.
func cause(d Data) []Row {
	c := d.Notice.Cause
	switch {
	case c == nil:
		return row("Reason", d.Notice.Text)
	case d.Notice.Receipt != nil && c.By == d.Reader.ID:
		return nil // the receipt shows it
	}
	return append(fields(c.Fields), files(c.Files)...)
}

func problems(d Data) []Row {
	var rows []Row
	for _, p := range d.Notice.Problems {
		name := or(string(p.Label), "Your mail")
		switch {
		case p.Label == policy.LabelCategory && p.Code != policy.ProblemNobody:
			rows = append(rows, whichCategory(p))
		case p.Code == policy.ProblemMissing && p.Hint != "":
			rows = append(rows, ours(name, p.Hint)...)
		default:
			rows = append(rows, ours(name, p.Text+" "+p.Hint)...)
		}
	}
	return rows
}

// kept shows what is kept of an incomplete answer.
func kept(d Data) []Row {
	if p := d.Ballot().Partial; p != nil {
		return append(fields(p.Fields), files(p.Files)...)
	}
	return nil
}

func given(d Data) []Row {
	var received string
	if !d.Given.At.IsZero() {
		received = d.Time(d.Given.At)
	}
	return slices.Concat(row("From", d.Given.From), ours("Received", received), row("Its subject", d.Given.Subject), row("It was read as", d.Given.Excerpt))
}

// whichCategory offers the categories there are in place of the one given.
func whichCategory(p policy.Problem) Row {
	r := Row{Name: string(p.Label), Lines: []string{guard(glue(flat(p.Text + " Which of these is it?")))}, Ours: true}
	roles, names := halves()
	for _, role := range roles {
		r.Lines = append(r.Lines, strings.Join(names[role], ", ")+" ("+role.Title()+")")
	}
	return r
}

func person(d Data) []Row {
	r := d.Reader
	roles, teams := make([]string, len(r.Roles)), make([]string, len(r.Teams))
	for i, x := range r.Roles {
		roles[i] = x.Title()
	}
	for i, x := range r.Teams {
		teams[i] = teamNames[x]
	}
	return slices.Concat(
		ours("Name", said(r.Name)), ours("Addresses", strings.Join(r.Addresses, ", ")),
		ours("Roles", or(list(roles, "and"), "none")), ours("Teams", or(list(teams, "and"), "none")),
	)
}

var teamNames = map[policy.Team]string{
	policy.IT: "IT", policy.Development: "Development", policy.QA: "Quality Assurance", policy.G7: "G7",
}
