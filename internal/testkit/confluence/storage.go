package confluence

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// prefixes are the namespaces the storage format knows.
var prefixes = []string{"", "ac", "ri"}

// A fault in a body is told with its place, as Confluence's parser tells it.
type badBody struct {
	what      string
	row, col  int
	namespace bool // all is well but for a prefix nobody knows
}

func (b *badBody) Error() string {
	return fmt.Sprintf("Error parsing xhtml: %s\n at [row,col {unknown-source}]: [%d,%d]", b.what, b.row, b.col)
}

// A reader goes through a body tag by tag, as a strict parser does.
type reader struct {
	*xml.Decoder
	open []string
}

func newReader(body string, entities map[string]string) *reader {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Entity = entities
	return &reader{Decoder: d}
}

// token gives the next token; io.EOF is the end of a body that is well-formed.
func (r *reader) token() (xml.Token, error) {
	t, err := r.RawToken()
	switch {
	case errors.Is(err, io.EOF) && len(r.open) > 0:
		return nil, r.bad("Unexpected EOF; was expecting a close tag for element <%s>", r.open[len(r.open)-1])
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, r.bad("%s", plain(err))
	}
	return t, r.take(t)
}

// plain is what the decoder says, without where.
func plain(err error) string {
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return syntax.Msg
	}
	return err.Error()
}

func (r *reader) bad(format string, args ...any) *badBody {
	row, col := r.InputPos()
	return &badBody{what: fmt.Sprintf(format, args...), row: row, col: col}
}

// take follows what is open.
func (r *reader) take(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		r.open = append(r.open, full(t.Name))
		return r.names(t)
	case xml.EndElement:
		if len(r.open) == 0 {
			return r.bad("Unexpected close tag </%s>", full(t.Name))
		}
		if is := r.open[len(r.open)-1]; is != full(t.Name) {
			return r.bad("Unexpected close tag </%s>; expected </%s>.", full(t.Name), is)
		}
		r.open = r.open[:len(r.open)-1]
	case xml.ProcInst, xml.Directive:
		return r.bad("Unexpected character in content")
	}
	return nil
}

// names holds prefixes and attributes to the rules.
func (r *reader) names(t xml.StartElement) error {
	var seen []string
	for _, a := range t.Attr {
		if slices.Contains(seen, full(a.Name)) {
			return r.bad("Duplicate attribute '%s'.", full(a.Name))
		}
		seen = append(seen, full(a.Name))
	}
	for _, name := range append(seen, full(t.Name)) {
		if prefix, _, has := strings.Cut(name, ":"); has && !slices.Contains(prefixes, prefix) {
			b := r.bad("Undeclared namespace prefix %q", prefix)
			b.namespace = true
			return b
		}
	}
	return nil
}

// full is a name as it is written.
func full(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// check reads a body to its end.
func check(body string, entities map[string]string) error {
	for r := newReader(body, entities); ; {
		if _, err := r.token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// added is what Confluence writes into a tag that lacks it. An id is a new one.
var added = map[string][]struct{ name, value string }{
	"ac:structured-macro": {{"ac:schema-version", "1"}, {"ac:local-id", ""}, {"ac:macro-id", ""}},
	"table":               {{"ac:local-id", ""}},
	"ac:task-list":        {{"ac:local-id", ""}},
}

// rewrite gives a well-formed body as Confluence keeps it: with attributes added,
// and empty elements in another hand. id makes an id nobody has.
func rewrite(body string, entities map[string]string, id func() string) string {
	var out strings.Builder
	for r := newReader(body, entities); ; {
		from := r.InputOffset()
		t, err := r.token()
		if err != nil {
			return out.String()
		}
		raw := body[from:r.InputOffset()]
		if start, is := t.(xml.StartElement); is {
			raw = retag(raw, start, id)
		}
		out.WriteString(raw)
	}
}

// retag writes a start tag anew.
func retag(raw string, start xml.StartElement, id func() string) string {
	inner, end := strings.TrimSuffix(raw, ">"), ">"
	if empty, is := strings.CutSuffix(inner, "/"); is {
		inner, end = strings.TrimRight(empty, " \t\r\n"), " />"
	}
	for _, a := range added[full(start.Name)] {
		if slices.ContainsFunc(start.Attr, func(has xml.Attr) bool { return full(has.Name) == a.name }) {
			continue
		}
		value := a.value
		if value == "" {
			value = id()
		}
		inner += fmt.Sprintf(" %s=%q", a.name, value)
	}
	return inner + end
}
