package page

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// NotesTitle is the title of the macro that holds the people's part of a page.
const NotesTitle = "Notes (yours, kept)"

// emptyNotes are the people's part of a new page.
var emptyNotes = strings.TrimSuffix(source(expand(NotesTitle, para("Whatever you write in here stays as it is."))), "\n")

// Whole is a page: the machine part, then the people's part as it was read. With
// no notes it gets an empty people's part.
func Whole(machine, notes string) string {
	if notes == "" {
		notes = emptyNotes
	}
	return machine + notes
}

// Split takes a body as it was read apart: the people's part, byte for byte, and
// all the rest. Where people have removed their part, it is not found. Where
// there are several, the first is theirs, and the others are changes in ours.
func Split(body string) (machine, notes string, found bool, err error) {
	var s splitter
	if err := tokens(body, s.take); err != nil {
		return "", "", false, fmt.Errorf("looking for the notes: %w", err)
	}
	if s.end == 0 {
		return body, "", false, nil
	}
	return body[:s.start] + body[s.end:], body[s.start:s.end], true, nil
}

// A splitter goes through a body and notes where the people's part begins and
// ends.
type splitter struct {
	open       []opened
	start, end int
}

// An opened element is one whose end has not come yet.
type opened struct {
	name, macro string
	titles      bool // it is the parameter that holds a title
	title       string
	start       int
}

func (s *splitter) take(p piece) error {
	switch t := p.token.(type) {
	case xml.StartElement:
		o := opened{name: qualified(t.Name), start: p.start}
		o.macro, o.titles = nameAttr(t), o.name == "ac:parameter" && nameAttr(t) == "title"
		s.open = append(s.open, o)
	case xml.CharData:
		if n := len(s.open); n > 1 && s.open[n-1].titles {
			s.open[n-2].title += string(t)
		}
	case xml.EndElement:
		last := s.open[len(s.open)-1]
		s.open = s.open[:len(s.open)-1]
		if s.end == 0 && last.name == "ac:structured-macro" && last.macro == "expand" && strings.TrimSpace(last.title) == NotesTitle {
			s.start, s.end = last.start, p.end
		}
	}
	return nil
}

func nameAttr(t xml.StartElement) string {
	for _, a := range t.Attr {
		if qualified(a.Name) == "ac:name" {
			return a.Value
		}
	}
	return ""
}
