package storage_test

import (
	"errors"
	"testing"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A test report comes with a mail about the first change; it is that change's and
// nobody else's.
func TestAttachmentsBelongToTheirChange(t *testing.T) {
	s := open(t)
	first := begin(t, s, 1, policy.StateImplemented).change.ID
	second := begin(t, s, 2, policy.StateImplemented).change.ID
	report := storage.Attachment{Name: "suite.txt", Type: "text/plain", SHA256: sha("412 of 412"), Bytes: []byte("412 of 412")}
	in(t, s, func(tx *storage.Tx) error {
		raw := []byte("PASS")
		m := storage.Mail{
			Key: storage.MailKey{Folder: "INBOX", UIDValidity: 1, UID: 7}, SHA256: sha(string(raw)), Raw: raw, Size: 4, Person: "qa", Change: first,
			Disposition: "counted", Received: noon, Decided: noon, Attachments: []storage.Attachment{report},
		}
		tx.SaveMail(m)
		elsewhere := storage.Attachment{Name: "other.txt", SHA256: sha("other"), Bytes: []byte("other")}
		forged := storage.Attachment{Name: "forged.txt", SHA256: sha("forged"), Bytes: []byte("forged")}
		raw = []byte("FAIL")
		tx.SaveMail(storage.Mail{
			Key: storage.MailKey{Folder: "INBOX", UIDValidity: 1, UID: 9}, SHA256: sha(string(raw)), Raw: raw, Size: 4, Person: "qa", Change: first,
			Disposition: "unverified", Received: noon, Decided: noon, Attachments: []storage.Attachment{forged},
		})
		raw = []byte("hello")
		tx.SaveMail(storage.Mail{
			Key: storage.MailKey{Folder: "INBOX", UIDValidity: 1, UID: 8}, SHA256: sha(string(raw)), Raw: raw, Size: 5,
			Disposition: "unknown-sender", Received: noon, Decided: noon, Attachments: []storage.Attachment{elsewhere},
		})
		return nil
	})
	mails, err := s.CameIn(t.Context(), first)
	if err != nil || len(mails) != 2 || len(mails[1].Attachments) != 0 || mails[0].Person != "qa" || mails[0].Disposition != "counted" || mails[0].SHA256 != sha("PASS") || !mails[0].Received.Equal(noon) {
		t.Fatalf("%+v, %v", mails, err)
	}
	if files := mails[0].Attachments; len(files) != 1 || files[0] != (policy.File{Name: "suite.txt", Type: "text/plain", Size: 10, SHA256: report.SHA256}) {
		t.Errorf("%+v", files)
	}
	if got, err := s.Attachment(t.Context(), first, report.SHA256); err != nil || string(got.Bytes) != "412 of 412" || got.Name != "suite.txt" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, none := range []struct {
		change policy.ChangeID
		file   string
	}{{second, "412 of 412"}, {first, "other"}, {"", "other"}, {first, "forged"}} {
		if _, err := s.Attachment(t.Context(), none.change, sha(none.file)); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s of %q: %v", none.file, none.change, err)
		}
	}
	if mails, err := s.CameIn(t.Context(), ""); err != nil || len(mails) != 0 {
		t.Errorf("mails about no change: %+v, %v", mails, err)
	}
}
