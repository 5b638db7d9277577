package storage_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

func beat(t *testing.T, s *storage.Store, i storage.Instance) storage.InForce {
	t.Helper()
	now, err := s.Beat(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// silence makes an instance one that was last heard of so long ago.
func silence(t *testing.T, owner *sql.DB, id string, ago time.Duration) {
	t.Helper()
	exec(t, owner, `update instances set seen = clock_timestamp() - make_interval(secs => $2) where id = $1`, id, ago.Seconds())
}

// An instance is listed as long as it is heard of, or until it leaves; one long
// gone is forgotten.
func TestInstances(t *testing.T) {
	s, owner := openBoth(t)
	a := storage.Instance{ID: "a", Host: "mail1", Version: "v1", Directory: "one"}
	b := storage.Instance{ID: "b", Host: "mail2", Version: "v2", Directory: "two"}
	listed := func() (ids []string) {
		t.Helper()
		list, err := s.Instances(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			ids = append(ids, i.ID+" "+i.Host+" "+i.Version+" "+i.Directory)
			if i.Seen.Before(i.Since) || time.Since(i.Seen).Abs() > time.Hour {
				t.Errorf("%s was seen at %v, since %v", i.ID, i.Seen, i.Since)
			}
		}
		return ids
	}
	check := func(when string, want ...string) {
		t.Helper()
		if got := listed(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	check("at first")
	beat(t, s, a)
	beat(t, s, b)
	check("both run", "a mail1 v1 one", "b mail2 v2 two")
	silence(t, owner, "a", time.Minute)
	check("one is silent", "b mail2 v2 two")
	a.Directory = "two"
	beat(t, s, a)
	check("it is heard again", "a mail1 v1 two", "b mail2 v2 two")
	silence(t, owner, "a", 2*time.Hour)
	beat(t, s, b)
	if n := count(t, owner, `select count(*) from instances`); n != 1 {
		t.Errorf("%d are kept when one is long gone", n)
	}
	if err := s.Leave(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	check("it left")
}

// An instance hears which directory is in force, and who brought it.
func TestBeatTellsTheDirectory(t *testing.T) {
	s := open(t)
	a := storage.Instance{ID: "a"}
	if now := beat(t, s, a); now.Hash != "" {
		t.Errorf("before the first: %+v", now)
	}
	in(t, s, func(tx *storage.Tx) error { load(t, tx, "one"); return nil })
	if now := beat(t, s, a); now != (storage.InForce{Hash: sha("one"), Host: "mail1", At: noon}) {
		t.Errorf("in force is %+v", now)
	}
}

// A program too old for the schema is told so, at the latest with its next beat;
// a newer schema that it still knows is none of its affair.
func TestBeatUnderANewerSchema(t *testing.T) {
	s, owner := openBoth(t)
	exec(t, owner, `update schema_info set version = version + 1`)
	beat(t, s, storage.Instance{ID: "a"})
	exec(t, owner, `update schema_info set oldest = version`)
	_, err := s.Beat(t.Context(), storage.Instance{ID: "a"})
	if !errors.Is(err, storage.ErrSchemaTooNew) {
		t.Errorf("%v, want ErrSchemaTooNew", err)
	}
	wantError(t, err, "install a newer countersign")
}

// What a newer schema has taken away is why an older program fails, not what it
// was about to write; with a schema it knows, the fault is its own.
func TestLeftBehind(t *testing.T) {
	s, owner := openBoth(t)
	exec(t, owner, `alter table instances rename column host to machine; alter table events rename column kind to sort`)
	both := func() []error {
		_, beating := s.Beat(t.Context(), storage.Instance{ID: "a"})
		writing := s.Tx(t.Context(), func(tx *storage.Tx) error {
			tx.Append(storage.SubjectOperator, "x", storage.Entry{Kind: "test", At: noon})
			return nil
		})
		return []error{beating, writing}
	}
	for _, err := range both() {
		if err == nil || errors.Is(err, storage.ErrSchemaTooNew) || storage.Blameless(err) {
			t.Errorf("under a schema it knows: %v", err)
		}
	}
	exec(t, owner, `update schema_info set version = version + 1, oldest = version + 1`)
	for _, err := range both() {
		if !errors.Is(err, storage.ErrSchemaTooNew) || !storage.Blameless(err) {
			t.Errorf("under a newer schema: %v", err)
		}
	}
}
