package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// prefixes are the namespaces of storage format: XHTML's, and two of Confluence's
// own, which it never declares.
var prefixes = map[string]bool{"": true, "ac": true, "ri": true}

// Check says what is wrong with a body as storage format: where it is not well
// formed, has named entities such as &nbsp; or prefixes that Confluence does not
// know, and in which row and column. It is for what we write: Confluence itself
// writes named entities into what people typed, and takes them back.
func Check(body string) error {
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = checkToken(t)
		}
		if err != nil {
			row, column := d.InputPos()
			return fmt.Errorf("storage format, row %d, column %d: %s", row, column, bareSyntax(err))
		}
	}
}

func checkToken(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		seen := map[xml.Name]bool{}
		for _, a := range t.Attr {
			switch {
			case a.Name.Local == "xmlns" || !prefixes[a.Name.Space]:
				return fmt.Errorf("attribute %s of <%s> has an unknown prefix", qualified(a.Name), qualified(t.Name))
			case seen[a.Name]:
				return fmt.Errorf("attribute %s of <%s> stands there twice", qualified(a.Name), qualified(t.Name))
			}
			seen[a.Name] = true
		}
		if !prefixes[t.Name.Space] {
			return fmt.Errorf("<%s> has an unknown prefix", qualified(t.Name))
		}
	case xml.ProcInst, xml.Directive:
		return errors.New("it holds an instruction to the reader, which storage format has none of")
	}
	return nil
}

// bareSyntax is the error without a line number: that of the decoder is where it
// noticed.
func bareSyntax(err error) string {
	if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
		return syntax.Msg
	}
	return err.Error()
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
