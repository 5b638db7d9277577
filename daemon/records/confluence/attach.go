package confluence

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/textproto"
)

// upload sends a file as a form.
func (s *Site) upload(ctx context.Context, method, page, path string, f File) error {
	doing := fmt.Sprintf("attaching %q to page %s", f.Name, page)
	body, kind, err := form(f)
	if err != nil {
		return &Error{Doing: doing, Kind: Refused, cause: err}
	}
	return s.send(ctx, &request{doing: doing, method: method, root: v1, path: path, names: page, form: body, kind: kind}, &m{})
}

// form writes a file and what is said of it. The text parts name their charset,
// which multipart.Writer's WriteField does not: Confluence would take them for
// Latin-1.
func form(f File) (body []byte, kind string, err error) {
	if f.Type == "" {
		f.Type = "application/octet-stream"
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range []struct {
		disposition, kind string
		content           []byte
	}{
		{multipart.FileContentDisposition("file", f.Name), f.Type, f.Bytes},
		{`form-data; name="minorEdit"`, "text/plain; charset=UTF-8", []byte("true")},
		{`form-data; name="comment"`, "text/plain; charset=UTF-8", []byte(f.Comment)},
	} {
		out, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {part.disposition}, "Content-Type": {part.kind}})
		if err != nil {
			return nil, "", err
		}
		if _, err := out.Write(part.content); err != nil {
			return nil, "", err
		}
	}
	err = w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}
