package confluence

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// first is the first version of the API, which is all a Data Center has.
func first() []endpoint {
	return []endpoint{
		{"read account", "GET /user/current", "", 0, readAccount},
		{"read space", "GET /space/{key}", "", 0, readSpace},
		{"find page", "GET /content", "", 0, listContent},
		{"create page", "POST /content", "", 0, createContent},
		{"search", "GET /content/search", "", 0, searchContent},
		{"search", "GET /search", "", 0, search},
		{"read page", "GET /content/{id}", "", 0, readContent},
		{"update page", "PUT /content/{id}", "", 0, updateContent},
		{"delete page", "DELETE /content/{id}", "", http.StatusNoContent, deletePage},
		{"read property", "GET /content/{id}/property", "", 0, listValues},
		{"create property", "POST /content/{id}/property", "", 0, createValue},
		{"read property", "GET /content/{id}/property/{key}", "", 0, readValue},
		{"update property", "PUT /content/{id}/property/{key}", "", 0, updateValue},
		{"delete property", "DELETE /content/{id}/property/{key}", "", http.StatusNoContent, deleteValue},
		{"read labels", "GET /content/{id}/label", "", 0, readLabels},
		{"label", "POST /content/{id}/label", "", 0, addLabels},
		{"unlabel", "DELETE /content/{id}/label", "", http.StatusNoContent, deleteLabel},
		{"read attachments", "GET /content/{id}/child/attachment", "", 0, readAttachments},
		{"attach", "POST /content/{id}/child/attachment", "", 0, attachNew},
		{"attach", "POST /content/{id}/child/attachment/{attachment}/data", "", 0, attachAgain},
		{"read comments", "GET /content/{id}/child/comment", "", 0, readComments},
	}
}

// remainder is what is left of it on Cloud. What is gone says so.
func remainder() []endpoint {
	const file, content = "write:confluence-file", "write:confluence-content"
	none := func(*call) (any, *refusal) { return nil, gone.refuse() }
	return []endpoint{
		{"read account", "GET /user/current", "read:confluence-user", 0, readAccount},
		{"search", "GET /search", "search:confluence", 0, search},
		{"search", "GET /content/search", "search:confluence", 0, searchContent},
		{"archive", "POST /content/archive", content, http.StatusAccepted, archivePages},
		{"read task", "GET /longtask/{task}", "read:confluence-space.summary", 0, readTask},
		{"label", "POST /content/{id}/label", content, 0, addLabels},
		{"unlabel", "DELETE /content/{id}/label", content, http.StatusNoContent, deleteLabel},
		{"attach", "PUT /content/{id}/child/attachment", file, 0, attach},
		{"attach", "POST /content/{id}/child/attachment", file, 0, attachNew},
		{"attach", "POST /content/{id}/child/attachment/{attachment}/data", file, 0, attachAgain},
		{"download", "GET /content/{id}/child/attachment/{attachment}/download", "readonly:content.attachment:confluence", http.StatusFound, sendToMedia},
		{"gone", "GET /content", "", 0, none},
		{"gone", "POST /content", "", 0, none},
		{"gone", "GET /content/{id}", "", 0, none},
		{"gone", "PUT /content/{id}", "", 0, none},
		{"gone", "DELETE /content/{id}", "", 0, none},
	}
}

// readAccount says who asks.
func readAccount(c *call) (any, *refusal) {
	switch {
	case c.anonymous:
		return m{"type": "anonymous", "displayName": "Anonymous", "profilePicture": icon()}, nil
	case c.site.Flavor == Cloud:
		return m{
			"type": "known", "accountId": us, "accountType": "atlassian", "email": c.site.User, "publicName": "countersign", "displayName": "countersign",
			"profilePicture": icon(), "_expandable": m{"operations": "", "personalSpace": ""}, "_links": m{"base": c.site.URL(), "context": c.site.context(), "self": c.site.URL() + "/rest/api/user?accountId=" + us},
		}, nil
	}
	return m{
		"type": "known", "username": "countersign", "userKey": "8a7f808a7c", "displayName": "countersign", "profilePicture": icon(),
		"_links": m{"base": c.site.URL(), "context": c.site.context(), "self": c.site.URL() + "/rest/api/user?key=8a7f808a7c"}, "_expandable": m{"status": ""},
	}, nil
}

func icon() m {
	return m{"path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true}
}

// showSpace is the space; its id is a number here.
func (s *Site) showSpace() m {
	id, _ := strconv.Atoi(s.spaceID)
	return m{
		"id": id, "key": s.Space, "name": s.Name, "status": "CURRENT", "type": "global",
		"_links":      m{"webui": "/display/" + s.Space, "self": s.URL() + "/rest/api/space/" + s.Space},
		"_expandable": m{"homepage": "/rest/api/content/" + s.homepage, "metadata": "", "icon": "", "description": ""},
	}
}

func readSpace(c *call) (any, *refusal) {
	s := c.site
	if key := c.PathValue("key"); s.hidden || !strings.EqualFold(key, s.Space) {
		return nil, noSpace.refuse(key)
	}
	space := s.showSpace()
	if c.expands("homepage") {
		space["homepage"] = s.stub(s.pages[s.homepage])
		delete(space["_expandable"].(m), "homepage")
	}
	return space, nil
}

// stub is a page as it stands within another answer.
func (s *Site) stub(p *Page) m {
	return m{
		"id": p.ID, "type": "page", "status": p.Status, "title": p.Title(), "extensions": m{"position": slices.Index(s.order, p.ID)},
		"_links": m{"webui": s.display(p), "self": s.URL() + "/rest/api/content/" + p.ID},
	}
}

// display is where people find a page: by its title, if nothing in that has a
// meaning of its own in an address.
func (s *Site) display(p *Page) string {
	if strings.ContainsFunc(p.Title(), func(r rune) bool { return r > unicode.MaxASCII || strings.ContainsRune(`/\?&#%+;<>".:`, r) }) {
		return "/pages/viewpage.action?pageId=" + p.ID
	}
	return "/display/" + s.Space + "/" + strings.ReplaceAll(p.Title(), " ", "+")
}

// showContent is a page as the first version of the API shows it: what is not
// expanded is named.
func (s *Site) showContent(p *Page, expands func(string) bool) m {
	shown := s.stub(p)
	links := shown["_links"].(m)
	links["base"], links["context"], links["tinyui"] = s.URL(), s.context(), "/x/"+p.ID
	v := p.Latest()
	parts := []struct {
		name, part string
		of         func() any
	}{
		{"version", "version", func() any {
			return m{"number": v.Number, "when": stamp(v.At), "message": v.Message, "minorEdit": false, "hidden": false, "by": m{"type": "known", "displayName": v.Author}}
		}},
		{"space", "space", func() any { return s.showSpace() }},
		{"ancestors", "ancestors", func() any { return append([]any{}, each(s.ancestors(p), func(a *Page) any { return s.stub(a) })...) }},
		{"body.storage", "body", func() any {
			return m{"storage": m{"value": v.Body, "representation": "storage", "_expandable": m{"content": "/rest/api/content/" + p.ID}}}
		}},
		{"metadata.labels", "metadata", func() any { return m{"labels": s.labels(p, p.Labels)} }},
	}
	hidden := m{}
	for _, part := range parts {
		if expands(part.name) {
			shown[part.part] = part.of()
		} else {
			hidden[part.part] = ""
		}
	}
	shown["_expandable"] = hidden
	return shown
}

// whole expands what an answer to a write shows.
func whole(what string) bool { return what != "metadata.labels" }

// ancestors are those above a page, the uppermost first.
func (s *Site) ancestors(p *Page) []*Page {
	var above []*Page
	for p = s.pages[p.Parent]; p != nil; p = s.pages[p.Parent] {
		above = append([]*Page{p}, above...)
	}
	return above
}

// sees says whether a call is about pages in that state: those that are current,
// unless it asks for others.
func (c *call) sees(p *Page) bool {
	states := c.many("status")
	return slices.Contains(states, "any") || slices.Contains(states, p.Status) || states == nil && p.Status == Current
}

func listContent(c *call) (any, *refusal) {
	s, q := c.site, c.URL.Query()
	var pages []any
	for _, p := range s.all() {
		hit := !p.Folder && c.sees(p) && s.limits[p.ID] != NoRight && !s.hidden
		hit = hit && (q.Get("type") == "" || q.Get("type") == "page")
		hit = hit && (q.Get("spaceKey") == "" || strings.EqualFold(q.Get("spaceKey"), s.Space))
		hit = hit && (q.Get("title") == "" || strings.EqualFold(q.Get("title"), p.Title()))
		if hit {
			pages = append(pages, s.showContent(p, c.expands))
		}
	}
	return c.collection(pages)
}

func readContent(c *call) (any, *refusal) {
	p, r := c.page()
	switch {
	case r != nil:
		return nil, r
	case !c.sees(p):
		return nil, absent.refuse(p.ID)
	}
	return c.site.showContent(p, c.expands), nil
}

// sentContent is a page, or a comment, as it is sent.
type sentContent struct {
	ID, Type, Title string
	Space           struct{ Key string }
	Ancestors       []struct{ ID string }
	Container       struct{ ID, Type string }
	Version         *struct {
		Number  int
		Message string
	}
	Body *sentBody
}

func (sent sentContent) parent() string {
	if len(sent.Ancestors) == 0 {
		return ""
	}
	return sent.Ancestors[len(sent.Ancestors)-1].ID
}

func createContent(c *call) (any, *refusal) {
	s := c.site
	var sent sentContent
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	body, r := sent.Body.storage()
	switch {
	case r != nil:
		return nil, r
	case sent.Type == "comment":
		c.SetPathValue("id", sent.Container.ID)
		return c.comment(body, s.showRemark)
	case sent.Type != "page":
		return nil, badValue.refuse("No type of content is played here but page and comment")
	case s.hidden || !strings.EqualFold(sent.Space.Key, s.Space):
		return nil, noSpace.refuse(sent.Space.Key)
	}
	p, r := s.create(draft{title: sent.Title, body: body, parent: sent.parent(), author: us, byUs: true})
	if r != nil {
		return nil, r
	}
	return s.showContent(p, whole), nil
}

func updateContent(c *call) (any, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, r
	}
	var sent sentContent
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	switch {
	case p.Status == Archived:
		return nil, archived.refuse(p.ID)
	case sent.Type != "page":
		return nil, badValue.refuse("type is required, and must be the page's")
	case sent.Version == nil || sent.Version.Number == 0:
		return nil, noVersion.refuse()
	}
	body, r := sent.Body.storage()
	if r != nil {
		return nil, r
	}
	d := draft{title: sent.Title, body: body, parent: sent.parent(), message: sent.Version.Message, author: us, byUs: true}
	if r := c.site.update(p, d, sent.Version.Number); r != nil {
		return nil, r
	}
	return c.site.showContent(p, whole), nil
}
