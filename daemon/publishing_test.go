package daemon_test

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/records/page"
	wiki "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/stage"
)

const wikiToken = "token"

// confluence has the record published from the beginning; later, "wiki away" and
// "wiki back" have it refuse us, and take us again an hour later.
func (c *conversation) confluence(l line) string {
	switch words := strings.Join(l.words[1:], " "); {
	case words == "" && c.stage == nil:
		c.wiki = wiki.New(wiki.Options{User: "countersign@example.com", Token: wikiToken})
		if err := c.wiki.Start(); err != nil {
			c.fatalf("%v", err)
		}
		c.t.Cleanup(func() { c.wiki.Close() })
		c.options.Wiki = &stage.Wiki{Flavor: string(wiki.Cloud), URL: c.wiki.URL(), User: c.wiki.User, Token: wikiToken}
	case words == "away" && c.wiki != nil:
		c.wiki.ChangeToken("another")
	case words == "back" && c.wiki != nil:
		c.wiki.ChangeToken(wikiToken)
		c.stage.Clock.Advance(time.Hour)
		c.step()
	default:
		c.fatalf("it is written: wiki, before anything else happens; then wiki away, wiki back")
	}
	return ""
}

// thePage is the page of the change, and whether there is one.
func (c *conversation) thePage(number string) (wiki.Page, bool) {
	pages := c.wiki.Pages()
	i := slices.IndexFunc(pages, func(p wiki.Page) bool { return strings.HasPrefix(p.Title(), number+" ") })
	if i < 0 {
		return wiki.Page{}, false
	}
	return pages[i], true
}

// published wants a line of the change's page to be this; "nothing" is no page.
func (c *conversation) published(l line) string {
	p, there := c.thePage(l.words[1])
	want := strings.Join(l.words[2:], " ")
	lines := []string{"nothing"}
	if there {
		lines = page.Lines(p.Latest().Body)
	}
	if !slices.ContainsFunc(lines, func(text string) bool { return strings.Contains(text, want) }) {
		c.errorf("it says\n%s", strings.Join(lines, "\n"))
	}
	return ""
}

// edits has somebody change words on the page of a change: CHANGE OLD NEW.
func (c *conversation) edits(l line) string {
	p, there := c.thePage(l.words[1])
	if !there || len(l.words) != 4 {
		c.fatalf("there is no page, or it is not written: edits CHANGE OLD NEW")
	}
	err := c.wiki.EditBody(p.ID, func(body string) string {
		if !strings.Contains(body, l.words[2]) {
			c.fatalf("%q is not on the page", l.words[2])
		}
		return strings.Replace(body, l.words[2], l.words[3], 1)
	})
	if err != nil {
		c.fatalf("%v", err)
	}
	return ""
}

// republish has the page of a change written anew, by the operator's word.
func (c *conversation) republish(l line) string {
	if err := c.stage.Store.Republish(c.t.Context(), c.change(l.words[1]).ID, c.stage.Clock.Now()); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}
