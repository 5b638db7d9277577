package storage_test

import (
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

// A mail whose bytes are not kept has its row all the same; one that is empty has
// bytes, which are none.
func TestBytesNotKept(t *testing.T) {
	s, owner := openBoth(t)
	left, empty := mail(1, "hello"), mail(2, "")
	left.NotKept = true
	left.Attachments = []storage.Attachment{{Name: "x", SHA256: sha("x"), Bytes: []byte("x")}}
	empty.Raw = nil
	save(t, s, left, empty)
	for query, want := range map[string]int{
		`select count(*) from messages where uid = 1 and raw is null and size = 5 and sha256 = '` + sha("hello") + `'`: 1,
		`select count(*) from messages where uid = 2 and raw = ''`:                                                     1,
		`select count(*) from attachments`:                                                                             0,
	} {
		if n := count(t, owner, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// What a transaction adds to the share of a day it sees, and after it everybody.
func TestShare(t *testing.T) {
	s := open(t)
	monday, tuesday := noon, noon.Add(24*time.Hour)
	want := func(tx *storage.Tx, day time.Time, want storage.Share) {
		t.Helper()
		if got, err := tx.Share(t.Context(), day); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	in(t, s, func(tx *storage.Tx) error {
		want(tx, monday, storage.Share{})
		tx.AddShare(monday, storage.Share{Bytes: 10})
		tx.AddShare(monday, storage.Share{LeftOut: 1})
		want(tx, monday, storage.Share{Bytes: 10, LeftOut: 1})
		want(tx, tuesday, storage.Share{})
		return nil
	})
	in(t, s, func(tx *storage.Tx) error {
		tx.AddShare(monday, storage.Share{Bytes: 5, LeftOut: 1})
		want(tx, monday, storage.Share{Bytes: 15, LeftOut: 2})
		return nil
	})
	in(t, s, func(tx *storage.Tx) error {
		want(tx, monday, storage.Share{Bytes: 15, LeftOut: 2})
		return nil
	})
}

// The same bytes are known again where they acted, in the archive or in the same
// transaction.
func TestSameBytes(t *testing.T) {
	s := open(t)
	first, second := mail(1, "hello"), mail(2, "hello too")
	stranger := mail(3, "hello you")
	stranger.Disposition = "unknown-sender"
	save(t, s, first, stranger)
	in(t, s, func(tx *storage.Tx) error {
		tx.SaveMail(second)
		for text, want := range map[string]bool{"hello": true, "hello too": true, "hello you": false, "goodbye": false} {
			if _, _, err := tx.Twin(t.Context(), sha(text), ""); err != nil {
				return err
			}
			if got := tx.SameBytes(sha(text)); got != want {
				t.Errorf("%q: %v", text, got)
			}
		}
		return nil
	})
}
