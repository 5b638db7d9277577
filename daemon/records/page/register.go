package page

import "strings"

// columns are what the register shows of each change, of what the page
// properties have. Number and title stand in the link to the page.
var columns = []string{"State", "Category", "Risk", "Authorized by", "In production", "Ended", "Outstanding"}

// Register is the body of the page that lists the changes of a space: all pages
// with the label, each with its page properties.
func Register(space, label string) string {
	report := macro("detailssummary",
		"cql", "label = "+quoted(label)+" and space = "+quoted(space),
		"firstcolumn", "Page", "headings", strings.Join(columns, ","), "id", ID, "pageSize", "100", "sortBy", "Change", "reverseSort", "true",
	).with("ac:schema-version", "2")
	return source(
		para("Every change of the change management policy, newest first. Each has a page of its own, which Countersign keeps: what was proposed, who assessed it and how, and every step until its end."),
		para("The list is made by Confluence from the properties of these pages. It leaves out pages that are archived, and a new one may take some minutes to appear."),
		report,
	)
}

// quoted is a text as a search of Confluence quotes it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(s, mostInLine)) + `"`
}
