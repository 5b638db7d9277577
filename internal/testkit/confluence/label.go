package confluence

import (
	"fmt"
	"slices"
	"strings"
)

func showLabel(name string) any {
	return m{"id": labelID(name), "name": name, "prefix": "global"}
}

// labelID is a number that belongs to the name.
func labelID(name string) string {
	var n uint32 = 2166136261
	for _, b := range []byte(name) {
		n = (n ^ uint32(b)) * 16777619
	}
	return fmt.Sprint(n)
}

func listLabels(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	return c.collection(each(p.Labels, showLabel))
}

func (s *Site) labels(p *Page, names []string) m {
	return m{
		"results": append([]any{}, each(names, s.showLabel)...), "start": 0, "limit": 200, "size": len(names),
		"_links": m{"base": s.URL(), "context": s.context(), "self": s.URL() + "/rest/api/content/" + p.ID + "/label"},
	}
}

func (s *Site) showLabel(name string) any {
	return m{"prefix": "global", "name": name, "id": labelID(name), "label": name}
}

func readLabels(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	return c.collection(each(p.Labels, c.site.showLabel))
}

// addLabels adds labels, and shows all there are.
func addLabels(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	var sent []struct{ Prefix, Name string }
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	for _, l := range sent {
		if l.Prefix != "global" || strings.TrimSpace(l.Name) == "" {
			return nil, badValue.refuse("A label has a prefix and a name")
		}
		p.label(l.Name)
	}
	return c.site.labels(p, p.Labels), nil
}

func deleteLabel(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	p.Labels = slices.DeleteFunc(p.Labels, func(name string) bool { return name == c.URL.Query().Get("name") })
	return nil, nil
}
