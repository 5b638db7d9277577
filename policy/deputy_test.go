package policy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Carol authorizes; Ivan, Ian and Iris may stand in for her.
func deputies() Directory {
	return Directory{
		People: []Person{
			{ID: "carol", Name: "Carol Tremblay", Roles: []Role{CTO}}, {ID: "ivan", Name: "Ivan Roy", Roles: []Role{ITDirector}},
			{ID: "ian", Name: "Ian Roy"}, {ID: "iris", Name: "Iris Fortin"}, {ID: "lead", Name: "Lena Gagnon", Roles: []Role{DevLead}},
		},
		CoSigners: []PersonID{"iris"},
	}
}

func onDay(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }

// One term after the other by Carol's mail: the latest is in force, none before
// it was said, and the configuration's stands beside it.
func TestDeputiesByMail(t *testing.T) {
	said := []Appointment{
		{Principal: "carol", Deputy: "ivan", From: onDay(2), Until: onDay(20), At: onDay(3).Add(9 * time.Hour), Mail: "first"},
		{Principal: "ivan", Deputy: "ian", From: onDay(4), Until: onDay(9), At: onDay(4), Mail: "his"},
		{Principal: "carol", Deputy: "ian", From: onDay(12), Until: onDay(15), At: onDay(10), Mail: "second"},
		{Principal: "carol", At: onDay(14), Mail: "third"},
	}
	d := deputies()
	d.Deputies = []Deputy{{Principal: "carol", Deputy: "iris", From: onDay(8), Until: onDay(9)}}
	d = d.With(said)
	for _, day := range []struct {
		at   time.Time
		want []PersonID
	}{
		{onDay(3).Add(8 * time.Hour), nil}, // not said yet
		{onDay(3).Add(9 * time.Hour), []PersonID{"ivan"}},
		{onDay(8), []PersonID{"iris", "ivan"}},
		{onDay(9), []PersonID{"ivan"}},
		{onDay(10), nil}, // ended by what she said next, which has not begun
		{onDay(12), []PersonID{"ian"}},
		{onDay(14), nil},
	} {
		if got := d.DeputiesOf("carol", day.at); !slices.Equal(got, day.want) {
			t.Errorf("on %s %v stand in for Carol, want %v", day.at, got, day.want)
		}
	}
	if now, was := d.Appointed("carol", onDay(5)); !was || now.Deputy != "ian" {
		t.Errorf("on the 5th the last she set, and which is not over, is %v", now)
	}
}

// Who may say it, of whom, and for how long.
func TestAppoint(t *testing.T) {
	d, now := deputies(), onDay(3)
	before := []Appointment{{Principal: "carol", Deputy: "ian", From: onDay(1), Until: onDay(20), At: onDay(1), Mail: "first"}}
	for _, test := range []struct {
		a    Appointment
		code RefusalCode
	}{
		{Appointment{Principal: "carol", Deputy: "ivan", From: now, Until: onDay(4)}, ""},
		{Appointment{Principal: "iris", Deputy: "ian", From: now, Until: onDay(4)}, ""}, // a co-signer
		{Appointment{Principal: "carol"}, ""},
		{Appointment{Principal: "ivan"}, RefusedNothingChanged},
		{Appointment{Principal: "lead", Deputy: "ian", From: now, Until: onDay(4)}, RefusedNotEligible},
		{Appointment{Principal: "carol", Deputy: "carol", From: now, Until: onDay(4)}, RefusedNotEligible},
		{Appointment{Principal: "carol", Deputy: "ian", From: onDay(6), Until: onDay(6)}, RefusedProblems},
		{Appointment{Principal: "carol", Deputy: "ian", From: onDay(1), Until: onDay(3)}, RefusedTooLate},
		{Appointment{Principal: "carol", Deputy: "ian", From: now, Until: now.AddDate(1, 0, 2)}, RefusedProblems},
	} {
		test.a.At = now
		var code RefusalCode
		if r := d.Appoint(test.a, before); r != nil {
			code = r.Code
			if r.Reason == "" || r.Hint == "" {
				t.Errorf("%v is refused without a reason and a way out", test.a)
			}
		}
		if code != test.code {
			t.Errorf("%v: %q, want %q", test.a, code, test.code)
		}
	}
}

// Whatever people say, in whatever order, one mail at a time is in force for each
// of them, and none outside the days it names.
func TestOneDeputyByMailAtATime(t *testing.T) {
	people := []PersonID{"carol", "ivan", "ian", "iris"}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.IntRange(1, 28)
		var said []Appointment
		for range rapid.IntRange(0, 6).Draw(t, "mails") {
			said = append(said, Appointment{
				Principal: rapid.SampledFrom(people[:2]).Draw(t, "principal"), Deputy: rapid.SampledFrom(append(people[2:], "")).Draw(t, "deputy"),
				From: onDay(day.Draw(t, "from")), Until: onDay(day.Draw(t, "until")), At: onDay(day.Draw(t, "at")), Mail: "mail",
			})
		}
		slices.SortStableFunc(said, func(a, b Appointment) int { return a.At.Compare(b.At) })
		d := deputies().With(said)
		for _, who := range people {
			now := onDay(day.Draw(t, "now"))
			var latest Appointment
			for _, a := range said {
				if a.Principal == who && !a.At.After(now) {
					latest = a
				}
			}
			var want []PersonID
			if latest.Deputy != "" && !now.Before(latest.From) && now.Before(latest.Until) {
				want = []PersonID{latest.Deputy}
			}
			if got := d.DeputiesOf(who, now); !slices.Equal(got, want) {
				t.Fatalf("for %s on %s: %v, want %v", who, now, got, want)
			}
		}
	})
}
