package policy

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestPlaceholder(t *testing.T) {
	for _, text := range []string{"", " ", "-", "N/A", "n.a.", "OK!", "ok.", "TBD", "none", "None.", "no", "yes", "...", "See above", "x"} {
		if !Placeholder(text) {
			t.Errorf("%q counts as a value", text)
		}
	}
	for _, text := range []string{"none, because it is internal", "ok for us since May", "no known holes", "xz 5.6", "yes: the backend", "1"} {
		if Placeholder(text) {
			t.Errorf("%q counts as nothing", text)
		}
	}
}

func TestParseRisk(t *testing.T) {
	for text, want := range map[string]Risk{
		"low: it is tested":               {RiskLow, "it is tested"},
		"LOW because it is tested":        {RiskLow, "it is tested"},
		"Medium, since it is new":         {RiskMedium, "it is new"},
		"high (no way back)":              {RiskHigh, "no way back"},
		"high\nthe disk is old":           {RiskHigh, "the disk is old"},
		"medium - high load is expected":  {RiskMedium, "high load is expected"},
		" low – a typo in a page ":        {RiskLow, "a typo in a page"},
		"low. The second line\nis longer": {RiskLow, "The second line\nis longer"},
	} {
		got, problem := ParseRisk(text)
		if problem != nil || got != want {
			t.Errorf("%q is read as %+v (%+v), want %+v", text, got, problem, want)
		}
	}
	for text, want := range map[string]ProblemCode{
		"": ProblemUnknown, "lowish": ProblemUnknown, "it is low": ProblemUnknown, "none": ProblemUnknown,
		"low": ProblemReason, "low.": ProblemReason, "low: ok": ProblemReason, "low because": ProblemReason, "low, as proposed": ProblemReason,
		"low/medium: depends": ProblemUnknown, "low to medium, it depends": ProblemUnknown, "medium or high": ProblemUnknown, "low-medium": ProblemUnknown,
	} {
		if risk, problem := ParseRisk(text); problem == nil || problem.Code != want {
			t.Errorf("%q is read as %+v with problem %+v, want %q", text, risk, problem, want)
		} else if problem.Text == "" || problem.Hint == "" {
			t.Errorf("%q: not explained: %+v", text, problem)
		}
	}
}

func TestParseYesNo(t *testing.T) {
	tests := []struct {
		text    string
		yes, ok bool
		why     string
	}{
		{"yes", true, true, ""}, {"No", false, true, ""}, {"YES!", true, true, ""}, {"yes: the backend", true, true, "the backend"},
		{"yes (the backend)", true, true, "the backend"}, {"no – a page only", false, true, "a page only"},
		{"", false, false, ""}, {"maybe", false, false, ""}, {"yesterday", false, false, ""}, {"not yet", false, false, ""}, {"nope", false, false, ""},
	}
	for _, test := range tests {
		yes, why, ok := ParseYesNo(test.text)
		if yes != test.yes || why != test.why || ok != test.ok {
			t.Errorf("%q is read as %v %q %v, want %v %q %v", test.text, yes, why, ok, test.yes, test.why, test.ok)
		}
	}
}

func TestSameVersion(t *testing.T) {
	for _, pair := range [][2]string{{"1.26.0", " 1.26.0 "}, {"Build 7", "build  7"}} {
		if !sameVersion(pair[0], pair[1]) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
	if sameVersion("1.26.0", "1.26") {
		t.Error("1.26.0 and 1.26 are the same")
	}
}

func TestDocumentsOfAnAnswer(t *testing.T) {
	for _, text := range []string{"guide / v7 / the release", "none: nothing describes it", "None, because it is internal", "none\nit is internal"} {
		if p := documentsProblem(text); p != nil {
			t.Errorf("%q is refused: %s", text, p.Text)
		}
	}
	for _, text := range []string{"none", "None.", "none: -", "n/a", "done"} {
		if documentsProblem(text) == nil {
			t.Errorf("%q says which documents", text)
		}
	}
}

func TestLeftUndone(t *testing.T) {
	for text, want := range map[string]bool{"": false, "none": false, "Nothing.": false, "none, all is done": false, "two of nine": true} {
		if got := leftUndone(Attempt{LeftUndone: text}); got != want {
			t.Errorf("%q leaves something undone: %v, want %v", text, got, want)
		}
	}
}

func TestListNames(t *testing.T) {
	for want, names := range map[string][]string{"nobody": nil, "A": {"A"}, "A and B": {"A", "B"}, "A, B and C": {"A", "B", "C"}} {
		if got := listNames(names); got != want {
			t.Errorf("%q are listed as %q, want %q", names, got, want)
		}
	}
}

func TestFindPerson(t *testing.T) {
	d := company()
	d.People = append(d.People,
		Person{ID: "twin1", Name: "Same Name", Addresses: []string{"one@example.com", "uno@example.com"}},
		Person{ID: "twin2", Name: "Same Name", Addresses: []string{"two@example.com"}},
		Person{ID: "anonymous"})
	for text, want := range map[string]PersonID{
		"ada": "ada", " ADA. ": "ada", "Ada Bell": "ada", "ada bell": "ada", "Ada@Example.com": "ada",
		"Ada Bell <ada@example.com>": "ada", "\"Bell, Ada\" <ADA@example.com>": "ada", "uno@example.com": "twin1",
		"": "", "Same Name": "", "Ada": "ada", "Bell": "", "Ada Bell and Ben Cole": "", "ada, ben": "",
		"Ada Bell <ada@elsewhere.example>": "", "<ada@example.com>": "ada",
	} {
		got, ok := d.Find(text)
		if got.ID != want || ok != (want != "") {
			t.Errorf("%q finds %q, want %q", text, got.ID, want)
		}
	}
}

func TestDeputies(t *testing.T) {
	d := company()
	d.Deputies = []Deputy{
		{Principal: "cto", Deputy: "dep", From: monday, Until: monday.Add(48 * time.Hour)},
		{Principal: "dep", Deputy: "eve", Until: monday.Add(48 * time.Hour)},
		{Principal: "cto", Deputy: "gone", Until: monday.Add(48 * time.Hour)},
	}
	for after, want := range map[time.Duration][]PersonID{-time.Second: nil, 0: {"dep"}, 47 * time.Hour: {"dep"}, 48 * time.Hour: nil} {
		if got := d.DeputiesOf("cto", monday.Add(after)); !slices.Equal(got, want) {
			t.Errorf("%s on, %q stand in for the CTO, want %q", after, got, want)
		}
	}
}

func TestCalendar(t *testing.T) {
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{Zone: "America/Toronto", Location: toronto, Holidays: []string{"2026-05-18"}}
	tests := []struct {
		from string
		n    int
		want string // local
	}{
		{"2026-03-02 09:00", 0, "2026-03-02 17:00"}, // its own day
		{"2026-03-02 17:00", 0, "2026-03-03 17:00"}, // which has just ended
		{"2026-03-02 23:30", 0, "2026-03-03 17:00"},
		{"2026-03-07 10:00", 0, "2026-03-09 17:00"}, // a Saturday
		{"2026-03-02 09:00", 1, "2026-03-03 17:00"},
		{"2026-03-06 09:00", 1, "2026-03-09 17:00"}, // over a weekend in which clocks go forward
		{"2026-03-06 18:00", 3, "2026-03-11 17:00"},
		{"2026-10-30 09:00", 1, "2026-11-02 17:00"}, // and back
		{"2026-05-15 09:00", 1, "2026-05-19 17:00"}, // over Victoria Day
		{"2026-05-18 09:00", 0, "2026-05-19 17:00"}, // on it
		{"2026-12-31 09:00", 10, "2027-01-14 17:00"},
	}
	for _, test := range tests {
		from, err := time.ParseInLocation("2006-01-02 15:04", test.from, toronto)
		if err != nil {
			t.Fatal(err)
		}
		got := c.After(from, test.n)
		if local := got.In(toronto).Format("2006-01-02 15:04"); local != test.want || got.Location() != time.UTC {
			t.Errorf("%d working days after %s is %s %s, want %s", test.n, test.from, local, got.Location(), test.want)
		}
	}
	if utc := (Calendar{}).After(monday, 0); !utc.Equal(time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)) {
		t.Errorf("without a place the day ends at %s", utc)
	}
}

// TestTerms gives every ballot time to be answered, and less in an emergency.
func TestTerms(t *testing.T) {
	for kind := range askOf {
		_, ok := terms[kind]
		var cal Calendar
		if usual, urgent := cal.due(kind, false, monday), cal.due(kind, true, monday); !ok || urgent.After(usual) {
			t.Errorf("a ballot %s is due %s, in an emergency %s", kind, usual, urgent)
		}
	}
}
