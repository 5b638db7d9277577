package confluence_test

import (
	"net/http"
	"testing"
)

// Who sends a file without saying that no browser was tricked into it, is blocked.
func TestUploadWantsItsHeader(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "")
		at := "/content/" + id + "/child/attachment"
		a.upload("POST", at, "", file("evidence.eml", "one"), minor).want(t, 403, "XSRF check failed")
		a.upload("POST", at, "no-check", file("evidence.eml", "one"), minor).want(t, 200, "")
		if n := len(a.page(id).Attachments); n != 1 {
			t.Errorf("%d files are kept", n)
		}
	})
}

// A file is new, or a new version of the one that has its name.
func TestAttachments(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "")
		at := "/content/" + id + "/child/attachment"
		first := a.upload("POST", at, "nocheck", file("evidence.eml", "one"), minor, field("comment", "sha256=ä")).want(t, 200, "")
		first.wantOf(t, map[string]string{"results.0.title": "evidence.eml", "results.0.version.number": "#1", "results.0.extensions.fileSize": "#3", "results.0.extensions.comment": "sha256=ä", "results.0.type": "attachment", "size": "#1"})
		a.upload("POST", at, "nocheck", file("evidence.eml", "two"), minor).want(t, 400, "Cannot add a new attachment with the same file name")
		number := first.of("results.0.id")
		a.upload("POST", at+"/"+number+"/data", "nocheck", file("evidence.eml", "two"), minor).want(t, 200, "").wantOf(t, map[string]string{"id": number, "version.number": "#2"})
		a.upload("POST", at+"/att7/data", "nocheck", file("evidence.eml", "two"), minor).want(t, 404, "att7")
		if a.isCloud() {
			a.upload("PUT", at, "nocheck", file("evidence.eml", "three"), minor).want(t, 200, "").wantOf(t, map[string]string{"results.0.id": number, "results.0.version.number": "#3"})
			a.upload("PUT", at, "nocheck", file("other.eml", "other"), minor).want(t, 200, "")
		} else {
			a.upload("POST", at, "nocheck", file("other.eml", "other"), minor).want(t, 200, "")
		}
		list := "/rest/api" + at
		if a.isCloud() {
			list = "/api/v2/pages/" + id + "/attachments"
		}
		a.ask("GET", list, "").want(t, 200, "").wantOf(t, map[string]string{"results.0.title": "evidence.eml", "results.1.title": "other.eml"})
		a.ask("GET", list+"?filename=other.eml", "").want(t, 200, "").wantOf(t, map[string]string{"results.0.title": "other.eml", "results.1": "(none)"})
		if f := a.page(id).Attachments[1]; string(f.Bytes) != "other" || f.Type != "message/rfc822" || f.Version != 1 {
			t.Errorf("kept is %+v", f)
		}
	})
}

// What is wrong with a form.
func TestForms(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		at := "/content/" + a.made("CHG-1", "") + "/child/attachment"
		a.upload("POST", at, "nocheck", minor).want(t, 400, "file is required")
		a.upload("POST", at, "nocheck", file("a/b.eml", "x"), minor).want(t, 400, "illegal")
		a.send("POST", "/rest/api"+at, "application/json", nil, "X-Atlassian-Token", "nocheck").want(t, 415, "")
		if a.isCloud() {
			a.upload("POST", at, "nocheck", file("a.eml", "x")).want(t, 400, "minorEdit is required")
		}
	})
}

// Text whose charset nobody named is taken for what it is not.
func TestTextWithoutCharset(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "")
		comment := field("comment", "Müller")
		comment.kind = "text/plain"
		a.upload("POST", "/content/"+id+"/child/attachment", "nocheck", file("ä.eml", "x"), minor, comment).want(t, 200, "")
		if f := a.page(id).Attachments[0]; f.Comment != "MÃ¼ller" || f.Name != "ä.eml" {
			t.Errorf("kept is %+v", f)
		}
	})
}

// A file of Cloud's lies on another host, which is not to be shown our token.
func TestDownload(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "")
	up := a.upload("PUT", "/content/"+id+"/child/attachment", "nocheck", file("a.eml", "the file"), minor).want(t, 200, "")
	sent := a.ask("GET", up.of("results.0._links.download"), "").want(t, 302, "")
	to := sent.header.Get("Location")
	a.ask("GET", to, "").want(t, 400, "")
	a.as(func(*http.Request) {}).ask("GET", to, "").want(t, 200, "the file")
	a.ask("GET", "/rest/api/content/"+id+"/child/attachment/att7/download", "").want(t, 404, "att7")
}
