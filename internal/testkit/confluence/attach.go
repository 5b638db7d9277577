package confluence

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// upload reads what is sent as a form, by the rules of Confluence.
func (c *call) upload() (Attachment, *refusal) {
	if token := c.Header.Get("X-Atlassian-Token"); token != "nocheck" && token != "no-check" {
		return Attachment{}, noXSRF.refuse()
	}
	kind, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return Attachment{}, &refusal{wording: wording{415, "", "", "Unsupported Media Type"}}
	}
	sent, seen, err := parts(multipart.NewReader(bytes.NewReader(c.body), params["boundary"]))
	switch {
	case err != nil:
		return Attachment{}, badValue.refuse("The form cannot be read: " + err.Error())
	case !seen["file"]:
		return Attachment{}, badValue.refuse("At least one file is required")
	case !seen["minorEdit"] && c.site.Flavor == Cloud:
		return Attachment{}, badValue.refuse("minorEdit is required")
	case sent.Name == "" || strings.ContainsAny(sent.Name, "/\\"):
		return Attachment{}, badValue.refuse("The file name is illegal")
	}
	return sent, nil
}

// parts reads the parts of a form: the file, and what is said of it.
func parts(form *multipart.Reader) (a Attachment, seen map[string]bool, err error) {
	for seen = map[string]bool{}; ; {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return a, seen, nil
		}
		if err != nil {
			return a, seen, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return a, seen, err
		}
		seen[part.FormName()] = true
		switch part.FormName() {
		case "file":
			_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
			if err != nil {
				return a, seen, err
			}
			a.Name, a.Type, a.Bytes = params["filename"], part.Header.Get("Content-Type"), content
		case "comment":
			a.Comment = text(content, part.Header.Get("Content-Type"))
		}
	}
}

// text is a part's text. Where no charset is named it is taken for Latin-1.
func text(content []byte, kind string) string {
	if _, params, err := mime.ParseMediaType(kind); err == nil && strings.EqualFold(params["charset"], "UTF-8") && utf8.Valid(content) {
		return string(content)
	}
	var runes []rune
	for _, b := range content {
		runes = append(runes, rune(b))
	}
	return string(runes)
}

// showAttachment is a file of the page.
func (s *Site) showAttachment(p *Page) func(Attachment) any {
	return func(a Attachment) any {
		return m{
			"id": a.ID, "type": "attachment", "status": Current, "title": a.Name, "version": m{"number": a.Version, "when": stamp(s.Now()), "message": a.Comment, "minorEdit": true},
			"metadata":   m{"mediaType": a.Type, "comment": a.Comment},
			"extensions": m{"mediaType": a.Type, "fileSize": len(a.Bytes), "comment": a.Comment},
			"_links":     m{"download": "/rest/api/content/" + p.ID + "/child/attachment/" + a.ID + "/download", "self": s.URL() + "/rest/api/content/" + a.ID},
		}
	}
}

func readAttachments(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	name := c.URL.Query().Get("filename")
	some := slices.DeleteFunc(slices.Clone(p.Attachments), func(a Attachment) bool { return name != "" && a.Name != name })
	return c.collection(each(some, c.site.showAttachment(p)))
}

// attach keeps a file: a new one, or a new version of the one with its name.
func attach(c *call) (any, *refusal) {
	p, sent, r := c.sent()
	if r != nil {
		return nil, r
	}
	if has := p.file(sent.Name); has != nil {
		return c.attached(p, c.again(has, sent)), nil
	}
	return c.attached(p, c.anew(p, sent)), nil
}

// attachNew keeps a new file.
func attachNew(c *call) (any, *refusal) {
	p, sent, r := c.sent()
	switch {
	case r != nil:
		return nil, r
	case p.file(sent.Name) != nil:
		return nil, sameFile.refuse(sent.Name)
	}
	return c.attached(p, c.anew(p, sent)), nil
}

// attachAgain keeps a new version of a file, and shows it bare.
func attachAgain(c *call) (any, *refusal) {
	p, sent, r := c.sent()
	if r != nil {
		return nil, r
	}
	for i := range p.Attachments {
		if has := &p.Attachments[i]; has.ID == c.PathValue("attachment") {
			return c.site.showAttachment(p)(c.again(has, sent)), nil
		}
	}
	return nil, absent.refuse(c.PathValue("attachment"))
}

func (c *call) sent() (*Page, Attachment, *refusal) {
	p, r := c.writable()
	if r != nil {
		return nil, Attachment{}, r
	}
	sent, r := c.upload()
	return p, sent, r
}

func (c *call) anew(p *Page, sent Attachment) Attachment {
	sent.ID, sent.Version = "att"+c.site.next(), 1
	p.Attachments = append(p.Attachments, sent)
	return sent
}

func (c *call) again(has *Attachment, sent Attachment) Attachment {
	sent.ID, sent.Version = has.ID, has.Version+1
	*has = sent
	return sent
}

func (c *call) attached(p *Page, a Attachment) any {
	return m{
		"results": []any{c.site.showAttachment(p)(a)}, "start": 0, "limit": 25, "size": 1,
		"_links": m{"base": c.site.URL(), "context": c.site.context(), "self": c.site.URL() + "/rest/api" + c.path},
	}
}

// media is where the files of Cloud lie: on another host, which has tokens of its
// own and refuses who shows it any other.
const media = "/media/"

// sendToMedia says where a file lies.
func sendToMedia(c *call) (any, *refusal) {
	p, r := c.page()
	if r != nil {
		return nil, r
	}
	id := c.PathValue("attachment")
	if !slices.ContainsFunc(p.Attachments, func(a Attachment) bool { return a.ID == id }) {
		return nil, absent.refuse(id)
	}
	_, port, _ := net.SplitHostPort(c.site.address)
	return redirect("http://" + net.JoinHostPort("localhost", port) + media + p.ID + "/" + id), nil
}

func (s *Site) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, media), "/")
	p := s.pages[page]
	if p == nil || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, a := range p.Attachments {
		if a.ID == id {
			w.Header().Set("Content-Type", a.Type)
			w.Write(a.Bytes) //nolint:errcheck // whoever asked has gone, then
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}
