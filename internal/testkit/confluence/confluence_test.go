package confluence_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/openapi"
)

// Every story of this package goes by Atlassian's documents; this one says so
// where they are missing.
func TestDocuments(t *testing.T) {
	openapi.Need(t)
	both(t, func(t *testing.T, a asker) { a.made("A page", "<p>text</p>") })
}

// A page is made, read and changed, and has the shape it is documented with.
func TestLifeOfAPage(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-2026-0042 Replace core switch", "<p>one</p>")
		a.update(id, "CHG-2026-0042 Replace core switch", "<p>two</p>", 2).want(t, 200, "<p>two</p>")
		got := a.read(id).want(t, 200, "<p>two</p>")
		got.wantOf(t, map[string]string{"id": id, "status": "current", "title": "CHG-2026-0042 Replace core switch", "version.number": "#2", "version.message": "m", "body.storage.value": "<p>two</p>", "_links.base": a.URL()})
		if a.isCloud() {
			got.wantOf(t, map[string]string{"spaceId": "98306", "parentId": a.Homepage(), "parentType": "page", "version.createdAt": "2026-03-02T09:00:00.000Z"})
		} else {
			got.wantOf(t, map[string]string{"space.id": "#98306", "space.key": "CHG", "ancestors.0.id": a.Homepage(), "type": "page", "version.when": "2026-03-02T09:00:00.000Z"})
		}
		p := a.page(id)
		if len(p.Versions) != 2 || p.Versions[0].Body != "<p>one</p>" || !p.Latest().ByUs || p.Latest().Message != "m" {
			t.Errorf("kept is %+v", p)
		}
	})
}

// The body comes only when it is asked for.
func TestBodyIsAskedFor(t *testing.T) {
	a := cloud(t)
	id := a.made("A page", "<p>text</p>")
	a.ask("GET", "/api/v2/pages/"+id, "").want(t, 200, "").wantOf(t, map[string]string{"body.storage.value": ""})
	c := center(t)
	id = c.made("A page", "<p>text</p>")
	c.ask("GET", "/rest/api/content/"+id, "").want(t, 200, "").wantOf(t, map[string]string{"body.storage.value": "", "version": "", "space": "", "_expandable.body": ""})
}

func TestIncluded(t *testing.T) {
	a := cloud(t)
	id := a.made("A page", "<p>text</p>")
	must(t, a.AddLabel(id, "change-record"))
	a.ask("POST", "/api/v2/pages/"+id+"/properties", `{"key":"k","value":{"a":1}}`).want(t, 200, "")
	a.ask("GET", "/api/v2/pages/"+id+"?include-labels=true&include-properties=true&include-versions=true", "").want(t, 200, "").
		wantOf(t, map[string]string{"labels.results.0.name": "change-record", "properties.results.0.key": "k", "versions.results.0.number": "#1"})
}

// A number that is not the next one is a conflict, and nothing is kept.
func TestStaleVersion(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("A page", "<p>one</p>")
		must(t, a.EditBody(id, func(body string) string { return body + "<p>a person's</p>" }))
		says := "Version must be incremented when updating a page. Current Version: [2]. Provided version: [2]"
		if !a.isCloud() {
			says = "Version must be incremented on update. Current version is: 2"
		}
		got := a.update(id, "A page", "<p>ours</p>", 2)
		if got.status != 409 || got.title() != says {
			t.Errorf("the answer is %d %s", got.status, got.body)
		}
		a.update(id, "A page", "<p>ours</p>", 4).want(t, 409, "Version must be incremented")
		if p := a.page(id); len(p.Versions) != 2 || !strings.Contains(p.Latest().Body, "a person's") {
			t.Errorf("kept is %+v", p.Latest())
		}
	})
}

// The envelopes are the two that there are.
func TestEnvelopes(t *testing.T) {
	a := cloud(t)
	a.read("999").want(t, 404, "").wantOf(t, map[string]string{"errors.0.status": "#404", "errors.0.code": "NOT_FOUND", "errors.0.title": "Cannot find a page with id [999]", "errors.0.detail": ""})
	c := center(t)
	c.read("999").want(t, 404, "").wantOf(t, map[string]string{"statusCode": "#404", "reason": "Not Found", "message": "No content found with id: ContentId{id=999}", "data.successful": "false"})
}

func TestVersionIsRequired(t *testing.T) {
	a := cloud(t)
	id := a.made("A page", "<p>one</p>")
	for _, missing := range []string{
		`{"status":"current","title":"A page","body":{"representation":"storage","value":""},"version":{"number":2}}`,
		`{"id":"ID","title":"A page","body":{"representation":"storage","value":""},"version":{"number":2}}`,
		`{"id":"ID","status":"current","body":{"representation":"storage","value":""},"version":{"number":2}}`,
		`{"id":"ID","status":"current","title":"A page","version":{"number":2}}`,
		`{"id":"ID","status":"current","title":"A page","body":{"representation":"storage","value":""}}`,
	} {
		a.ask("PUT", "/api/v2/pages/"+id, strings.ReplaceAll(missing, "ID", id)).want(t, 400, "required")
	}
	c := center(t)
	id = c.made("A page", "<p>one</p>")
	c.ask("PUT", "/rest/api/content/"+id, fmt.Sprintf(`{"id":%q,"type":"page","title":"A page","body":{"storage":{"value":"","representation":"storage"}}}`, id)).
		want(t, 400, "Must supply an incremented version when updating Content. No version supplied.")
}

// A title is one page's, in whatever letters, and an archived page keeps it. A
// trashed one does not, and a folder's does not count.
func TestTitles(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		says := "A page with this title already exists: A page already exists with the same TITLE in this space"
		if !a.isCloud() {
			says = "A page with this title already exists: A page already exists with the title chg-1 SWITCH in the space with key CHG"
		}
		a.AddFolder("CHG-1 Switch")
		id := a.made("CHG-1 Switch", "<p>one</p>")
		a.create("chg-1 SWITCH", "<p>two</p>").want(t, 400, says)
		must(t, a.Archive(id))
		a.create("chg-1 SWITCH", "<p>two</p>").want(t, 400, says)
		other := a.made("CHG-2 Router", "<p>two</p>")
		a.update(other, "chg-1 SWITCH", "<p>two</p>", 2).want(t, 400, says)
		must(t, a.Trash(id))
		a.update(other, "chg-1 SWITCH", "<p>two</p>", 2).want(t, 200, "")
		if a.Restore(id) == nil {
			t.Error("a page comes back to a title that is taken")
		}
	})
}

// A page is found by its title at once, an archived one too.
func TestFind(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		a.find("chg-1").want(t, 200, "").wantOf(t, map[string]string{"results.0.id": id, "results.0.status": "current", "results.1": "(none)"})
		must(t, a.Archive(id))
		a.find("CHG-1").want(t, 200, "").wantOf(t, map[string]string{"results.0.id": id, "results.0.status": "archived"})
		must(t, a.Trash(id))
		trashed := map[string]string{"results.0.id": id, "results.0.status": "trashed"}
		if a.isCloud() {
			trashed = map[string]string{"results.0": "(none)"}
		}
		a.find("CHG-1").want(t, 200, "").wantOf(t, trashed)
		if a.isCloud() { // where archived pages are listed unless somebody says otherwise
			must(t, a.Archive(id))
			a.ask("GET", "/api/v2/pages?title=CHG-1", "").want(t, 200, "").wantOf(t, map[string]string{"results.0.id": id})
			a.ask("GET", "/api/v2/pages?title=CHG-1&status=current", "").want(t, 200, `"results":[]`)
		}
		a.find("CHG").want(t, 200, "").wantOf(t, map[string]string{"results.0": "(none)"})
	})
}

// What lies in the trash is shown to whoever asks for it by number.
func TestPutAway(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	must(t, a.Archive(id))
	a.read(id).want(t, 200, "").wantOf(t, map[string]string{"status": "archived", "parentId": a.Homepage()})
	a.update(id, "CHG-1", "<p>two</p>", 2).want(t, 404, "")
	must(t, a.Trash(id))
	a.read(id).want(t, 200, "").wantOf(t, map[string]string{"status": "trashed", "parentId": ""})
	a.update(id, "CHG-1", "<p>two</p>", 2).want(t, 200, "").wantOf(t, map[string]string{"status": "current", "body.storage.value": "<p>one</p>"})

	c := center(t)
	id = c.made("CHG-1", "<p>one</p>")
	must(t, c.Archive(id))
	c.update(id, "CHG-1", "<p>two</p>", 2).want(t, 404, "Can not find draft with current content")
	c.read(id).want(t, 200, "").wantOf(t, map[string]string{"status": "archived"})
	c.ask("GET", "/rest/api/content/"+id, "").want(t, 404, id)
}

// Deleting trashes, and only what is trashed is purged.
func TestDelete(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	a.ask("DELETE", "/api/v2/pages/"+id+"?purge=true", "").want(t, 400, "trashed")
	a.ask("DELETE", "/api/v2/pages/"+id, "").want(t, 204, "")
	a.read(id).want(t, 200, "").wantOf(t, map[string]string{"status": "trashed"})
	a.ask("DELETE", "/api/v2/pages/"+id+"?purge=true", "").want(t, 204, "")
	a.read(id).want(t, 404, id)
}

// A person moves a page, and it stays there unless a parent is sent.
func TestMoved(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		folder := a.AddFolder("Network")
		must(t, a.MovePage(id, folder))
		a.read(id).want(t, 200, "").wantOf(t, map[string]string{"version.number": "#1"})
		a.update(id, "CHG-1", "<p>two</p>", 2).want(t, 200, "")
		if p := a.page(id); p.Parent != folder {
			t.Errorf("it lies under %s", p.Parent)
		}
	})
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	folder := a.AddFolder("Network")
	a.ask("PUT", "/api/v2/pages/"+id, fmt.Sprintf(`{"id":%q,"status":"current","title":"CHG-1","parentId":%q,"body":{"representation":"storage","value":""},"version":{"number":2}}`, id, folder)).
		want(t, 200, "").wantOf(t, map[string]string{"parentId": folder, "parentType": "folder"})
	a.ask("PUT", "/api/v2/pages/"+id, fmt.Sprintf(`{"id":%q,"status":"current","title":"CHG-1","parentId":"77","body":{"representation":"storage","value":""},"version":{"number":3}}`, id)).
		want(t, 404, "parent")
}

func TestSpace(t *testing.T) {
	a := cloud(t)
	a.ask("GET", "/api/v2/spaces?keys=chg", "").want(t, 200, "").wantOf(t, map[string]string{"results.0.id": "98306", "results.0.key": "CHG", "results.0.homepageId": a.Homepage(), "_links.base": a.URL()})
	a.ask("GET", "/api/v2/spaces?keys=OTHER", "").want(t, 200, `"results":[]`)
	a.HideSpace(true)
	a.ask("GET", "/api/v2/spaces?keys=CHG", "").want(t, 200, `"results":[]`)
	a.create("CHG-1", "<p>one</p>").want(t, 404, "")
	c := center(t)
	c.ask("GET", "/rest/api/space/CHG?expand=homepage", "").want(t, 200, "").wantOf(t, map[string]string{"id": "#98306", "key": "CHG", "homepage.id": c.Homepage()})
	c.ask("GET", "/rest/api/space/OTHER", "").want(t, 404, "OTHER")
}

// The way to a page is an address whatever its title is made of.
func TestWebUI(t *testing.T) {
	c := center(t)
	c.create("CHG-1 Switch", "").want(t, 200, "").wantOf(t, map[string]string{"_links.webui": "/display/CHG/CHG-1+Switch"})
	got := c.create("CHG-2: R&D?", "").want(t, 200, "")
	got.wantOf(t, map[string]string{"_links.webui": "/pages/viewpage.action?pageId=" + got.of("id")})
	got = cloud(t).create("CHG-2: R&D/Ops?", "").want(t, 200, "")
	got.wantOf(t, map[string]string{"_links.webui": "/spaces/CHG/pages/" + got.of("id") + "/CHG-2:+R&D%2FOps%3F"})
}

// What is documented as text is no number, and the reverse.
func TestTypes(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	a.ask("POST", "/api/v2/pages", `{"spaceId":98306,"title":"x","body":{"representation":"storage","value":""}}`).want(t, 400, "not the correct type")
	a.ask("GET", "/api/v2/pages/abc", "").want(t, 400, "Provided value for 'id' is not the correct type. Expected type is ContentId")
	a.ask("GET", "/api/v2/pages?status=draft", "").want(t, 400, "status")
	a.ask("GET", "/api/v2/pages?limit=251", "").want(t, 400, "limit")
	a.ask("POST", "/rest/api/content/archive", fmt.Sprintf(`{"pages":[{"id":%q}]}`, id)).want(t, 400, "not the correct type")
	a.send("POST", "/api/v2/pages", "text/plain", strings.NewReader("{}")).want(t, 415, "")
	a.ask("POST", "/api/v2/pages", `{`).want(t, 400, "JSON")
	center(t).ask("GET", "/rest/api/content/abc", "").want(t, 404, "abc")
}

// Archiving takes its time.
func TestArchiving(t *testing.T) {
	a := cloud(t)
	first, second := a.made("CHG-1", "<p>one</p>"), a.made("CHG-2", "<p>two</p>")
	begun := a.ask("POST", "/rest/api/content/archive", fmt.Sprintf(`{"pages":[{"id":%s}]}`, first)).want(t, 202, "")
	a.ask("POST", "/rest/api/content/archive", fmt.Sprintf(`{"pages":[{"id":%s}]}`, second)).want(t, 202, "")
	a.read(first).wantOf(t, map[string]string{"status": "current"})
	a.ask("GET", begun.of("links.status"), "").want(t, 200, "").wantOf(t, map[string]string{"finished": "true"})
	a.read(first).wantOf(t, map[string]string{"status": "archived"})
	a.read(second).wantOf(t, map[string]string{"status": "current"})
	a.Settle()
	a.read(second).wantOf(t, map[string]string{"status": "archived"})
	a.ask("GET", "/rest/api/longtask/7", "").want(t, 404, "")
}

// The first version of the API is gone from Cloud but for a remainder, and a Data
// Center never had the second.
func TestWhichAPI(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	a.ask("GET", "/rest/api/content/"+id, "").want(t, 410, "")
	a.ask("PUT", "/api/v2/pages", "{}").want(t, 405, "")
	a.ask("GET", "/api/v2/nothing", "").want(t, 404, "nothing")
	c := center(t)
	c.ask("GET", "/api/v2/pages", "").want(t, 404, "<html>")
	c.upload("PUT", "/content/"+c.made("CHG-1", "")+"/child/attachment", "nocheck", file("a", "a"), minor).want(t, 405, "")
	a.ask("GET", strings.TrimSuffix(a.URL(), "/wiki")+"/_edge/tenant_info", "").want(t, 200, "cloudId")
}

func TestPropertiesOfAPage(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	at := "/api/v2/pages/" + id + "/properties"
	a.ask("GET", at+"?key=countersign.record", "").want(t, 200, `"results":[]`)
	property := a.ask("POST", at, `{"key":"countersign.record","value":{"revision":7}}`).want(t, 200, "").of("id")
	a.ask("POST", at, `{"key":"countersign.record","value":{"revision":7}}`).want(t, 409, "countersign.record")
	a.ask("GET", at+"?key=countersign.record", "").want(t, 200, "").wantOf(t, map[string]string{"results.0.value.revision": "#7", "results.0.version.number": "#1", "results.0.id": property})
	put := func(number int) answer {
		return a.ask("PUT", at+"/"+property, fmt.Sprintf(`{"key":"countersign.record","value":{"revision":8},"version":{"number":%d}}`, number))
	}
	put(1).want(t, 409, "Version must be incremented")
	put(2).want(t, 200, "").wantOf(t, map[string]string{"value.revision": "#8", "version.number": "#2"})
	a.ask("GET", at+"/"+property, "").want(t, 200, "").wantOf(t, map[string]string{"value.revision": "#8"})
	a.ask("PUT", at+"/"+property, `{"key":"other","value":1,"version":{"number":3}}`).want(t, 400, "key")
	a.ask("DELETE", at+"/"+property, "").want(t, 204, "")
	a.ask("GET", at+"/"+property, "").want(t, 404, property)
}

func TestPropertiesOfContent(t *testing.T) {
	c := center(t)
	id := c.made("CHG-1", "<p>one</p>")
	at := "/rest/api/content/" + id + "/property"
	c.ask("GET", at+"/k", "").want(t, 404, "k")
	c.ask("POST", at, `{"key":"k","value":{"revision":7}}`).want(t, 200, "")
	c.ask("POST", at, `{"key":"k","value":{"revision":7}}`).want(t, 409, "k")
	c.ask("PUT", at+"/k", `{"key":"k","value":{"revision":8},"version":{"number":1}}`).want(t, 409, "Version must be incremented")
	c.ask("PUT", at+"/k", `{"key":"k","value":{"revision":8},"version":{"number":2}}`).want(t, 200, "")
	c.ask("GET", at+"/k?expand=version", "").want(t, 200, "").wantOf(t, map[string]string{"value.revision": "#8", "version.number": "#2"})
	c.ask("PUT", at+"/new", `{"key":"new","value":{},"version":{"number":1}}`).want(t, 200, "")
	c.ask("GET", at, "").want(t, 200, "").wantOf(t, map[string]string{"results.1.key": "new", "size": "#2"})
	c.ask("DELETE", at+"/k", "").want(t, 204, "")
	c.ask("GET", at+"/k", "").want(t, 404, "")
}

// A property holds 32 KB, a body 5 MB.
func TestTooLarge(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		at := "/api/v2/pages/" + id + "/properties"
		if !a.isCloud() {
			at = "/rest/api/content/" + id + "/property"
		}
		value := func(n int) string { return fmt.Sprintf(`{"key":"k%d","value":{"v":%q}}`, n, strings.Repeat("x", n)) }
		a.ask("POST", at, value(32<<10)).want(t, 413, "32 KB")
		a.ask("POST", at, value(32<<10-8)).want(t, 200, "")
		a.create("CHG-2", "<p>"+strings.Repeat("x", 5<<20)+"</p>").want(t, 413, "5 MB")
		a.create("CHG-2", "<p>"+strings.Repeat("x", 5<<20-7)+"</p>").want(t, 200, "")
	})
}

func TestLabels(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		at := "/rest/api/content/" + id + "/label"
		a.ask("POST", at, `[{"prefix":"global","name":"change-record"}]`).want(t, 200, "").wantOf(t, map[string]string{"results.0.name": "change-record", "results.0.prefix": "global", "size": "#1"})
		a.ask("POST", at, `[{"prefix":"global","name":"Major change"}]`).want(t, 200, "")
		wantSame(t, "labels", a.page(id).Labels, []string{"change-record", "major", "change"})
		a.ask("DELETE", at+"?name=major", "").want(t, 204, "")
		if a.isCloud() {
			at = "/api/v2/pages/" + id + "/labels"
		}
		a.ask("GET", at, "").want(t, 200, "").wantOf(t, map[string]string{"results.0.name": "change-record", "results.1.name": "change", "results.2": "(none)"})
	})
}

// A long list comes in pieces: by cursor from Cloud, by start from a Data Center.
func TestPaging(t *testing.T) {
	for _, flavor := range []confluence.Flavor{confluence.Cloud, confluence.DataCenter} {
		a := start(t, confluence.Options{Flavor: flavor, Limit: 2})
		id := a.made("CHG-1", "<p>one</p>")
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			must(t, a.AddLabel(id, name))
		}
		next, root := "/rest/api/content/"+id+"/label?limit=200", a.URL()
		if a.isCloud() {
			next, root = "/wiki/api/v2/pages/"+id+"/labels?limit=200", strings.TrimSuffix(a.URL(), "/wiki")
		}
		var names []string
		for pieces := 0; next != ""; pieces++ {
			if pieces == 3 {
				t.Fatal("it does not end")
			}
			got := a.ask("GET", root+next, "").want(t, 200, "")
			for _, place := range []string{"results.0.name", "results.1.name"} {
				if name := got.of(place); name != "(none)" {
					names = append(names, name)
				}
			}
			next = got.of("_links.next")
		}
		wantSame(t, "labels", names, []string{"a", "b", "c", "d", "e"})
	}
	cloud(t).ask("GET", "/api/v2/pages?cursor=5", "").want(t, 400, "cursor")
}

// Searching is behind, and does not see what was archived.
func TestSearch(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		search := func(more string) answer {
			return a.ask("GET", "/rest/api/search?cql=label%3D%22change-record%22+and+space%3DCHG"+more, "").want(t, 200, "")
		}
		first, second := a.made("CHG-1", "<p>one</p>"), a.made("CHG-2", "<p>two</p>")
		must(t, a.AddLabel(first, "change-record"))
		must(t, a.AddLabel(second, "change-record"))
		search("").wantOf(t, map[string]string{"totalSize": "#0"})
		a.Index()
		search("").wantOf(t, map[string]string{"totalSize": "#2", "results.0.content.id": first})
		must(t, a.Archive(first))
		search("").wantOf(t, map[string]string{"totalSize": "#1", "results.0.content.id": second})
		a.ask("GET", "/rest/api/search?cql=type%3Dpage&status=archived", "").want(t, 400, "status")
		a.ask("GET", "/rest/api/search?cql=title%3D%22", "").want(t, 400, "Could not parse cql")
		a.ask("GET", "/rest/api/search?cql=space%3DOTHER", "").want(t, 200, "").wantOf(t, map[string]string{"totalSize": "#0"})
		a.ask("GET", "/rest/api/content/search?cql=title~%22chg%22", "").want(t, 200, "").wantOf(t, map[string]string{"results.0.id": second})
	})
}

// Cloud heeds no start: who counts reads the same hits for ever.
func TestSearchGoesOnByCursor(t *testing.T) {
	a := start(t, confluence.Options{Limit: 1})
	a.made("CHG-1", "<p>one</p>")
	second := a.made("CHG-2", "<p>two</p>")
	a.Index()
	hits := a.ask("GET", "/rest/api/search?cql=title~CHG&start=1", "").want(t, 200, "").wantOf(t, map[string]string{"start": "#0", "results.0.title": "CHG-1"})
	a.ask("GET", hits.of("_links.next"), "").want(t, 200, "").wantOf(t, map[string]string{"results.0.content.id": second, "_links.next": ""})
}
