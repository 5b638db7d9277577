package page

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

var namedEntity = regexp.MustCompile(`&[A-Za-z][A-Za-z0-9]*;`)

// Numeric writes the entities that have names by their numbers, but for the five
// of XML. Confluence writes names into what people type, and may refuse them in
// what is sent. A body that cannot be read stays as it is.
func Numeric(body string) string {
	var b strings.Builder
	err := tokens(body, func(p piece) error {
		raw := body[p.start:p.end]
		if !strings.HasPrefix(raw, "<!") { // in CDATA and in a comment it is no entity
			raw = namedEntity.ReplaceAllStringFunc(raw, byNumber)
		}
		b.WriteString(raw)
		return nil
	})
	if err != nil {
		return body
	}
	return b.String()
}

func byNumber(entity string) string {
	name := entity[1 : len(entity)-1]
	text, known := xml.HTMLEntity[name]
	if !known || xmlsOwn[name] {
		return entity
	}
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}

var xmlsOwn = map[string]bool{"amp": true, "lt": true, "gt": true, "quot": true, "apos": true}
