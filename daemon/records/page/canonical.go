package page

import (
	"slices"
	"strings"
)

// Confluence gives a page back with other bytes than it was sent: with attributes
// of its own, other entities, and markers around what somebody has commented on.

// added are attributes that Confluence adds.
var added = map[string]bool{
	"ac:schema-version": true, "ac:macro-id": true, "ac:local-id": true,
	"local-id": true, // on paragraphs, by its newer editor
}

const markerName = "ac:inline-comment-marker"

// Canonical is a body in the one form in which bodies are compared: two that say
// the same are the same, whatever Confluence has added to one of them.
func Canonical(body string) (string, error) {
	nodes, err := canonical(body)
	if err != nil {
		return "", err
	}
	return source(nodes...), nil
}

func canonical(body string) ([]node, error) {
	nodes, err := parse(body)
	if err != nil {
		return nil, err
	}
	return tidied("", nodes), nil
}

// tidied are the nodes within a parent without what does not matter.
func tidied(parent string, nodes []node) (all []node) {
	for _, n := range joined(unmarked(nodes)) {
		if n.name == "" {
			if n.text = spaced(n.text); n.text != " " || inline[parent] {
				all = append(all, n)
			}
			continue
		}
		n.attrs = slices.DeleteFunc(slices.Clone(n.attrs), func(a attr) bool { return added[a.name] })
		slices.SortFunc(n.attrs, func(a, b attr) int { return strings.Compare(a.name, b.name) })
		n.kids = tidied(n.name, n.kids)
		if n.name == "ac:structured-macro" {
			slices.SortStableFunc(n.kids, byParameter)
		}
		all = append(all, n)
	}
	return all
}

// inline are elements in which a blank between two others is one.
var inline = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "a": true, "strong": true, "em": true, "u": true,
	"code": true, "span": true, "sub": true, "sup": true, "pre": true, "ac:parameter": true, "ac:plain-text-body": true, "ac:plain-text-link-body": true,
	"ac:link-body": true,
}

// byParameter orders the parameters of a macro by name, before its body:
// Confluence keeps no order of them.
func byParameter(a, b node) int {
	if a.name == "ac:parameter" && b.name == "ac:parameter" {
		return strings.Compare(a.attr("ac:name"), b.attr("ac:name"))
	}
	return 0
}

// unmarked takes the markers of comments away from around their text.
func unmarked(nodes []node) (all []node) {
	for _, n := range nodes {
		if n.name == markerName {
			all = append(all, unmarked(n.kids)...)
		} else {
			all = append(all, n)
		}
	}
	return all
}

// joined makes one text of texts that stand side by side.
func joined(nodes []node) (all []node) {
	for _, n := range nodes {
		if last := len(all) - 1; n.name == "" && last >= 0 && all[last].name == "" {
			all[last].text += n.text
		} else {
			all = append(all, n)
		}
	}
	return all
}

// spaced is a text with one blank where it has any white space, as readers see
// it. A blank that does not break a line is another character.
func spaced(s string) string {
	var b strings.Builder
	white := false
	for _, r := range s {
		if isWhite := strings.ContainsRune(" \t\r\n", r); !isWhite {
			b.WriteRune(r)
			white = false
		} else if !white {
			b.WriteByte(' ')
			white = true
		}
	}
	return b.String()
}
