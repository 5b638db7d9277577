package confluence

import "slices"

func showComment(p *Page, k Comment) m {
	return m{
		"id": k.ID, "status": Current, "title": "Re: " + p.Title(), "pageId": p.ID, "version": m{"number": 1, "message": "", "minorEdit": false, "authorId": k.Author},
		"body": m{"storage": m{"representation": "storage", "value": k.Body}}, "_links": m{"webui": "/pages/viewpage.action?pageId=" + p.ID + "&focusedCommentId=" + k.ID},
	}
}

func createComment(c *call) (any, *refusal) {
	var sent struct {
		PageID string `json:"pageId"`
		Body   *sentBody
	}
	if r := c.read(&sent); r != nil {
		return nil, r
	}
	body, r := sent.Body.storage()
	if r != nil {
		return nil, r
	}
	c.SetPathValue("id", sent.PageID)
	return c.comment(body, func(p *Page, k Comment) any { return showComment(p, k) })
}

// comment keeps a comment under the page of the call.
func (c *call) comment(body string, show func(*Page, Comment) any) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	if r := wellFormed(body, nil); r != nil {
		return nil, r
	}
	k := Comment{ID: c.site.next(), Body: rewrite(body, nil, c.site.mark), Author: us}
	p.Comments = append(p.Comments, k)
	return show(p, k), nil
}

// comments lists those comments of a page that are meant.
func (c *call) comments(meant func(Comment) bool, show func(*Page, Comment) any) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	var some []any
	for _, k := range p.Comments {
		if meant(k) {
			some = append(some, show(p, k))
		}
	}
	return c.collection(some)
}

// bodied leaves the body out unless it was asked for.
func (c *call) bodied(show func(*Page, Comment) m) (func(*Page, Comment) any, *refusal) {
	wanted, r := c.wantsBody()
	return func(p *Page, k Comment) any {
		shown := show(p, k)
		if !wanted {
			delete(shown, "body")
		}
		return shown
	}, r
}

func listFooterComments(c *call) (any, *refusal) {
	show, r := c.bodied(showComment)
	if r != nil {
		return nil, r
	}
	return c.comments(func(k Comment) bool { return !k.Inline }, show)
}

func listInlineComments(c *call) (any, *refusal) {
	show, r := c.bodied(func(p *Page, k Comment) m {
		shown := showComment(p, k)
		shown["resolutionStatus"] = k.Resolution
		shown["properties"] = m{"inlineMarkerRef": k.Ref, "inlineOriginalSelection": k.Selection}
		return shown
	})
	if r != nil {
		return nil, r
	}
	states := c.many("resolution-status")
	return c.comments(func(k Comment) bool { return k.Inline && (states == nil || slices.Contains(states, k.Resolution)) }, show)
}

// showRemark is a comment.
func (s *Site) showRemark(p *Page, k Comment) any {
	shown := m{
		"id": k.ID, "type": "comment", "status": Current, "title": "Re: " + p.Title(),
		"body":       m{"storage": m{"value": k.Body, "representation": "storage"}},
		"extensions": m{"location": "footer"},
		"_links":     m{"base": s.URL(), "context": s.context(), "self": s.URL() + "/rest/api/content/" + k.ID},
	}
	if k.Inline {
		shown["extensions"] = m{
			"location": "inline", "resolution": m{"status": k.Resolution},
			"inlineProperties": m{"originalSelection": k.Selection, "markerRef": k.Ref},
		}
	}
	return shown
}

// readComments lists the comments of a page, with what was asked for of them.
func readComments(c *call) (any, *refusal) {
	places := c.many("location")
	meant := func(k Comment) bool {
		place := "footer"
		if k.Inline {
			place = "inline"
		}
		return places == nil || slices.Contains(places, place)
	}
	return c.comments(meant, func(p *Page, k Comment) any {
		shown := c.site.showRemark(p, k).(m)
		extensions := shown["extensions"].(m)
		if !c.expands("body.storage") {
			delete(shown, "body")
		}
		for _, part := range []string{"resolution", "inlineProperties"} {
			if !c.expands("extensions." + part) {
				delete(extensions, part)
			}
		}
		return shown
	})
}
