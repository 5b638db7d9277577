package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/policy"
)

const (
	mostFiles = 10      // one answer can have
	inMemory  = 1 << 20 // bytes of an answer; the rest of it waits in a file
)

// readEntry reads what was entered on the page of the ballot: the fields of the
// answer that was sent, and its files.
func (v *visit) readEntry(s desk.Sheet) (desk.Entry, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, v.Limit)
	if err := v.r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return desk.Entry{}, err
	}
	e := desk.Entry{
		Keyword: policy.Keyword(v.r.PostFormValue("answer")), Fields: policy.Form{}, Agent: v.r.UserAgent(),
	}
	for _, f := range v.fieldsSent(s, e.Keyword) {
		if text := v.text(f); text != "" {
			e.Fields[f.Label] = text
		}
	}
	var err error
	e.Files, err = v.files()
	return e, err
}

// fieldsSent are those of the answer, or all there are where the ballot no longer
// takes it: what was typed is shown once more then.
func (v *visit) fieldsSent(s desk.Sheet, answer policy.Keyword) (fields []field) {
	for _, c := range s.Letter.Choices {
		if c.Keyword == answer {
			fields, _ = fieldsOf{sheet: s, directory: v.Desk.Directory(), choice: c}.all()
			return fields
		}
	}
	for _, l := range slices.Concat(policy.ProposalLabels, policy.AnswerLabels) {
		fields = append(fields, field{Label: l, Kind: kinds[l]})
	}
	return fields
}

// text is what was entered in the field, as somebody would write it by mail.
func (v *visit) text(f field) string {
	given := v.r.PostForm[string(f.Label)]
	switch f.Kind {
	case kindSeveral:
		return strings.Join(given, ", ")
	case kindLevel:
		level, why := v.r.PostFormValue(string(f.Label)), tidy(v.r.PostFormValue(string(f.Label)+" why"))
		if level == "" || why == "" {
			return level + why
		}
		return level + ", " + why
	default:
		return tidy(v.r.PostFormValue(string(f.Label)))
	}
}

// tidy is a text with lines as we write them.
func tidy(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}

// files are those that came with an answer.
func (v *visit) files() ([]desk.PageFile, error) {
	if v.r.MultipartForm == nil {
		return nil, nil
	}
	headers := v.r.MultipartForm.File["files"]
	if len(headers) > mostFiles {
		return nil, fmt.Errorf("%d files", len(headers))
	}
	var files []desk.PageFile
	for _, h := range headers {
		if h.Size == 0 {
			continue // no file was chosen
		}
		f, err := h.Open()
		if err != nil {
			return nil, err
		}
		bytes, err := io.ReadAll(f)
		f.Close() //nolint:errcheck // it was read
		if err != nil {
			return nil, err
		}
		files = append(files, desk.PageFile{Name: tidy(filepath.Base(h.Filename)), Type: h.Header.Get("Content-Type"), Bytes: bytes})
	}
	return files, nil
}
