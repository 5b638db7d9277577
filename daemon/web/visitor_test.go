package web_test

import (
	"bytes"
	"html"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A visitor is a browser without a screen: it keeps cookies, follows redirects
// and sends the forms it was shown.
type visitor struct {
	t      *testing.T
	client *http.Client
	at     *url.URL
	status int
	header http.Header
	page   string
}

func (h *house) visitor() *visitor {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &visitor{t: h.t, client: &http.Client{Jar: jar}}
}

func (v *visitor) do(r *http.Request) *visitor {
	v.t.Helper()
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.at, v.status, v.header, v.page = response.Request.URL, response.StatusCode, response.Header, string(body)
	return v
}

// open opens a page.
func (v *visitor) open(address string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.resolve(address), nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

func (v *visitor) resolve(address string) string {
	if v.at == nil {
		return address
	}
	to, err := v.at.Parse(address)
	if err != nil {
		v.t.Fatal(err)
	}
	return to.String()
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// send fills in the form on the page that has the hidden value in it ("" for the
// first one in the main part), and sends it.
func (v *visitor) send(with string, fields map[string]string) *visitor {
	v.t.Helper()
	return v.sendFiles(with, fields, nil)
}

func (v *visitor) sendFiles(with string, fields, files map[string]string) *visitor {
	v.t.Helper()
	to, all := v.form(with)
	maps.Copy(all, fields)
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if files == nil {
		values := url.Values{}
		for name, value := range all {
			values.Set(name, value)
		}
		body.WriteString(values.Encode())
	} else {
		kind = v.multipart(&body, all, files)
	}
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.resolve(to), &body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

func (v *visitor) multipart(body *bytes.Buffer, fields, files map[string]string) string {
	w := multipart.NewWriter(body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			v.t.Fatal(err)
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile("files", name)
		if err != nil {
			v.t.Fatal(err)
		}
		io.WriteString(part, content) //nolint:errcheck // into memory
	}
	w.Close()
	return w.FormDataContentType()
}

// form is where a form on the page leads, and what is hidden in it.
func (v *visitor) form(with string) (to string, fields map[string]string) {
	v.t.Helper()
	_, main, _ := strings.Cut(v.page, "<main")
	for _, f := range forms.FindAllStringSubmatch(main, -1) {
		fields = map[string]string{}
		for _, h := range hidden.FindAllStringSubmatch(f[2], -1) {
			fields[h[1]] = html.UnescapeString(h[2])
		}
		if answer, is := fields["answer"]; with == "" || is && answer == with {
			return html.UnescapeString(f[1]), fields
		}
	}
	v.t.Fatalf("no form %q is on the page (%d):\n%s", with, v.status, v.text())
	return "", nil
}

var tags = regexp.MustCompile(`(?s)<[^>]*>`)

// text is what can be read on the page.
func (v *visitor) text() string {
	_, main, _ := strings.Cut(v.page, "<main")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(main, " "))), " ")
}

// says fails unless all of it can be read on the page.
func (v *visitor) says(all ...string) *visitor {
	v.t.Helper()
	for _, words := range all {
		if !strings.Contains(v.text(), words) {
			v.t.Errorf("the page at %s does not say %q:\n%s", v.at.Path, words, v.text())
		}
	}
	return v
}

// is fails unless the answer had the status.
func (v *visitor) is(status int) *visitor {
	v.t.Helper()
	if v.status != status {
		v.t.Fatalf("%s: %d, not %d:\n%s", v.at.Path, v.status, status, v.text())
	}
	return v
}
