package confluence

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// second is the second version of the API, as much as is played of it.
func second() []endpoint {
	const read, write = "read:page:confluence", "write:page:confluence"
	return []endpoint{
		{"read space", "GET /spaces", "read:space:confluence", 0, listSpaces},
		{"find page", "GET /pages", read, 0, listPages},
		{"create page", "POST /pages", write, 0, createPage},
		{"read page", "GET /pages/{id}", read, 0, readPage},
		{"update page", "PUT /pages/{id}", write, 0, updatePage},
		{"delete page", "DELETE /pages/{id}", "delete:page:confluence", http.StatusNoContent, deletePage},
		{"read property", "GET /pages/{id}/properties", read, 0, listProperties},
		{"create property", "POST /pages/{id}/properties", write, 0, createProperty},
		{"read property", "GET /pages/{id}/properties/{property}", read, 0, readProperty},
		{"update property", "PUT /pages/{id}/properties/{property}", write, 0, updateProperty},
		{"delete property", "DELETE /pages/{id}/properties/{property}", write, http.StatusNoContent, deleteProperty},
		{"read labels", "GET /pages/{id}/labels", read, 0, listLabels},
		{"read attachments", "GET /pages/{id}/attachments", "read:attachment:confluence", 0, listAttachments},
		{"comment", "POST /footer-comments", "write:comment:confluence", http.StatusCreated, createComment},
		{"read comments", "GET /pages/{id}/footer-comments", "read:comment:confluence", 0, listFooterComments},
		{"read inline comments", "GET /pages/{id}/inline-comments", "read:comment:confluence", 0, listInlineComments},
	}
}

// stamp is a time as it stands in JSON.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func showVersion(v Version) m {
	return m{"number": v.Number, "message": v.Message, "minorEdit": false, "authorId": v.Author, "createdAt": stamp(v.At)}
}

// webui is where people find a page, below the site's URL.
func (s *Site) webui(p *Page) string {
	return "/spaces/" + s.Space + "/pages/" + p.ID + "/" + url.PathEscape(strings.ReplaceAll(p.Title(), " ", "+"))
}

// show is a page as the second version of the API shows it.
func (s *Site) show(p *Page, body bool) m {
	v := p.Latest()
	links := m{"webui": s.webui(p), "editui": "/pages/resumedraft.action?draftId=" + p.ID, "tinyui": "/x/" + p.ID, "base": s.URL()}
	shown := m{
		"id": p.ID, "status": p.Status, "title": v.Title, "spaceId": s.spaceID, "parentId": nil, "parentType": nil, "position": slices.Index(s.order, p.ID),
		"authorId": p.Versions[0].Author, "ownerId": p.Versions[0].Author, "lastOwnerId": nil, "createdAt": stamp(p.Versions[0].At),
		"version": showVersion(v), "body": m{}, "_links": links,
	}
	if parent := s.pages[p.Parent]; parent != nil && p.Status != Trashed {
		shown["parentId"], shown["parentType"] = p.Parent, "page"
		if parent.Folder {
			shown["parentType"] = "folder"
		}
	}
	if body {
		shown["body"] = m{"storage": m{"representation": "storage", "value": v.Body}}
	}
	return shown
}

func listSpaces(c *call) (any, *refusal) {
	s := c.site
	var spaces []any
	if keys := c.many("keys"); !s.hidden && (keys == nil || slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, s.Space) })) {
		spaces = append(spaces, m{
			"id": s.spaceID, "key": s.Space, "name": s.Name, "type": "global", "status": "current", "authorId": somebody,
			"createdAt": stamp(s.pages[s.homepage].Versions[0].At), "homepageId": s.homepage, "_links": m{"webui": "/spaces/" + s.Space},
		})
	}
	return c.collection(spaces)
}

// wantsBody says whether the answer is to hold bodies.
func (c *call) wantsBody() (bool, *refusal) {
	switch format := c.URL.Query().Get("body-format"); format {
	case "", "storage":
		return format != "", nil
	default:
		return false, badValue.refuse(fmt.Sprintf("Provided value {%s} for 'body-format' is not one that is played here", format))
	}
}

func listPages(c *call) (any, *refusal) {
	s, q := c.site, c.URL.Query()
	states := c.many("status")
	if states == nil {
		states = []string{Current, Archived}
	}
	for _, state := range states {
		if !slices.Contains([]string{Current, Archived, Trashed, "deleted"}, state) {
			return nil, badValue.refuse(fmt.Sprintf("Provided value {%s} for 'status' is not the correct type. Expected type is one of [current, archived, deleted, trashed]", state))
		}
	}
	body, r := c.wantsBody()
	if r != nil {
		return nil, r
	}
	var pages []any
	for _, p := range s.all() {
		hit := !p.Folder && slices.Contains(states, p.Status) && s.limits[p.ID] != NoRight
		if spaces := c.many("space-id"); spaces != nil {
			hit = hit && slices.Contains(spaces, s.spaceID)
		}
		if title := q.Get("title"); title != "" {
			hit = hit && strings.EqualFold(p.Title(), title)
		}
		if hit {
			shown := s.show(p, body)
			delete(shown["_links"].(m), "base")
			pages = append(pages, shown)
		}
	}
	return c.collection(pages)
}

// A body is a text as it is sent: straight, or under its representation's name.
type sentBody struct {
	Representation, Value string
	Storage               *struct{ Representation, Value string }
}

func (b *sentBody) storage() (string, *refusal) {
	if b == nil {
		return "", badValue.refuse("body is required")
	}
	if b.Storage != nil {
		b.Representation, b.Value = "storage", b.Storage.Value
	}
	if b.Representation != "storage" {
		return "", badValue.refuse("body.representation is not one that is played here")
	}
	return b.Value, nil
}

func createPage(c *call) (any, *refusal) {
	var sent struct {
		SpaceID  string `json:"spaceId"`
		ParentID string `json:"parentId"`
		Status   string
		Title    string
		Body     *sentBody
	}
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	body, r := sent.Body.storage()
	switch {
	case r != nil:
		return nil, r
	case c.site.hidden || sent.SpaceID != c.site.spaceID:
		return nil, noSpace.refuse(sent.SpaceID)
	case sent.Status != "" && sent.Status != Current:
		return nil, badValue.refuse("status is not one that is played here")
	}
	p, r := c.site.create(draft{title: sent.Title, body: body, parent: sent.ParentID, author: us, byUs: true})
	if r != nil {
		return nil, r
	}
	return c.site.show(p, true), nil
}

// readPage shows a page. One that was trashed or archived is shown all the same.
func readPage(c *call) (any, *refusal) {
	body, r := c.wantsBody()
	if r != nil {
		return nil, r
	}
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	shown := c.site.show(p, body)
	included := map[string]func() []any{
		"labels":     func() []any { return each(p.Labels, showLabel) },
		"properties": func() []any { return each(p.Properties, showProperty) },
		"versions":   func() []any { return each(p.Versions, func(v Version) any { return showVersion(v) }) },
	}
	for name, of := range included {
		if c.URL.Query().Get("include-"+name) == "true" {
			shown[name] = m{"results": append([]any{}, of()...), "meta": m{"hasMore": false}, "_links": m{"self": c.site.context() + "/api/v2" + c.path + "/" + name}}
		}
	}
	return shown, nil
}

// updatePage replaces a page's text. Nobody has written down how an archived page
// refuses that; here it says it is not there, which is the answer that can do the
// most harm. A trashed one comes back, with the text it had.
func updatePage(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	var sent struct {
		ID       string
		Status   string
		Title    *string
		ParentID string `json:"parentId"`
		SpaceID  string `json:"spaceId"`
		Body     *sentBody
		Version  *struct {
			Number  int
			Message string
		}
	}
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	body, r := sent.Body.storage()
	switch {
	case r != nil:
		return nil, r
	case sent.ID != p.ID:
		return nil, badValue.refuse("id is required, and must be the page's")
	case sent.Status != Current:
		return nil, badValue.refuse("status is required, and no other is played here")
	case sent.Title == nil:
		return nil, badValue.refuse("title is required")
	case sent.Version == nil || sent.Version.Number == 0:
		return nil, noVersion.refuse()
	case sent.SpaceID != "" && sent.SpaceID != c.site.spaceID:
		return nil, badValue.refuse("A page cannot be moved to another space")
	case p.Status == Archived:
		return nil, archived.refuse(p.ID)
	}
	d := draft{title: *sent.Title, body: body, parent: sent.ParentID, message: sent.Version.Message, author: us, byUs: true}
	if r := c.site.update(p, d, sent.Version.Number); r != nil {
		return nil, r
	}
	return c.site.show(p, true), nil
}

// deletePage trashes a page; purge takes one out of the trash for good.
func deletePage(c *call) (any, *refusal) {
	p, r := c.writable()
	switch purge := c.URL.Query().Get("purge") == "true"; {
	case r != nil:
		return nil, r
	case purge && p.Status != Trashed:
		return nil, badValue.refuse("Only a trashed page can be purged")
	case purge:
		c.site.purge(p)
	default:
		p.Status = Trashed
	}
	return nil, nil
}

func listAttachments(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	name := c.URL.Query().Get("filename")
	var some []Attachment
	for _, a := range p.Attachments {
		if name == "" || a.Name == name {
			some = append(some, a)
		}
	}
	return c.collection(each(some, func(a Attachment) any {
		link := "/rest/api/content/" + p.ID + "/child/attachment/" + a.ID + "/download"
		return m{
			"id": a.ID, "status": Current, "title": a.Name, "pageId": p.ID, "mediaType": a.Type, "comment": a.Comment, "fileSize": len(a.Bytes), "downloadLink": link,
			"version": m{"number": a.Version, "message": a.Comment, "minorEdit": true, "authorId": us}, "_links": m{"download": link},
		}
	}))
}
