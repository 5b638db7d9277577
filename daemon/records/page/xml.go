package page

import (
	"slices"
	"strings"
)

// Storage format is XML without a root: XHTML, with elements of Confluence's own
// under the prefixes ac and ri. It is built as a tree and written in one place,
// so that it cannot be malformed, and no word of a person can become markup.

// A node is an element, or text where it has no name.
type node struct {
	name  string
	attrs []attr
	kids  []node
	text  string
}

type attr struct{ name, value string }

func text(s string) node { return node{text: s} }

func el(name string, kids ...node) node { return node{name: name, kids: kids} }

// with is the element with one more attribute.
func (n node) with(name, value string) node {
	n.attrs = append(slices.Clip(n.attrs), attr{name, value})
	return n
}

// onLines are elements that stand on a line of their own, for who reads a page's
// source.
var onLines = map[string]bool{"p": true, "h2": true, "h3": true, "table": true, "tr": true}

func (n node) write(b *strings.Builder) {
	if n.name == "" {
		b.WriteString(escape(n.text))
		return
	}
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a.name + `="` + escape(a.value) + `"`)
	}
	if len(n.kids) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for i, kid := range n.kids {
		if i > 0 && onLines[kid.name] {
			b.WriteString("\n")
		}
		kid.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

// source is the nodes as storage format, each on a line of its own.
func source(nodes ...node) string {
	var b strings.Builder
	for _, n := range nodes {
		n.write(&b)
		b.WriteString("\n")
	}
	return b.String()
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// escape is a text as it stands in text and in attributes, without what XML 1.0
// cannot hold (2.2).
func escape(s string) string { return escaper.Replace(strings.Map(legal, s)) }

// legal drops the characters that no XML can hold, and those that are none.
func legal(r rune) rune {
	switch {
	case r == '\t', r == '\n', r >= ' ' && r < 0x7f, r >= 0xa0 && r < 0xfffd && (r < 0xfdd0 || r > 0xfdef):
		return r
	case r > 0xffff && r&0xfffe != 0xfffe:
		return r
	}
	return -1
}
