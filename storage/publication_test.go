package storage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

// Changes with news are found by looking through the record, each once, however
// much happened to it; what happens while a page is being written leaves it owed.
func TestPublicationsAreFound(t *testing.T) {
	s := open(t)
	st := &story{t: t, store: s, now: noon}
	steps := life("c1", "CHG-2026-0001", noon)
	st.happens(steps[0].events...)
	st.happens(steps[1].events...)
	scan := func() {
		t.Helper()
		for more := true; more; {
			var err error
			if more, err = s.ScanForPublication(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
		}
	}
	due := func() []storage.Publication {
		t.Helper()
		list, err := s.DuePublications(t.Context(), noon, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	scan()
	list := due()
	if len(list) != 1 || list[0].Change != "c1" || list[0].State != storage.PublicationOwed {
		t.Fatalf("due is %+v", list)
	}
	p := list[0]
	st.happens(steps[2].events...)
	scan()
	p.Told, p.State, p.Due, p.Page, p.Confirmed = p.Wanted, storage.PublicationConfirmed, nil, "65601", new(noon)
	p.Labels, p.Files = []string{"change-record", "a, b"}, []string{"ab"}
	save := func() {
		t.Helper()
		if err := s.SavePublication(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	save()
	all, err := s.DuePublications(t.Context(), time.Now().Add(time.Minute), 10) // by the clock of the database
	if err != nil || len(all) != 1 || all[0].State != storage.PublicationOwed || all[0].Told != p.Told || !slices.Equal(all[0].Labels, p.Labels) || !slices.Equal(all[0].Files, p.Files) {
		t.Errorf("what happened meanwhile is lost: %+v, %v", all, err)
	}
	p.Told = all[0].Wanted
	save()
	if lacks, err := s.UnpublishedOf(t.Context(), "c1"); err != nil || lacks["c1"] {
		t.Errorf("published, it lacks %v, %v", lacks, err)
	}
	st.happens(steps[3].events...)
	if lacks, err := s.UnpublishedOf(t.Context(), "c1"); err != nil || !lacks["c1"] {
		t.Errorf("before it is found, nothing is missed: %v, %v", lacks, err)
	}
	if list = due(); len(list) != 0 {
		t.Errorf("due is %+v", list)
	}
	wantError(t, s.Republish(t.Context(), "c9", noon), storage.ErrNotFound.Error())
}
