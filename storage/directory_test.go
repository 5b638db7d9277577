package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

// load brings a directory into force as the desk does, with the event that tells
// of it.
func load(t *testing.T, tx *storage.Tx, body string) {
	t.Helper()
	d := storage.Directory{Hash: sha(body), Body: []byte(body), Host: "mail1", At: noon}
	if err := tx.SaveDirectory(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	tx.Append(storage.SubjectDirectory, d.Hash, storage.Entry{Kind: "directory.loaded", Payload: d.Body, At: noon})
}

// One directory after the other comes into force, an earlier one again among
// them; all are kept.
func TestDirectory(t *testing.T) {
	s, owner := openBoth(t)
	in(t, s, func(tx *storage.Tx) error {
		if _, err := tx.Directory(t.Context()); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("before the first: %v, want ErrNotFound", err)
		}
		return nil
	})
	for i, body := range []string{"one", "two", "one"} {
		in(t, s, func(tx *storage.Tx) error { load(t, tx, body); return nil })
		in(t, s, func(tx *storage.Tx) error {
			got, err := tx.Directory(t.Context())
			if string(got.Body) != body || got.Hash != sha(body) || got.Number != i+1 || got.Host != "mail1" || !got.At.Equal(noon) {
				t.Errorf("in force is %+v; want %q, the %d.", got, body, i+1)
			}
			return err
		})
		if n := count(t, owner, `select count(*) from chain_head where directory = $1`, sha(body)); n != 1 {
			t.Errorf("the head of the chain does not name %q", body)
		}
	}
	if n := count(t, owner, `select count(*) from directory`); n != 3 {
		t.Errorf("%d directories are kept, want 3", n)
	}
}

// While somebody brings a directory into force, nobody else does, and nothing is
// decided under the one before.
func TestDirectoryIsHeld(t *testing.T) {
	s := open(t)
	in(t, s, func(tx *storage.Tx) error { load(t, tx, "one"); return nil })
	holding, decided := make(chan bool), make(chan error, 1)
	go func() {
		<-holding
		decided <- s.Tx(t.Context(), func(tx *storage.Tx) error {
			tx.Under(sha("one"))
			tx.Append(storage.SubjectOperator, "x", storage.Entry{Kind: "test", At: noon})
			return nil
		})
	}()
	in(t, s, func(tx *storage.Tx) error {
		if _, err := tx.Directory(t.Context()); err != nil {
			return err
		}
		close(holding)
		select {
		case err := <-decided:
			t.Errorf("a decision did not wait: %v", err)
			decided <- err
		case <-time.After(100 * time.Millisecond):
		}
		load(t, tx, "two")
		return nil
	})
	if err := <-decided; !errors.Is(err, storage.ErrDirectoryChanged) {
		t.Errorf("then it ended with %v, want ErrDirectoryChanged", err)
	}
}

// A directory has had its time if another came after it that somebody runs.
func TestOutdated(t *testing.T) {
	s, owner := openBoth(t)
	for _, body := range []string{"one", "two"} {
		in(t, s, func(tx *storage.Tx) error { load(t, tx, body); return nil })
	}
	wanted := func(when string, want map[string]bool) {
		t.Helper()
		for body, outdated := range want {
			in(t, s, func(tx *storage.Tx) error {
				got, err := tx.Outdated(t.Context(), sha(body))
				if got != outdated {
					t.Errorf("%s: %q is outdated: %v", when, body, got)
				}
				return err
			})
		}
	}
	wanted("with nobody there", map[string]bool{"one": false, "two": false, "three": false})
	beat(t, s, storage.Instance{ID: "a", Directory: sha("one")})
	wanted("with one that runs the first", map[string]bool{"one": false, "two": false, "three": false})
	beat(t, s, storage.Instance{ID: "b", Directory: sha("two")})
	wanted("with one that runs the second", map[string]bool{"one": true, "two": false, "three": false})
	silence(t, owner, "b", time.Minute)
	wanted("when that one is silent", map[string]bool{"one": false, "two": false, "three": false})
}
