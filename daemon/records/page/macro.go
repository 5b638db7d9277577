package page

import "github.com/countersign/countersign/policy"

// The macros of Confluence that pages use.

// macro is a macro with its parameters, given as name and value by turns.
func macro(name string, pairs ...string) node {
	m := el("ac:structured-macro").with("ac:name", name)
	for i := 0; i < len(pairs); i += 2 {
		m.kids = append(m.kids, el("ac:parameter", text(pairs[i+1])).with("ac:name", pairs[i]))
	}
	return m
}

// holding is the macro with a body.
func (n node) holding(body ...node) node {
	n.kids = append(n.kids, el("ac:rich-text-body", body...))
	return n
}

// expand hides a body below its title until somebody wants to see it.
func expand(title string, body ...node) node {
	return macro("expand", "title", title).holding(body...)
}

// lozenge shows a state in its color.
func lozenge(state policy.State, lacks []string) node {
	color := colors[state]
	if len(lacks) > 0 {
		color = "Yellow"
	}
	return macro("status", "colour", color, "title", upper(state.Reads(lacks)))
}

// colors are those of the status macro that both kinds of Confluence know.
var colors = map[policy.State]string{
	policy.StateDraft: "Grey", policy.StateProposed: "Blue", policy.StateAuthorized: "Blue", policy.StateInProgress: "Blue",
	policy.StateImplemented: "Blue", policy.StateTested: "Blue", policy.StateReleased: "Blue", policy.StateChecked: "Blue",
	policy.StateHeldUp: "Red", policy.StateUndoing: "Red", policy.StateUndone: "Yellow",
	policy.StateClosed: "Green", policy.StateRolledBack: "Red", policy.StateRejected: "Red",
	policy.StateWithdrawn: "Grey", policy.StateExpired: "Grey", policy.StateCanceled: "Grey",
}

// attached links to a file attached to the page.
func attached(name string) node {
	return el("ac:link", el("ri:attachment").with("ri:filename", name))
}

// para is a paragraph of words of ours.
func para(words string) node { return el("p", text(words)) }

func heading(words string) node { return el("h2", text(words)) }

// table is a table whose first row names the columns; without rows it is
// nothing.
func table(columns []string, rows []node) []node {
	if len(rows) == 0 {
		return nil
	}
	head := el("tr")
	for _, c := range columns {
		head.kids = append(head.kids, el("th", para(c)))
	}
	return []node{el("table", el("tbody", append([]node{head}, rows...)...))}
}

// pairs is a table whose first column names what stands in the second.
func pairs(rows []node) node { return el("table", el("tbody", rows...)) }

// cell is a cell of a table. What stands in it stands in paragraphs, since some
// editors put it there.
func cell(paragraphs ...node) node {
	if len(paragraphs) == 0 {
		return el("td", el("p"))
	}
	return el("td", paragraphs...)
}
