package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A piece is a token of a body, and where it stands in it.
type piece struct {
	token      xml.Token
	start, end int
}

// tokens reads a body that Confluence gave: as strict as [Check], but for the
// entities that XHTML has names for.
func tokens(body string, each func(piece) error) error {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Entity = xml.HTMLEntity
	for {
		start := int(d.InputOffset())
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			row, column := d.InputPos()
			return fmt.Errorf("reading storage format, row %d, column %d: %s", row, column, bareSyntax(err))
		}
		if err := each(piece{t, start, int(d.InputOffset())}); err != nil {
			return err
		}
	}
}

// parse reads a body into nodes, with every word of text in it.
func parse(body string) ([]node, error) {
	stack := []node{{}}
	top := func() *node { return &stack[len(stack)-1] }
	err := tokens(body, func(p piece) error {
		switch t := p.token.(type) {
		case xml.StartElement:
			n := el(qualified(t.Name))
			for _, a := range t.Attr {
				n = n.with(qualified(a.Name), a.Value)
			}
			stack = append(stack, n)
		case xml.EndElement:
			done := *top()
			stack = stack[:len(stack)-1]
			top().kids = append(top().kids, done)
		case xml.CharData:
			top().kids = append(top().kids, text(string(t)))
		}
		return nil
	})
	return stack[0].kids, err
}

func (n node) attr(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// isMacro says whether the node is the macro.
func (n node) isMacro(name string) bool {
	return n.name == "ac:structured-macro" && n.attr("ac:name") == name
}

// param is the parameter of a macro.
func (n node) param(name string) string {
	for _, kid := range n.kids {
		if kid.name == "ac:parameter" && kid.attr("ac:name") == name {
			return kid.inner()
		}
	}
	return ""
}

// inner is all text within a node.
func (n node) inner() string {
	if n.name == "" && len(n.kids) == 0 {
		return n.text
	}
	var b strings.Builder
	for _, kid := range n.kids {
		b.WriteString(kid.inner())
	}
	return b.String()
}
