package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSummarizeAMonth holds the counts and times of a month against what was
// recorded, on both sides of its end.
func TestSummarizeAMonth(t *testing.T) {
	cal := Calendar{}
	m, err := ParseMonth("2026-10")
	if err != nil {
		t.Fatal(err)
	}
	from, to := cal.Span(m)
	at := func(hours int) time.Time { return from.Add(time.Duration(hours) * time.Hour) }
	h := History{ID: "a", Events: []Dated{
		{&Opened{ID: "a", Draft: "D-2026-0001", At: at(1)}, at(1)},
		{&Revised{Number: "CHG-2026-0001", Revision: 1, At: at(2)}, at(2)},
		{&Moved{To: StateAuthorized, At: at(12)}, at(12)},
		{&Moved{To: StateCanceled, At: to}, to},
	}}
	d := Summarize(Material{Month: m, AsOf: to, Histories: []History{h}}, cal)
	if d.Figures.Proposed != 1 || d.Figures.Authorized != 1 || len(d.Figures.Ended) != 0 || d.Figures.Open != 1 {
		t.Errorf("October: %+v", d.Figures)
	}
	if d.Figures.ToDecide != (Median{1, 10 * time.Hour}) {
		t.Errorf("to decide: %+v", d.Figures.ToDecide)
	}
	_, end := cal.Span(m.Add(1))
	next := Summarize(Material{Month: m.Add(1), AsOf: end, Histories: []History{h}}, cal)
	if next.Figures.Proposed != 0 || next.Figures.Ended[StateCanceled] != 1 || next.Figures.Open != 0 {
		t.Errorf("November: %+v", next.Figures)
	}
	if empty := Summarize(Material{Month: m, AsOf: to}, cal); !empty.Empty() {
		t.Errorf("a month without anything: %+v", empty)
	}
}

// on sets the clock of the world: on(14, 10) is 14 March, 10:00.
func (w *world) on(day, hour int) *world {
	w.now = time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC)
	return w
}

// digestOf is the digest of a month in which nothing else happened.
func (w *world) digestOf(m Month) Digest {
	cal := w.dir.Calendar
	_, end := cal.Span(m)
	return Summarize(Material{Month: m, AsOf: end, Begun: monday, Histories: []History{{ID: w.change.ID, Events: w.dated}}}, cal)
}

var march = Month{2026, time.March}

// eventful is a change that failed its test twice, was released, and whose
// documents nobody brought up to date.
func eventful(t *testing.T) *world {
	w := newWorld(t, company())
	w.on(2, 9).must(w.propose("lead", Form{LabelMajor: "yes, everything is built with it"}))
	w.on(3, 9).mustSay("cto", KeywordApprove, nil)
	w.on(4, 9).mustSay("ada", KeywordTake, nil)
	for day := range 2 {
		w.on(5+day, 9).mustSay("ada", KeywordImplemented, nil)
		w.on(5+day, 11).mustSay("quinn", KeywordFail, nil)
	}
	w.wantState(StateHeldUp).on(6, 15).mustSay("cto", KeywordContinue, nil)
	w.on(7, 9).mustSay("ada", KeywordImplemented, nil)
	w.on(9, 9).mustSay("quinn", KeywordPass, nil)
	w.on(10, 9).mustSay("ada", KeywordReleased, nil).wantState(StateReleased)
	w.on(11, 9).mustSay("cto", KeywordConfirm, nil).wantState(StateChecked)
	return w
}

func TestADigestSaysWhatIsOutOfTheOrdinary(t *testing.T) {
	w := eventful(t)
	d := w.digestOf(march)
	if len(d.Exceptions) != 2 {
		t.Fatalf("exceptions: %+v", d.Exceptions)
	}
	documents, failed := d.Exceptions[0], d.Exceptions[1]
	if documents.Kind != ExceptionDocuments || !documents.Standing || !slices.Equal(documents.People, []PersonID{"cto"}) {
		t.Errorf("the documents: %+v", documents)
	}
	if failed.Kind != ExceptionFailed || failed.Standing || failed.Times != 2 || !slices.Equal(failed.People, []PersonID{"quinn"}) {
		t.Errorf("the tests that failed: %+v", failed)
	}
	if !slices.Equal(d.NeedAttention(), []ChangeID{"change-1"}) || len(d.WereUnusual()) != 0 {
		t.Errorf("%v need attention, and %v were unusual", d.NeedAttention(), d.WereUnusual())
	}
	if len(d.Majors) != 1 || d.Majors[0].Released != time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC) {
		t.Errorf("major changes: %+v", d.Majors)
	}
	if d.Figures.ToDecide != (Median{1, 24 * time.Hour}) || d.Figures.ToRelease != (Median{1, 7 * 24 * time.Hour}) {
		t.Errorf("to decide %v, to release %v", d.Figures.ToDecide, d.Figures.ToRelease)
	}
	if want := []Waiting{{Person: "cto", Answered: 3, Median: 24 * time.Hour, Open: 1}}; !slices.Equal(d.Waiting, want) {
		t.Errorf("authorizers: %+v", d.Waiting)
	}
	// A month later the failed tests are history, and the documents are not.
	if next := w.digestOf(march.Add(1)); len(next.Exceptions) != 1 || next.Exceptions[0].Kind != ExceptionDocuments || len(next.Majors) != 0 {
		t.Errorf("in April: %+v, %+v", next.Exceptions, next.Majors)
	}
}

// What happens after a month does not alter what is said of it.
func TestADigestStays(t *testing.T) {
	w := eventful(t)
	before := asJSON(t, w.digestOf(march).Exceptions)
	w.now = time.Date(2026, 4, 2, 9, 0, 0, 0, time.UTC)
	w.mustSay("cto", KeywordDocumented, nil).wantState(StateClosed)
	if after := asJSON(t, w.digestOf(march).Exceptions); after != before {
		t.Errorf("before %s\nand after %s", before, after)
	}
	april := w.digestOf(march.Add(1))
	if len(april.Earlier) != 1 || april.Earlier[0].Proposed != 1 || april.Earlier[0].Open != 1 || april.Earlier[0].ToDecide.Of != 1 {
		t.Errorf("March beside April: %+v", april.Earlier)
	}
	if april.Figures.Ended[StateClosed] != 1 || april.Figures.Open != 0 || len(april.Exceptions) != 0 {
		t.Errorf("April: %+v, %+v", april.Figures, april.Exceptions)
	}
}

// Several who were asked the same and are late are one exception.
func TestTheLateAreListedTogether(t *testing.T) {
	w := newWorld(t, company())
	w.on(2, 9).must(w.propose("lead", Form{LabelCategory: "development tools, cybersecurity", LabelRestricted: "yes"}))
	d := w.digestOf(march)
	if len(d.Exceptions) != 1 || !slices.Equal(d.Exceptions[0].People, []PersonID{"cto", "itd"}) || d.Exceptions[0].Ballot != BallotAuthorization {
		t.Fatalf("exceptions: %+v", d.Exceptions)
	}
	if len(d.Figures.Categories) != 2 || d.Figures.Categories[Cybersecurity].Open != 1 || d.Figures.Open != 1 {
		t.Errorf("categories: %+v of %+v", d.Figures.Categories, d.Figures.Counts)
	}
}

// Of a restricted change nobody's words are told.
func TestADigestKeepsSecrets(t *testing.T) {
	for _, restricted := range []string{"no", "yes"} {
		w := newWorld(t, company())
		w.on(2, 9).must(w.propose("lead", Form{LabelUrgency: "emergency", LabelAlreadyDone: "Sunday 23:00, the farm stood still", LabelRestricted: restricted}))
		told := false
		for _, e := range w.digestOf(march).Exceptions {
			told = told || strings.Contains(e.Text, "stood still")
		}
		if told != (restricted == "no") {
			t.Errorf("restricted %s: the words are told: %v", restricted, told)
		}
	}
}
