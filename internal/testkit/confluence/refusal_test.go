package confluence_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/confluence"
)

func nobody(*http.Request) {}

func wrong(r *http.Request) { r.Header.Set("Authorization", "Bearer wrong") }

func wrongBasic(r *http.Request) { r.SetBasicAuth(account, "wrong") }

// Cloud's second API has whoever it does not know believe that nothing is there;
// its first one says what is the matter.
func TestWrongTokenOnCloud(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	for _, login := range []func(*http.Request){nobody, wrong, wrongBasic} {
		a.as(login).read(id).want(t, 404, "").wantOf(t, map[string]string{"errors.0.title": "Not Found", "errors.0.code": "NOT_FOUND"})
		a.as(login).update(id, "CHG-1", "<p>two</p>", 2).want(t, 404, "Not Found")
	}
	a.as(wrongBasic).ask("GET", "/rest/api/user/current", "").want(t, 403, "Current user not permitted to use Confluence")
	a.as(nobody).ask("GET", "/rest/api/user/current", "").want(t, 403, "caller cannot access Confluence")
	a.ask("GET", "/rest/api/user/current", "").want(t, 200, "").wantOf(t, map[string]string{"type": "known"})
	a.ChangeToken("another")
	a.read(id).want(t, 404, "Not Found")
	if len(a.page(id).Versions) != 1 {
		t.Error("somebody wrote")
	}
}

// A Data Center takes a wrong token for none, and shows what anybody may see.
func TestWrongTokenOnDataCenter(t *testing.T) {
	c := center(t)
	id := c.made("CHG-1", "<p>one</p>")
	c.as(wrong).ask("GET", "/rest/api/user/current", "").want(t, 200, "").wantOf(t, map[string]string{"type": "anonymous"})
	c.as(wrong).read(id).want(t, 200, "<p>one</p>")
	c.as(wrong).update(id, "CHG-1", "<p>two</p>", 2).want(t, 403, "not permitted")
	c.ask("GET", "/rest/api/user/current", "").want(t, 200, "").wantOf(t, map[string]string{"type": "known"})
	denied := c.as(wrongBasic).read(id).want(t, 401, "<html>")
	if denied.header.Get("X-Seraph-LoginReason") != "AUTHENTICATION_DENIED" {
		t.Errorf("the headers are %v", denied.header)
	}

	empty := start(t, confluence.Options{Flavor: confluence.DataCenter, Anonymous: confluence.IsEmpty})
	if got := empty.as(wrong).ask("GET", "/rest/api/user/current", ""); got.status != 200 || got.body != "" {
		t.Errorf("the answer is %d %q", got.status, got.body)
	}
	start(t, confluence.Options{Flavor: confluence.DataCenter, Anonymous: confluence.IsDenied}).as(wrong).ask("GET", "/rest/api/user/current", "").want(t, 401, "")
	start(t, confluence.Options{Flavor: confluence.DataCenter, User: "countersign"}).ask("GET", "/rest/api/user/current", "").want(t, 200, "known")
}

// A token with scopes is taken at the gateway alone, and only for those.
func TestScopes(t *testing.T) {
	a := start(t, confluence.Options{Scopes: []string{"read:page:confluence", "read:space:confluence"}})
	a.ask("GET", "/api/v2/spaces?keys=CHG", "").want(t, 401, "<html>")
	a.ask("GET", a.Gateway()+"/api/v2/spaces?keys=CHG", "").want(t, 200, "98306")
	a.ask("GET", a.Gateway()+"/rest/api/user/current", "").want(t, 401, "").wantOf(t, map[string]string{"code": "#401", "message": "Unauthorized; scope does not match"})
	a.as(wrong).ask("GET", a.Gateway()+"/api/v2/spaces?keys=CHG", "").want(t, 401, "").wantOf(t, map[string]string{"message": "Unauthorized"})
	got := a.ask("GET", a.Gateway()+"/api/v2/pages/"+a.Homepage(), "").want(t, 200, "")
	got.wantOf(t, map[string]string{"_links.base": a.URL()}) // what people see is never the gateway
	a.ChangeScopes(nil)
	a.ask("GET", "/api/v2/spaces?keys=CHG", "").want(t, 200, "98306")
}

// A page the account may not see is, to the second API, none.
func TestRights(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		a.Restrict(id, confluence.MayOnlyRead)
		a.read(id).want(t, 200, "<p>one</p>")
		a.update(id, "CHG-1", "<p>two</p>", 2).want(t, 403, "permi")
		a.Restrict(id, confluence.NoRight)
		status := map[bool]int{true: 404, false: 403}[a.isCloud()]
		a.read(id).want(t, status, "")
		a.update(id, "CHG-1", "<p>two</p>", 2).want(t, status, "")
		a.find("CHG-1").want(t, 200, `"results":[]`)
		a.Restrict(id, confluence.MayEdit)
		a.update(id, "CHG-1", "<p>two</p>", 2).want(t, 200, "")
	})
}

// What Confluence's parser refuses, and with which words.
func TestMalformedStorage(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		for body, says := range map[string]string{
			"<p>one\n</br></p>":                   "Error parsing xhtml: Unexpected close tag </br>; expected </p>.\n at [row,col {unknown-source}]: [2,6]",
			"<p>one<br></p>":                      "Unexpected close tag </p>; expected </br>.",
			"<p>one<p>two</p>":                    "Unexpected EOF; was expecting a close tag for element <p>",
			"one</p>":                             "Unexpected close tag </p>",
			"<p>R&D</p>":                          "Error parsing xhtml: ",
			"<p>a & b</p>":                        "Error parsing xhtml: ",
			"<p>a < b</p>":                        "Error parsing xhtml: ",
			"<p>a&nbsp;b</p>":                     "Error parsing xhtml: ",
			"<input checked />":                   "Error parsing xhtml: ",
			`<p id="a" id="b">x</p>`:              "Duplicate attribute 'id'.",
			"<p>]]></p>":                          "Error parsing xhtml: ",
			"<p>\x01</p>":                         "Error parsing xhtml: ",
			"<?php ?>":                            "Error parsing xhtml: ",
			"<!DOCTYPE html><p>x</p>":             "Error parsing xhtml: ",
			"<p><![CDATA[a]]>b]]></p>":            "Error parsing xhtml: ",
			"<ac:link><ri:page></ac:link>":        "Unexpected close tag </ac:link>; expected </ri:page>.",
			"<ac:structured-macro ac:name=\"x\">": "was expecting a close tag for element <ac:structured-macro>",
		} {
			a.create("CHG-1", body).want(t, 400, says)
		}
		unknown := `Undeclared namespace prefix "x"`
		if a.isCloud() {
			unknown = "Content body cannot be converted to new editor format"
		}
		a.create("CHG-1", "<x:p>one</x:p>").want(t, 400, unknown)
		a.create("CHG-1", `<p x:y="z">one</p>`).want(t, 400, unknown)
		a.create("CHG-1", "<p>one</p>text<p>a<br/>b</p><!-- and --><ac:nobody-knows /><p><![CDATA[a & b]]>&#160;&amp;</p>").want(t, 200, "")
	})
}

func TestTitleIsOneLine(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		for _, title := range []string{"", "  ", "CHG-1\nSwitch", strings.Repeat("ä", 256)} {
			a.create(title, "").want(t, 400, "title")
		}
		a.create(strings.Repeat("ä", 255), "").want(t, 200, "")
	})
}

// A Data Center says how much may be asked with every answer, and to wait for no
// time at all.
func TestOrdinaryAnswersSpeakOfLimits(t *testing.T) {
	if h := center(t).read("1").header; h.Get("Retry-After") != "0" || h.Get("X-RateLimit-FillRate") == "" {
		t.Errorf("the headers are %v", h)
	}
	if h := cloud(t).read("1").header; h.Get("Retry-After") != "" || h.Get("X-RateLimit-Remaining") == "" {
		t.Errorf("the headers are %v", h)
	}
}

// update asks for the same as planned faults are about.
func updateOf(a asker) string {
	if a.isCloud() {
		return "PUT /pages/*"
	}
	return "PUT /content/*"
}

// What goes wrong as planned: how it is told, and whether the write took place.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault   confluence.Fault
		status  int
		says    string
		written bool
	}{
		"throttled":         {confluence.Throttled("7"), 429, "Rate limit exceeded", false},
		"bad gateway":       {confluence.Bare(502), 502, "<html>", false},
		"unavailable":       {confluence.Bare(503), 503, "<html>", false},
		"gateway timeout":   {confluence.Bare(504), 504, "<html>", false},
		"bare 500":          {confluence.Bare(500), 500, "<html>", false},
		"optimistic lock":   {confluence.Locked(), 409, "OptimisticLockException", false},
		"login page":        {confluence.LoginPage(), 200, "<html>", false},
		"empty":             {confluence.Empty(), 200, "", false},
		"elsewhere":         {confluence.Redirected("https://login.example.com/"), 302, "", false},
		"any refusal":       {confluence.Refused(400, "Content body cannot be converted"), 400, "cannot be converted", false},
		"lost":              {confluence.Lost(), 0, "EOF", false},
		"lost reply":        {confluence.LostReply(), 0, "EOF", true},
		"a 502 that lies":   {confluence.Fault{Status: 502, HTML: "<html>", Commit: true}, 502, "<html>", true},
		"a 200 with a page": {confluence.Fault{Status: 200, HTML: "<html>", Commit: true}, 200, "<html>", true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, a asker) {
				id := a.made("CHG-1", "<p>one</p>")
				a.Next(1, updateOf(a), c.fault)
				a.read(id).want(t, 200, "<p>one</p>") // no fault is meant for it
				a.update(id, "CHG-1", "<p>two</p>", 2).want(t, c.status, c.says)
				if written := len(a.page(id).Versions) == 2; written != c.written {
					t.Errorf("written: %t", written)
				}
				a.update(id, "CHG-1", "<p>three</p>", len(a.page(id).Versions)+1).want(t, 200, "")
			})
		})
	}
}

func TestThrottledSaysHowLong(t *testing.T) {
	a := cloud(t)
	a.Next(1, "", confluence.Throttled("7"))
	if h := a.read("1").header; h.Get("Retry-After") != "7" || h.Get("RateLimit-Reason") == "" {
		t.Errorf("the headers are %v", h)
	}
}

// Plans are for those they name, as often as they say, one after the other.
func TestPlans(t *testing.T) {
	a := cloud(t)
	id := a.made("CHG-1", "<p>one</p>")
	a.Next(2, "GET /pages/*", confluence.Bare(503))
	a.Next(1, "GET", confluence.Bare(502))
	a.Next(1, "* /pages/"+id+"/labels", confluence.Bare(504))
	var got []int
	for _, path := range []string{"/pages/" + id, "/spaces", "/pages/" + id, "/pages/" + id, "/pages/" + id + "/labels", "/pages/" + id + "/labels"} {
		got = append(got, a.ask("GET", "/api/v2"+path, "").status)
	}
	wantSame(t, "answers", got, []int{503, 502, 503, 200, 504, 200})
	a.Next(9, "", confluence.Bare(500))
	a.Calm()
	a.read(id).want(t, 200, "")
}

// Every request is noted, by what it asks for.
func TestRequests(t *testing.T) {
	both(t, func(t *testing.T, a asker) {
		id := a.made("CHG-1", "<p>one</p>")
		a.Forget()
		a.Next(1, updateOf(a), confluence.LostReply())
		a.read(id)
		a.update(id, "CHG-1", "<p>two</p>", 2)
		a.read(id)
		a.ask("GET", "/rest/api/nothing", "")
		if got, want := fmt.Sprint(a.Count()), "map[read page:2 unknown:1 update page:1]"; got != want {
			t.Errorf("counted %s, want %s", got, want)
		}
		var told []string
		for _, r := range a.Requests() {
			told = append(told, fmt.Sprint(r.Kind, " ", r.Status, " ", r.Writes(), " ", r.Fault))
		}
		wantSame(t, "requests", told, []string{"read page 200 false false", "update page 0 true true", "read page 200 false false", "unknown 404 false false"})
		if len(a.Kinds()) < 15 {
			t.Errorf("kinds: %v", a.Kinds())
		}
	})
}
