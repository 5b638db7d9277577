package confluence

import (
	"encoding/json"
	"slices"
)

func showProperty(p Property) any {
	return m{"id": p.ID, "key": p.Key, "value": p.Value, "version": m{"number": p.Version, "message": "", "minorEdit": false, "authorId": us}}
}

func listProperties(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	keys := c.many("key")
	var some []Property
	for _, has := range p.Properties {
		if keys == nil || slices.Contains(keys, has.Key) {
			some = append(some, has)
		}
	}
	return c.collection(each(some, showProperty))
}

// sentProperty is a property as both APIs take it.
type sentProperty struct {
	Key     string
	Value   json.RawMessage
	Version struct{ Number int }
}

func (c *call) sentProperty() (Property, *refusal) {
	var sent sentProperty
	r := c.read(&sent)
	return Property{Key: sent.Key, Value: sent.Value, Version: sent.Version.Number}, r
}

func createProperty(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	want, r := c.sentProperty()
	switch {
	case r != nil:
		return nil, r
	case p.byKey(want.Key) != nil:
		return nil, hasKey.refuse(want.Key)
	}
	has, r := c.site.set(p, nil, want)
	if r != nil {
		return nil, r
	}
	return showProperty(*has), nil
}

// property is the page of a call, and its property.
func (c *call) property() (*Page, *Property, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, nil, r
	}
	id := c.PathValue("property")
	has := p.property(func(has Property) bool { return has.ID == id })
	if has == nil {
		return nil, nil, noProperty.refuse(id)
	}
	return p, has, nil
}

func readProperty(c *call) (any, *refusal) {
	_, has, r := c.property()
	if r != nil {
		return nil, r
	}
	return showProperty(*has), nil
}

func updateProperty(c *call) (any, *refusal) {
	if _, r := c.writable(); r != nil {
		return nil, r
	}
	p, has, r := c.property()
	if r != nil {
		return nil, r
	}
	want, r := c.sentProperty()
	switch {
	case r != nil:
		return nil, r
	case want.Key != has.Key:
		return nil, badValue.refuse("key is required, and must be the property's")
	}
	if has, r = c.site.set(p, has, want); r != nil {
		return nil, r
	}
	return showProperty(*has), nil
}

func deleteProperty(c *call) (any, *refusal) {
	if _, r := c.writable(); r != nil {
		return nil, r
	}
	p, gone, r := c.property()
	if r != nil {
		return nil, r
	}
	p.Properties = slices.DeleteFunc(p.Properties, func(has Property) bool { return has.ID == gone.ID })
	return nil, nil
}

// showValue is a property.
func (s *Site) showValue(p *Page) func(Property) any {
	return func(has Property) any {
		return m{
			"id": has.ID, "key": has.Key, "value": has.Value, "version": m{"number": has.Version, "minorEdit": false, "hidden": false},
			"_links": m{"base": s.URL(), "context": s.context(), "self": s.URL() + "/rest/api/content/" + p.ID + "/property/" + has.Key}, "_expandable": m{"content": "/rest/api/content/" + p.ID},
		}
	}
}

func listValues(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	return c.collection(each(p.Properties, c.site.showValue(p)))
}

func createValue(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	want, r := c.sentProperty()
	switch {
	case r != nil:
		return nil, r
	case p.byKey(want.Key) != nil:
		return nil, hasKey.refuse(want.Key)
	}
	return c.set(p, nil, want)
}

func (c *call) set(p *Page, has *Property, want Property) (any, *refusal) {
	has, r := c.site.set(p, has, want)
	if r != nil {
		return nil, r
	}
	return c.site.showValue(p)(*has), nil
}

func readValue(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	has := p.byKey(c.PathValue("key"))
	if has == nil {
		return nil, noProperty.refuse(c.PathValue("key"))
	}
	return c.site.showValue(p)(*has), nil
}

// updateValue replaces a property; with number one it makes it.
func updateValue(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	want, r := c.sentProperty()
	if r != nil {
		return nil, r
	}
	want.Key = c.PathValue("key")
	has := p.byKey(want.Key)
	if has == nil && want.Version != 1 {
		return nil, noProperty.refuse(want.Key)
	}
	return c.set(p, has, want)
}

func deleteValue(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	if p.byKey(c.PathValue("key")) == nil {
		return nil, noProperty.refuse(c.PathValue("key"))
	}
	p.Properties = slices.DeleteFunc(p.Properties, func(has Property) bool { return has.Key == c.PathValue("key") })
	return nil, nil
}
