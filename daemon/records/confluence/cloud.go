package confluence

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// cloud speaks the second version of the API.
type cloud struct{ *Site }

// A cloudPage is a page as Cloud writes it.
type cloudPage struct {
	ID, Status, Title string
	ParentID          string `json:"parentId"`
	Version           struct{ Number int }
	Body              struct{ Storage struct{ Value string } }
	Links             struct{ WebUI string } `json:"_links"`
}

func (c cloud) read(p cloudPage) Page {
	return Page{ID: p.ID, Title: p.Title, Parent: p.ParentID, Body: p.Body.Storage.Value, Status: p.Status, Version: p.Version.Number, URL: c.forPeople(p.Links.WebUI, p.ID)}
}

// storage is a body as Cloud takes it.
func storage(text string) m { return m{"representation": "storage", "value": text} }

// many asks for as much as Cloud gives at once.
func many(more url.Values) url.Values {
	if more == nil {
		more = url.Values{}
	}
	more.Set("limit", "250")
	return more
}

func (c cloud) space(ctx context.Context) (Space, error) {
	doing := "looking for space " + c.Space
	spaces, err := all[struct {
		ID, Key, Name string
		HomepageID    string `json:"homepageId"`
	}](ctx, c.Site, &request{doing: doing, method: http.MethodGet, root: v2, path: "/spaces", query: url.Values{"keys": {c.Space}}})
	if err != nil {
		return Space{}, err
	}
	if len(spaces) == 0 {
		return Space{}, &Error{Doing: doing, Kind: Forbidden, Status: http.StatusOK, Title: "there is none the account may see"}
	}
	return Space{ID: spaces[0].ID, Key: spaces[0].Key, Name: spaces[0].Name, Homepage: spaces[0].HomepageID}, nil
}

func (c cloud) page(ctx context.Context, id string) (Page, error) {
	var p cloudPage
	err := c.send(ctx, &request{doing: "reading page " + id, method: http.MethodGet, root: v2, path: "/pages/" + id, query: url.Values{"body-format": {"storage"}}, names: id}, &p)
	return c.read(p), err
}

func (c cloud) find(ctx context.Context, title string) ([]Page, error) {
	space, err := c.here(ctx)
	if err != nil {
		return nil, err
	}
	query := url.Values{"space-id": {space.ID}, "title": {title}, "status": {StatusCurrent, StatusArchived}}
	found, err := all[cloudPage](ctx, c.Site, &request{doing: "looking for a page by its title", method: http.MethodGet, root: v2, path: "/pages", query: many(query)})
	var pages []Page
	for _, p := range found {
		pages = append(pages, c.read(p))
	}
	return pages, err
}

func (c cloud) create(ctx context.Context, p Page) (Page, error) {
	space, err := c.here(ctx)
	if err != nil {
		return Page{}, err
	}
	sent := m{"spaceId": space.ID, "status": StatusCurrent, "title": p.Title, "body": storage(p.Body)}
	if p.Parent != "" {
		sent["parentId"] = p.Parent
	}
	return c.write(ctx, &request{doing: "creating a page", method: http.MethodPost, root: v2, path: "/pages", json: sent})
}

func (c cloud) update(ctx context.Context, p Page, message string) (Page, error) {
	return c.write(ctx, &request{
		doing: "updating page " + p.ID, method: http.MethodPut, root: v2, path: "/pages/" + p.ID, names: p.ID,
		json: m{"id": p.ID, "status": StatusCurrent, "title": p.Title, "body": storage(p.Body), "version": m{"number": p.Version, "message": message}},
	})
}

// write makes or changes a page, and wants to see it.
func (c cloud) write(ctx context.Context, r *request) (Page, error) {
	var p cloudPage
	if err := c.send(ctx, r, &p); err != nil {
		return Page{}, err
	}
	return seen(r, c.read(p))
}

// seen holds an answer to a write to showing a page.
func seen(r *request, p Page) (Page, error) {
	if p.ID == "" {
		return Page{}, &Error{Doing: r.doing, Kind: NotConfluence, Status: http.StatusOK, Title: "no page in the answer", lost: true}
	}
	return p, nil
}

// A value is a property as both versions of the API write it.
type value struct {
	ID, Key string
	Value   json.RawMessage
	Version struct{ Number int }
}

func (c cloud) property(ctx context.Context, page, key string) (Property, error) {
	r := &request{doing: "reading property " + key + " of page " + page, method: http.MethodGet, root: v2, path: "/pages/" + page + "/properties", query: url.Values{"key": {key}}, names: page}
	values, err := all[value](ctx, c.Site, r)
	return only(r.doing, key, values, err)
}

// only is the property with the key, of those there are.
func only(doing, key string, values []value, err error) (Property, error) {
	if err != nil {
		return Property{}, err
	}
	for _, v := range values {
		if v.Key == key {
			return Property{ID: v.ID, Key: v.Key, Value: v.Value, Version: v.Version.Number}, nil
		}
	}
	return Property{}, &Error{Doing: doing, Kind: Absent, Status: http.StatusOK, Title: "there is none"}
}

func (c cloud) setProperty(ctx context.Context, page string, p Property) (Property, error) {
	r := &request{doing: "keeping property " + p.Key + " of page " + page, method: http.MethodPost, root: v2, path: "/pages/" + page + "/properties", names: page, json: m{"key": p.Key, "value": p.Value}}
	if p.Version > 0 {
		r.method, r.path = http.MethodPut, r.path+"/"+url.PathEscape(p.ID)
		r.json = m{"key": p.Key, "value": p.Value, "version": m{"number": p.Version + 1}}
	}
	return c.kept(ctx, r)
}

// kept is the property that a request to keep one answers with.
func (s *Site) kept(ctx context.Context, r *request) (Property, error) {
	var v value
	err := s.send(ctx, r, &v)
	return Property{ID: v.ID, Key: v.Key, Value: v.Value, Version: v.Version.Number}, err
}

func (c cloud) labels(ctx context.Context, page string) ([]string, error) {
	return named(ctx, c.Site, &request{doing: "reading the labels of page " + page, method: http.MethodGet, root: v2, path: "/pages/" + page + "/labels", query: many(nil), names: page})
}

// named are the names of the things in a list.
func named(ctx context.Context, s *Site, r *request) ([]string, error) {
	things, err := all[struct{ Name string }](ctx, s, r)
	var found []string
	for _, t := range things {
		found = append(found, t.Name)
	}
	return found, err
}

func (c cloud) attachments(ctx context.Context, page, name string) ([]Attachment, error) {
	query := many(nil)
	if name != "" {
		query.Set("filename", name)
	}
	files, err := all[struct {
		ID, Title, Comment string
		FileSize           int64 `json:"fileSize"`
	}](ctx, c.Site, &request{doing: "listing the files of page " + page, method: http.MethodGet, root: v2, path: "/pages/" + page + "/attachments", query: query, names: page})
	var found []Attachment
	for _, f := range files {
		found = append(found, Attachment{ID: f.ID, Name: f.Title, Comment: f.Comment, Size: f.FileSize})
	}
	return found, err
}

func (c cloud) attach(ctx context.Context, page string, f File) error {
	return c.upload(ctx, http.MethodPut, page, "/content/"+page+"/child/attachment", f)
}

func (c cloud) comment(ctx context.Context, page, text string) error {
	return c.send(ctx, &request{doing: "commenting page " + page, method: http.MethodPost, root: v2, path: "/footer-comments", names: page, json: m{"pageId": page, "body": storage(text)}}, &m{})
}

func (c cloud) openInline(ctx context.Context, page string) ([]Inline, error) {
	comments, err := all[struct {
		Properties struct {
			Ref  string `json:"inlineMarkerRef"`
			Text string `json:"inlineOriginalSelection"`
		}
	}](ctx, c.Site, &request{
		doing: "reading the comments of page " + page, method: http.MethodGet, root: v2, path: "/pages/" + page + "/inline-comments",
		query: many(url.Values{"resolution-status": {"open", "reopened"}}), names: page,
	})
	var open []Inline
	for _, k := range comments {
		open = append(open, Inline{Ref: k.Properties.Ref, Text: k.Properties.Text})
	}
	return open, err
}
