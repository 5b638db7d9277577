package confluence

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A term of CQL: a field, how it compares, and with what. More of the language
// than terms joined by "and" is not played.
var term = regexp.MustCompile(`^\s*(\w+)\s*(=|~)\s*(?:"((?:[^"\\]|\\.)*)"|([\w.-]+))\s*`)

var joint = regexp.MustCompile(`(?i)^and\s+`)

// query reads CQL; no terms means that it is none.
func query(cql string) []func(Page) bool {
	var terms []func(Page) bool
	for {
		t := term.FindStringSubmatch(cql)
		if t == nil {
			return nil
		}
		hit := field(t[1], t[2], unquote(t[3])+t[4])
		if hit == nil {
			return nil
		}
		terms = append(terms, hit)
		cql = cql[len(t[0]):]
		if cql == "" {
			return terms
		}
		and := joint.FindString(cql)
		if and == "" {
			return nil
		}
		cql = cql[len(and):]
	}
}

func unquote(s string) string { return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s) }

func field(name, how, want string) func(Page) bool {
	like := func(has string) bool {
		if how == "~" {
			return strings.Contains(strings.ToLower(has), strings.ToLower(want))
		}
		return strings.EqualFold(has, want)
	}
	of := map[string]func(Page) []string{
		"id":    func(p Page) []string { return []string{p.ID} },
		"title": func(p Page) []string { return []string{p.Title()} },
		"text":  func(p Page) []string { return []string{p.Latest().Body} },
		"label": func(p Page) []string { return p.Labels },
		"type":  func(Page) []string { return []string{"page"} },
	}[strings.ToLower(name)]
	if of == nil {
		return nil
	}
	return func(p Page) bool { return slices.ContainsFunc(of(p), like) }
}

// found are the pages a call searches for: as the index has them, which is
// behind, and does not have what was archived or trashed.
func (c *call) found() ([]Page, *refusal) {
	cql := c.URL.Query().Get("cql")
	rest, elsewhere := c.site.ofSpace(cql)
	terms := query(rest)
	if terms == nil {
		return nil, badValue.refuse("Could not parse cql : " + cql)
	}
	var hits []Page
	for _, id := range c.site.order {
		p, is := c.site.index[id]
		is = is && !elsewhere && !p.Folder && p.Status == Current && c.site.pages[id].Status == Current
		for _, hit := range terms {
			is = is && hit(p)
		}
		if is {
			hits = append(hits, p)
		}
	}
	return hits, nil
}

var inSpace = regexp.MustCompile(`(?i)\bspace\s*=\s*"?([\w~]+)"?`)

// ofSpace takes the space out of CQL, which is either the one or another.
func (s *Site) ofSpace(cql string) (rest string, elsewhere bool) {
	key := inSpace.FindStringSubmatch(cql)
	if key == nil {
		return cql, false
	}
	return inSpace.ReplaceAllString(cql, "type = page"), !strings.EqualFold(key[1], s.Space)
}

// search finds pages by CQL. Cloud does not heed start, and goes on by cursor.
func search(c *call) (any, *refusal) {
	return c.search(func(p Page) any {
		s := c.site
		content := s.stub(&p)
		return m{
			"content": content, "title": p.Title(), "excerpt": "", "url": s.display(&p), "entityType": "content", "iconCssClass": "aui-icon content-type-page",
			"lastModified": stamp(p.Latest().At), "breadcrumbs": []any{}, "resultGlobalContainer": m{"title": s.Name, "displayUrl": "/spaces/" + s.Space}, "score": 1,
		}
	})
}

// searchContent finds the same, and shows the pages themselves.
func searchContent(c *call) (any, *refusal) {
	return c.search(func(p Page) any { return c.site.stub(&p) })
}

func (c *call) search(show func(Page) any) (any, *refusal) {
	if c.URL.Query().Has("status") {
		return nil, badValue.refuse("status is not a parameter of searching")
	}
	hits, r := c.found()
	if r != nil {
		return nil, r
	}
	start, r := c.number("start", 0)
	if c.site.Flavor == Cloud {
		start, r = c.cursor()
	}
	if r != nil {
		return nil, r
	}
	limit, r := c.number("limit", 25)
	if r != nil {
		return nil, r
	}
	limit = min(limit, c.site.Limit)
	start = min(start, len(hits))
	end := min(start+limit, len(hits))
	answer := m{
		"results": append([]any{}, each(hits[start:end], show)...), "start": start, "limit": limit, "size": end - start, "totalSize": len(hits),
		"cqlQuery": c.URL.Query().Get("cql"), "searchDuration": 7,
		"_links": m{"base": c.site.URL(), "context": c.site.context()},
	}
	if end < len(hits) {
		answer["_links"].(m)["next"] = c.furtherHits(end)
	}
	return answer, nil
}

func (c *call) furtherHits(end int) string {
	q := c.URL.Query()
	if c.site.Flavor == Cloud {
		q.Del("start")
		q = withCursor(q, end)
	} else {
		q.Set("start", strconv.Itoa(end))
	}
	return "/rest/api" + c.path + "?" + q.Encode()
}

// archivePages begins to archive pages, whose ids are numbers here and nowhere
// else.
func archivePages(c *call) (any, *refusal) {
	s := c.site
	var sent struct {
		Pages []struct{ ID *uint64 }
	}
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	var pages []*Page
	for _, one := range sent.Pages {
		if one.ID == nil {
			return nil, badValue.refuse("id is required")
		}
		c.SetPathValue("id", strconv.FormatUint(*one.ID, 10))
		p, r := c.writable()
		if r != nil {
			return nil, r
		}
		pages = append(pages, p)
	}
	task := s.next()
	s.tasks[task] = func() {
		for _, p := range pages {
			p.Status = Archived
		}
	}
	return m{"id": task, "links": m{"status": "/rest/api/longtask/" + task}}, nil
}

// readTask says that a long task is done, which it is from then on.
func readTask(c *call) (any, *refusal) {
	id := c.PathValue("task")
	if _, is := c.site.tasks[id]; !is {
		return nil, wording{404, "", "", "No long task with id " + id}.refuse()
	}
	c.site.finish(id)
	return m{
		"id": id, "name": m{"key": "com.atlassian.confluence.archive", "args": []any{}}, "elapsedTime": 12, "percentageComplete": 100, "successful": true, "finished": true,
		"messages": []any{}, "_links": m{"status": "/rest/api/longtask/" + id}, "errors": []any{}, "additionalDetails": m{},
	}, nil
}
