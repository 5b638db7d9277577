package web

import (
	"errors"
	"mime"
	"net/http"
	"strconv"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// linkedFile gives a file of the change to whoever has the link of a ballot,
// which shows what has to be judged.
func (v *visit) linkedFile() error {
	return v.withSheet(v.linked, func(s desk.Sheet) error { return v.handOut(s.Change.ID) })
}

// file gives it to somebody who has signed in and may see all of the change.
func (v *visit) file() error {
	return v.withChange(func(d mailtmpl.Data, whole bool) error {
		if !whole {
			return v.noFile()
		}
		return v.handOut(d.Change.ID)
	})
}

// handOut gives a file that came with a mail about the change, to be kept and not
// to be shown: it may be anything.
func (v *visit) handOut(change policy.ChangeID) error {
	file, err := v.Store.Attachment(v.r.Context(), change, v.r.PathValue("sha256"))
	if errors.Is(err, storage.ErrNotFound) {
		return v.noFile()
	}
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(file.Name))
	h.Set("Content-Length", strconv.Itoa(len(file.Bytes)))
	_, err = v.w.Write(file.Bytes)
	return ignoreGone(err)
}

func (v *visit) noFile() error {
	return v.refuse(http.StatusNotFound, "There is no such file", "Go back to the change and choose one of those listed there.")
}

// attachment names a file for the browser to keep (RFC 6266).
func attachment(name string) string {
	if header := mime.FormatMediaType("attachment", map[string]string{"filename": mailtmpl.Clean(name)}); header != "" {
		return header
	}
	return "attachment"
}

// filesOf are those that came with the proposal and with answers that counted, to
// be looked at by who judges the change.
func (v *visit) filesOf(c policy.Change) (files []policy.File, err error) {
	mails, err := v.Store.CameIn(v.r.Context(), c.ID)
	for _, m := range mails {
		if d := desk.Disposition(m.Disposition); d == desk.Accepted || d == desk.Counted {
			files = append(files, m.Attachments...)
		}
	}
	return files, err
}
