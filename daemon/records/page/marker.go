package page

import (
	"encoding/xml"
	"strings"
)

// Comments on a few words of a page stand in its body as markers around these
// words. A body that is sent without them loses the comments.

// A Marker is where somebody has commented on some words.
type Marker struct{ Ref, Text string }

// Markers lists the markers in a body, in the order in which they stand there. A
// comment on words of several paragraphs has several.
func Markers(body string) (all []Marker) {
	nodes, err := parse(body)
	if err != nil {
		return nil
	}
	return markersIn(nodes)
}

func markersIn(nodes []node) (all []Marker) {
	for _, n := range nodes {
		if n.name == markerName {
			all = append(all, Marker{Ref: n.attr("ac:ref"), Text: n.inner()})
		}
		all = append(all, markersIn(n.kids)...)
	}
	return all
}

// Remark puts each marker around its words again, where these stand whole in one
// text for the first time and no other marker is. The markers whose words are
// gone are lost.
func Remark(machine string, markers []Marker) (marked string, lost []Marker) {
	spans, err := spansOf(machine)
	if err != nil {
		return machine, markers
	}
	for _, m := range markers {
		if with, done := mark(spans, m); done {
			spans = with
		} else {
			lost = append(lost, m)
		}
	}
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.source())
	}
	return b.String(), lost
}

// A span is a stretch of a body: markup, or text that a marker can stand in.
type span struct {
	markup string
	text   string
	ref    string // of the marker around the text
}

func (s span) source() string {
	switch {
	case s.markup != "":
		return s.markup
	case s.ref != "":
		return strings.TrimSuffix(source(el(markerName, text(s.text)).with("ac:ref", s.ref)), "\n")
	default:
		return escape(s.text)
	}
}

// spansOf takes a body apart. Parameters of macros cannot be commented on.
func spansOf(body string) (spans []span, err error) {
	inside := 0
	err = tokens(body, func(p piece) error {
		raw := body[p.start:p.end]
		switch t := p.token.(type) {
		case xml.StartElement:
			if unmarkable[qualified(t.Name)] {
				inside++
			}
		case xml.EndElement:
			if unmarkable[qualified(t.Name)] {
				inside--
			}
		case xml.CharData:
			if written := string(t); inside == 0 && escape(written) == raw {
				spans = append(spans, span{text: written})
				return nil
			}
		}
		spans = append(spans, span{markup: raw})
		return nil
	})
	return spans, err
}

// unmarkable are elements whose text is none on the page.
var unmarkable = map[string]bool{"ac:parameter": true, "ac:plain-text-body": true, "ac:plain-text-link-body": true, markerName: true}

// mark puts one marker into the first text that has its words.
func mark(spans []span, m Marker) ([]span, bool) {
	for i, s := range spans {
		at := strings.Index(s.text, m.Text)
		if strings.TrimSpace(m.Text) == "" || s.ref != "" || at < 0 {
			continue
		}
		around := []span{{text: s.text[:at]}, {text: m.Text, ref: m.Ref}, {text: s.text[at+len(m.Text):]}}
		return append(spans[:i:i], append(around, spans[i+1:]...)...), true
	}
	return spans, false
}
