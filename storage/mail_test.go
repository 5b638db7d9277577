package storage_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/countersign/countersign/storage"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// mail is a counted mail with the text, at the place uid in the inbox.
func mail(uid uint32, text string) storage.Mail {
	return storage.Mail{
		Key: storage.MailKey{Folder: "INBOX", UIDValidity: 7, UID: uid}, SHA256: sha(text),
		MessageID: "a@example.com", Sender: "cto@example.com", Person: "cto", Change: "c1", Ballot: "b1",
		Disposition: "counted", Received: noon, Decided: noon, Size: int64(len(text)), Raw: []byte(text),
	}
}

func save(t *testing.T, s *storage.Store, mails ...storage.Mail) {
	t.Helper()
	in(t, s, func(tx *storage.Tx) error {
		for _, m := range mails {
			tx.SaveMail(m)
		}
		return nil
	})
}

// Attempts are counted until the mail is decided, whatever became of the
// transactions in between.
func TestCountAttempt(t *testing.T) {
	s := open(t)
	key := mail(1, "").Key
	for before := range 3 {
		a, err := s.CountAttempt(t.Context(), key)
		if a.Before != before || a.Disposition != "" || err != nil {
			t.Fatalf("after %d attempts: %+v, %v", before, a, err)
		}
		if err := s.Tx(t.Context(), func(*storage.Tx) error { return errGivenUp }); !errors.Is(err, errGivenUp) {
			t.Fatal(err)
		}
	}
	save(t, s, mail(1, "hello"))
	for range 2 {
		a, err := s.CountAttempt(t.Context(), key)
		if a.Before != 3 || a.Disposition != "counted" || err != nil {
			t.Errorf("once decided: %+v, %v", a, err)
		}
	}
	other := key
	other.UIDValidity++
	if a, err := s.CountAttempt(t.Context(), other); a.Before != 0 || err != nil {
		t.Errorf("the same UID under another UIDVALIDITY: %+v, %v", a, err)
	}
}

// Of mails read together only those are counted that are new: one that was in
// hand before is tried by itself, and one that was decided not at all.
func TestCountAttempts(t *testing.T) {
	s := open(t)
	fresh, tried, decided := mail(3, "").Key, mail(2, "").Key, mail(1, "hello")
	save(t, s, decided)
	if _, err := s.CountAttempt(t.Context(), tried); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]storage.Attempt{
		{{Before: 0}, {Before: 1}, {Disposition: "counted"}},
		{{Before: 1}, {Before: 1}, {Disposition: "counted"}},
	} {
		got, err := s.CountAttempts(t.Context(), []storage.MailKey{fresh, tried, decided.Key})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if err := s.ForgetAttempts(t.Context(), fresh, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CountAttempts(t.Context(), []storage.MailKey{fresh}); err != nil || got[0].Before != 0 {
		t.Errorf("an attempt taken back: %+v, %v", got, err)
	}
	if got, err := s.CountAttempts(t.Context(), []storage.MailKey{fresh}); err != nil || got[0].Before != 1 {
		t.Errorf("and counted again: %+v, %v", got, err)
	}
}

// A mail is decided once. That holds even if two instances decide it at the
// same time.
func TestMailIsDecidedOnce(t *testing.T) {
	s := open(t)
	var together sync.WaitGroup
	together.Add(2)
	outcomes := make(chan error)
	for range 2 {
		go func() {
			outcomes <- s.Tx(t.Context(), func(tx *storage.Tx) error {
				tx.SaveMail(mail(1, "hello"))
				together.Done()
				together.Wait()
				return nil
			})
		}()
	}
	one, other := <-outcomes, <-outcomes
	if one != nil {
		one, other = other, one
	}
	if one != nil || !errors.Is(other, storage.ErrDuplicate) {
		t.Errorf("got %v and %v, want nothing and ErrDuplicate", one, other)
	}
}

// Only a mail that acted makes a later copy of it a duplicate.
func TestTwin(t *testing.T) {
	s := open(t)
	uid := uint32(0)
	for disposition, acted := range map[string]bool{
		"accepted": true, "counted": true, "answered": true, "noted": true,
		"held": false, "automatic": false, "own": false, "unverified": false,
		"unknown-sender": false, "duplicate": false, "oversize": false, "unreadable": false,
	} {
		uid++
		first := mail(uid, "this was "+disposition)
		first.Disposition, first.ContentKey = disposition, "00020520 key of "+disposition
		save(t, s, first)
		for name, look := range map[string]struct {
			sha256, contentKey string
			same               bool
		}{
			"the same bytes":                {first.SHA256, "00020520 other key", true},
			"the same content, other bytes": {sha("other"), first.ContentKey, true},
			"another mail":                  {sha("other"), "00020520 other key", false},
		} {
			in(t, s, func(tx *storage.Tx) error {
				got, found, err := tx.Twin(t.Context(), look.sha256, look.contentKey)
				if found != (acted && look.same) || found && got != disposition {
					t.Errorf("%s of a mail that was %s: found %v, %q", name, disposition, found, got)
				}
				return err
			})
		}
	}
}

// Two mails without a content key have nothing in common.
func TestNoContentKeyIsNoTwin(t *testing.T) {
	s := open(t)
	save(t, s, mail(1, "hello"))
	in(t, s, func(tx *storage.Tx) error {
		_, found, err := tx.Twin(t.Context(), sha("other"), "")
		if found {
			t.Error("found a twin by an empty content key")
		}
		return err
	})
}

// Whatever a mail says can be archived, and its bytes come through unharmed.
func TestHostileMail(t *testing.T) {
	s, owner := openBoth(t)
	bytes := "From: \xff\x00\r\n\r\n\xed\xa0\x80"
	m := mail(1, bytes)
	m.MessageID, m.Sender, m.Reason = "\x00\xff", "a\x00b\xff@example.com", "it says \"\x00\""
	m.Attachments = []storage.Attachment{
		{Name: "x\x00\xff.pdf", Type: "application/\xfe", SHA256: sha("\x00\x01"), Bytes: []byte("\x00\x01")},
		{Name: "empty", SHA256: sha("")},
	}
	save(t, s, m)
	var raw []byte
	var sender, name string
	err := owner.QueryRow(`
		select m.raw, m.sender, a.name from messages as m join attachments as a on a.message = m.id and a.n = 1`).Scan(&raw, &sender, &name)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != bytes || sender != "ab\uFFFD@example.com" || name != "x\uFFFD.pdf" {
		t.Errorf("archived were %q, %q, %q", raw, sender, name)
	}
}

// The archive holds what the record names by its hash.
func TestArchiveRefusesOtherBytes(t *testing.T) {
	s := open(t)
	wrong := mail(1, "hello")
	wrong.Raw = []byte("hallo")
	attached := mail(2, "hello")
	attached.Attachments = []storage.Attachment{{Name: "x", SHA256: sha("a"), Bytes: []byte("b")}}
	unknown := mail(3, "hello")
	unknown.Disposition = "lost"
	for says, m := range map[string]storage.Mail{
		"raw_is_what_was_hashed": wrong, "bytes_are_what_was_hashed": attached, "disposition_known": unknown,
	} {
		err := s.Tx(t.Context(), func(tx *storage.Tx) error { tx.SaveMail(m); return nil })
		wantError(t, err, says)
	}
}
