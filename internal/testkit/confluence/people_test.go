package confluence_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/confluence"
)

// A body does not come back as it was sent: there are attributes nobody wrote, and
// empty elements are closed in another hand. It comes back the same every time.
func TestBodyIsRewritten(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		const sent = `<p>a<br/>b</p><table><tbody><tr><td class="x"/></tr></tbody></table><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">A &gt; B</ac:parameter></ac:structured-macro>` +
			`<ac:structured-macro ac:name="code" ac:schema-version="2" ac:macro-id="mine"><ac:plain-text-body><![CDATA[<x/>]]></ac:plain-text-body></ac:structured-macro>`
		id := a.made("CHG-1", sent)
		want := regexp.MustCompile(`^<p>a<br />b</p><table ac:local-id="[0-9a-f-]{36}"><tbody><tr><td class="x" /></tr></tbody></table>` +
			`<ac:structured-macro ac:name="status" ac:schema-version="1" ac:local-id="[0-9a-f-]{36}" ac:macro-id="[0-9a-f-]{36}"><ac:parameter ac:name="title">A &gt; B</ac:parameter></ac:structured-macro>` +
			`<ac:structured-macro ac:name="code" ac:schema-version="2" ac:macro-id="mine" ac:local-id="[0-9a-f-]{36}"><ac:plain-text-body><!\[CDATA\[<x/>\]\]></ac:plain-text-body></ac:structured-macro>$`)
		got := a.read(id).of("body.storage.value")
		if !want.MatchString(got) {
			t.Errorf("it comes back as %s", got)
		}
		if again := a.read(id).of("body.storage.value"); again != got {
			t.Errorf("the second time it is %s", again)
		}
		if v := a.page(id).Latest(); v.Sent != sent || v.Body != got {
			t.Errorf("kept is %+v", v)
		}
	})
}

// A person's edit is a version of its own, by somebody else; their editor writes
// what an application would be refused.
func TestEditBody(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		must(t, a.EditBody(id, func(body string) string { return strings.Replace(body, "one", "one&nbsp;two", 1) }))
		a.read(id).want(t, 200, "<p>one&nbsp;two</p>").wantOf(t, map[string]string{"version.number": "#2"})
		first, second := a.page(id).Versions[0], a.page(id).Versions[1]
		if second.ByUs || second.Author == first.Author {
			t.Errorf("versions %+v and %+v", first, second)
		}
		if a.EditBody(id, func(string) string { return "<p>" }) == nil {
			t.Error("no editor writes that")
		}
		must(t, a.Archive(id))
		if a.EditBody(id, func(string) string { return "<p>late</p>" }) == nil {
			t.Error("an archived page is edited")
		}
	})
}

func TestRename(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		must(t, a.Rename(id, "CHG-1 the switch"))
		a.read(id).wantOf(t, map[string]string{"title": "CHG-1 the switch", "version.number": "#2", "body.storage.value": "<p>one</p>"})
		a.made("CHG-1", "")
		if a.Rename(id, "chg-1") == nil {
			t.Error("two pages have one title")
		}
	})
}

// An act upon what is not there is an error.
func TestNoSuchPage(t *testing.T) {
	a := cloud(t)
	_, found := a.Page("7")
	for _, err := range []error{found, a.Trash("7"), a.Archive("7"), a.Rename("7", "x"), a.MovePage("7", "8"), a.AddLabel("7", "x"), a.AddFooterComment("7", "x"), a.Restore("7"), a.Purge("7")} {
		if !errors.Is(err, confluence.ErrNone) {
			t.Errorf("the error is %v", err)
		}
	}
	if a.MovePage(a.made("CHG-1", ""), "8") == nil {
		t.Error("a page lies under none")
	}
}

// The homepage is the first page, and folders are none.
func TestPages(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "")
	a.AddFolder("Network")
	other, err := a.AddPage("Notes", id, "<p>a person's</p>")
	must(t, err)
	var ids []string
	for _, p := range a.Pages() {
		ids = append(ids, p.ID)
	}
	wantSame(t, "pages", ids, []string{a.Homepage(), id, other})
	if _, err := a.AddPage("notes", "", ""); err == nil {
		t.Error("two pages have one title")
	}
	must(t, a.Trash(other))
	must(t, a.Purge(other))
	a.read(other).want(t, 404, other)
}

// comments asks for the comments beside the words of a page that are open.
func openComments(a asker, id string) answer {
	if a.isCloud() {
		return a.ask("GET", "/api/v2/pages/"+id+"/inline-comments?resolution-status=open&body-format=storage", "")
	}
	return a.ask("GET", "/rest/api/content/"+id+"/child/comment?location=inline&expand=extensions.inlineProperties,extensions.resolution", "")
}

// A comment beside words puts a marker around them, and the version stays. Who
// then writes the page without the marker, loses the comment its place; who
// writes it with the marker, keeps it.
func TestInlineComment(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>replace the core switch</p>")
		ref, err := a.AddInlineComment(id, "core switch", "<p>which one?</p>")
		must(t, err)
		marked := fmt.Sprintf(`<p>replace the <ac:inline-comment-marker ac:ref="%s">core switch</ac:inline-comment-marker></p>`, ref)
		a.read(id).wantOf(t, map[string]string{"version.number": "#1", "body.storage.value": marked})
		fields := map[string]string{"results.0.resolutionStatus": "open", "results.0.properties.inlineMarkerRef": ref, "results.0.properties.inlineOriginalSelection": "core switch", "results.0.body.storage.value": "<p>which one?</p>"}
		if !a.isCloud() {
			fields = map[string]string{"results.0.extensions.resolution.status": "open", "results.0.extensions.inlineProperties.markerRef": ref, "results.0.extensions.inlineProperties.originalSelection": "core switch", "results.0.extensions.location": "inline"}
		}
		openComments(a, id).want(t, 200, "").wantOf(t, fields)

		a.update(id, "CHG-1", "<p>replace the core switch</p>", 2).want(t, 200, "")
		if k := a.page(id).Comments[0]; k.Resolution != "dangling" {
			t.Errorf("the comment is %+v", k)
		}
		a.update(id, "CHG-1", marked, 3).want(t, 200, "")
		if k := a.page(id).Comments[0]; k.Resolution != "open" {
			t.Errorf("the comment is %+v", k)
		}
		must(t, a.ResolveInlineComment(id, ref))
		if a.isCloud() {
			openComments(a, id).want(t, 200, `"results":[]`)
		} else {
			openComments(a, id).want(t, 200, "").wantOf(t, map[string]string{"results.0.extensions.resolution.status": "resolved"})
		}
		if _, err := a.AddInlineComment(id, "not in it", ""); err == nil {
			t.Error("a comment stands beside nothing")
		}
		if a.ResolveInlineComment(id, "nobody") == nil {
			t.Error("nobody's comment is resolved")
		}
	})
}

func TestFooterComment(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		must(t, a.AddFooterComment(id, "<p>a person's</p>"))
		says := func(body string) answer {
			if a.isCloud() {
				return a.ask("POST", "/api/v2/footer-comments", fmt.Sprintf(`{"pageId":%q,"body":{"representation":"storage","value":%s}}`, id, text(body)))
			}
			return a.ask("POST", "/rest/api/content", fmt.Sprintf(`{"type":"comment","container":{"id":%q,"type":"page"},"body":{"storage":{"value":%s,"representation":"storage"}}}`, id, text(body)))
		}
		says("<p>ours</p>").want(t, map[bool]int{true: 201, false: 200}[a.isCloud()], "<p>ours</p>")
		says("<p>ours").want(t, 400, "Error parsing xhtml")
		list := "/rest/api/content/" + id + "/child/comment?location=footer&expand=body.storage"
		if a.isCloud() {
			list = "/api/v2/pages/" + id + "/footer-comments?body-format=storage"
		}
		a.ask("GET", list, "").want(t, 200, "").wantOf(t, map[string]string{"results.0.body.storage.value": "<p>a person's</p>", "results.1.body.storage.value": "<p>ours</p>", "results.2": "(none)"})
		if n := a.Count()["comment"]; n != 2 {
			t.Errorf("%d comments counted", n)
		}
		if p := a.page(id); len(p.Versions) != 1 || len(p.Comments) != 2 {
			t.Errorf("kept is %+v", p)
		}
	})
}
