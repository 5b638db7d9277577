package confluence

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// center speaks the first version of the API, which is all a Data Center has.
type center struct{ *Site }

// A content is a page as a Data Center writes it.
type content struct {
	ID, Status, Title string
	Version           struct{ Number int }
	Ancestors         []struct{ ID string }
	Body              struct{ Storage struct{ Value string } }
	Links             struct{ WebUI string } `json:"_links"`
}

func (c center) read(p content) Page {
	page := Page{ID: p.ID, Title: p.Title, Body: p.Body.Storage.Value, Status: p.Status, Version: p.Version.Number, URL: c.forPeople(p.Links.WebUI, p.ID)}
	if n := len(p.Ancestors); n > 0 {
		page.Parent = p.Ancestors[n-1].ID
	}
	return page
}

func (c center) space(ctx context.Context) (Space, error) {
	var space struct {
		ID        json.Number
		Key, Name string
		Homepage  struct{ ID string }
	}
	doing := "looking for space " + c.Space
	err := c.send(ctx, &request{doing: doing, method: http.MethodGet, root: v1, path: "/space/" + url.PathEscape(c.Space), query: url.Values{"expand": {"homepage"}}}, &space)
	if e := fault(err); e != nil && e.Kind == Unclear && names(e.Title, c.Space) {
		e.Kind = Forbidden
	}
	return Space{ID: space.ID.String(), Key: space.Key, Name: space.Name, Homepage: space.Homepage.ID}, err
}

// expanded is what of a page is to be shown.
const expanded = "body.storage,version,ancestors"

func (c center) page(ctx context.Context, id string) (Page, error) {
	var p content
	err := c.send(ctx, &request{doing: "reading page " + id, method: http.MethodGet, root: v1, path: "/content/" + id, query: url.Values{"expand": {expanded}, "status": {"any"}}, names: id}, &p)
	return c.read(p), err
}

func (c center) find(ctx context.Context, title string) ([]Page, error) {
	query := url.Values{"spaceKey": {c.Space}, "title": {title}, "type": {"page"}, "status": {"any"}, "expand": {"version,ancestors"}}
	found, err := all[content](ctx, c.Site, &request{doing: "looking for a page by its title", method: http.MethodGet, root: v1, path: "/content", query: from(100, query)})
	var pages []Page
	for _, p := range found {
		pages = append(pages, c.read(p))
	}
	return pages, err
}

func (c center) create(ctx context.Context, p Page) (Page, error) {
	sent := m{"type": "page", "title": p.Title, "space": m{"key": c.Space}, "body": m{"storage": storage(p.Body)}}
	if p.Parent != "" {
		sent["ancestors"] = []m{{"id": p.Parent}}
	}
	return c.write(ctx, &request{doing: "creating a page", method: http.MethodPost, root: v1, path: "/content", json: sent})
}

func (c center) update(ctx context.Context, p Page, message string) (Page, error) {
	return c.write(ctx, &request{
		doing: "updating page " + p.ID, method: http.MethodPut, root: v1, path: "/content/" + p.ID, names: p.ID,
		json: m{"id": p.ID, "type": "page", "title": p.Title, "version": m{"number": p.Version, "message": message, "minorEdit": false}, "body": m{"storage": storage(p.Body)}},
	})
}

func (c center) write(ctx context.Context, r *request) (Page, error) {
	var p content
	if err := c.send(ctx, r, &p); err != nil {
		return Page{}, err
	}
	return seen(r, c.read(p))
}

// property looks through all properties: of a single one a 404 does not tell
// whether it is the property that is not there, or the page.
func (c center) property(ctx context.Context, page, key string) (Property, error) {
	r := &request{doing: "reading property " + key + " of page " + page, method: http.MethodGet, root: v1, path: "/content/" + page + "/property", query: from(100, url.Values{"expand": {"version"}}), names: page}
	values, err := all[value](ctx, c.Site, r)
	return only(r.doing, key, values, err)
}

func (c center) setProperty(ctx context.Context, page string, p Property) (Property, error) {
	r := &request{doing: "keeping property " + p.Key + " of page " + page, method: http.MethodPost, root: v1, path: "/content/" + page + "/property", names: page, json: m{"key": p.Key, "value": p.Value}}
	if p.Version > 0 {
		r.method, r.path = http.MethodPut, r.path+"/"+url.PathEscape(p.Key)
		r.json = m{"key": p.Key, "value": p.Value, "version": m{"number": p.Version + 1}}
	}
	return c.kept(ctx, r)
}

func (c center) labels(ctx context.Context, page string) ([]string, error) {
	return named(ctx, c.Site, &request{doing: "reading the labels of page " + page, method: http.MethodGet, root: v1, path: "/content/" + page + "/label", query: from(200, url.Values{}), names: page})
}

func (c center) attachments(ctx context.Context, page, name string) ([]Attachment, error) {
	query := from(100, url.Values{})
	if name != "" {
		query.Set("filename", name)
	}
	files, err := all[struct {
		ID, Title  string
		Extensions struct {
			FileSize int64 `json:"fileSize"`
			Comment  string
		}
	}](ctx, c.Site, &request{doing: "listing the files of page " + page, method: http.MethodGet, root: v1, path: "/content/" + page + "/child/attachment", query: query, names: page})
	var found []Attachment
	for _, f := range files {
		found = append(found, Attachment{ID: f.ID, Name: f.Title, Comment: f.Extensions.Comment, Size: f.Extensions.FileSize})
	}
	return found, err
}

// attach looks first whether there is a file with the name: a Data Center wants a
// new version of it sent elsewhere.
func (c center) attach(ctx context.Context, page string, f File) error {
	path := "/content/" + page + "/child/attachment"
	files, err := c.attachments(ctx, page, f.Name)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(files, func(has Attachment) bool { return has.Name == f.Name }); i >= 0 {
		path += "/" + url.PathEscape(files[i].ID) + "/data"
	}
	return c.upload(ctx, http.MethodPost, page, path, f)
}

func (c center) comment(ctx context.Context, page, text string) error {
	sent := m{"type": "comment", "container": m{"id": page, "type": "page"}, "body": m{"storage": storage(text)}}
	return c.send(ctx, &request{doing: "commenting page " + page, method: http.MethodPost, root: v1, path: "/content", names: page, json: sent}, &m{})
}

func (c center) openInline(ctx context.Context, page string) ([]Inline, error) {
	comments, err := all[struct {
		Extensions struct {
			Location         string
			Resolution       struct{ Status string }
			InlineProperties struct {
				Ref  string `json:"markerRef"`
				Text string `json:"originalSelection"`
			}
		}
	}](ctx, c.Site, &request{
		doing: "reading the comments of page " + page, method: http.MethodGet, root: v1, path: "/content/" + page + "/child/comment",
		query: from(100, url.Values{"location": {"inline"}, "expand": {"extensions.inlineProperties,extensions.resolution"}}), names: page,
	})
	var open []Inline
	for _, k := range comments {
		if is := k.Extensions.Resolution.Status; k.Extensions.Location == "inline" && is != "resolved" && is != "dangling" {
			open = append(open, Inline{Ref: k.Extensions.InlineProperties.Ref, Text: k.Extensions.InlineProperties.Text})
		}
	}
	return open, err
}

// from asks for a list in pieces of so many.
func from(n int, more url.Values) url.Values {
	more.Set("start", "0")
	more.Set("limit", strconv.Itoa(n))
	return more
}
