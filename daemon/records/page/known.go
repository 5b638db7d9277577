package page

import "strings"

// IsOf says whether a body is that of the page of the change with the number: its
// page properties say so. By that a page is known again before anything else
// could be said of it.
func IsOf(body, number string) bool {
	nodes, err := parse(body)
	return err == nil && number != "" && propertiesName(nodes, number)
}

// propertiesName says whether page properties of ours among the nodes begin with
// the number.
func propertiesName(nodes []node, number string) bool {
	for _, n := range nodes {
		if n.name == "ac:structured-macro" && n.attr("ac:name") == "details" && strings.Contains(n.inner(), ID) && firstCell(n.kids) == number {
			return true
		}
		if propertiesName(n.kids, number) {
			return true
		}
	}
	return false
}

// firstCell is what stands in the first cell there is.
func firstCell(nodes []node) string {
	for _, n := range nodes {
		if n.name == "td" {
			return strings.TrimSpace(n.inner())
		}
		if text := firstCell(n.kids); text != "" {
			return text
		}
	}
	return ""
}

// Paragraph is words of ours as a body of its own, such as a comment.
func Paragraph(words string) string { return strings.TrimSpace(source(para(words))) }
