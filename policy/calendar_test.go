package policy

import (
	"slices"
	"testing"
	"time"
)

// calendarOf is a calendar of a zone with some holidays.
func calendarOf(t *testing.T, zone string, holidays ...string) Calendar {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Calendar{Zone: zone, Location: location, Holidays: holidays}
}

const minutes = "2006-01-02 15:04"

// at is a local time of the calendar's zone.
func (c Calendar) at(t *testing.T, local string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(minutes, local, c.Location)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func (c Calendar) local(t time.Time) string { return t.In(c.Location).Format(minutes) }

func TestMorning(t *testing.T) {
	c := calendarOf(t, "America/Toronto", "2028-02-29", "2028-07-03")
	for from, want := range map[string]string{
		"2028-03-01 17:00": "2028-03-01 09:00",
		"2028-03-01 00:00": "2028-03-01 09:00",
		"2028-03-01 23:59": "2028-03-01 09:00",
		"2028-03-12 03:30": "2028-03-10 09:00", // the Sunday on which the clocks go forward
		"2028-03-13 17:00": "2028-03-13 09:00", // and the day after it
		"2028-11-05 01:30": "2028-11-03 09:00", // the Sunday on which they go back
		"2028-11-06 17:00": "2028-11-06 09:00",
		"2028-02-29 12:00": "2028-02-28 09:00", // a holiday on the leap day
		"2028-07-03 12:00": "2028-06-30 09:00", // a holiday on the first working day
		"2028-07-01 12:00": "2028-06-30 09:00",
	} {
		if got := c.local(c.Morning(c.at(t, from))); got != want {
			t.Errorf("the morning of %s is %s, want %s", from, got, want)
		}
	}
}

func TestFirstWorkday(t *testing.T) {
	c := calendarOf(t, "America/Toronto", "2027-01-01", "2028-05-01", "2028-05-02", "2029-01-01")
	for from, want := range map[string]string{
		"2028-02-29 23:59": "2028-02-01 09:00",
		"2028-03-01 00:00": "2028-03-01 09:00",
		"2028-12-31 23:59": "2028-12-01 09:00",
		"2029-01-01 00:00": "2029-01-02 09:00", // New Year's Day
		"2027-01-15 12:00": "2027-01-04 09:00", // on a Friday
		"2028-05-20 12:00": "2028-05-03 09:00", // two holidays
		"2028-07-20 12:00": "2028-07-03 09:00", // the month begins on a Saturday
		"2026-11-10 12:00": "2026-11-02 09:00", // on the Sunday on which the clocks go back
		"2026-03-31 23:30": "2026-03-02 09:00", // in UTC it is April already
	} {
		if got := c.local(c.FirstWorkday(c.at(t, from))); got != want {
			t.Errorf("the first working day of the month of %s is %s, want %s", from, got, want)
		}
	}
}

// TestAfterOverGaps counts working days over a leap day, and where a night has
// 23 or 25 hours or a whole day does not exist.
func TestAfterOverGaps(t *testing.T) {
	for _, test := range []struct {
		zone, from string
		n          int
		want       string
	}{
		{"America/Toronto", "2028-02-28 10:00", 1, "2028-02-29 17:00"},
		{"America/Toronto", "2028-02-28 10:00", 2, "2028-03-01 17:00"},
		{"America/Toronto", "2027-02-26 10:00", 1, "2027-03-01 17:00"},
		{"America/Toronto", "2028-03-10 18:00", 1, "2028-03-13 17:00"},
		{"America/Toronto", "2028-11-03 18:00", 1, "2028-11-06 17:00"},
		{"America/Sao_Paulo", "2018-11-02 10:00", 1, "2018-11-05 17:00"}, // there is no midnight on 4 November
		{"Australia/Lord_Howe", "2028-10-06 10:00", 1, "2028-10-09 17:00"},
		{"Pacific/Apia", "2011-12-28 10:00", 1, "2011-12-29 17:00"},
		{"Pacific/Apia", "2011-12-29 10:00", 1, "2012-01-02 17:00"}, // there is no 30 December
		{"Pacific/Apia", "2011-12-29 18:00", 0, "2012-01-02 17:00"},
	} {
		c := calendarOf(t, test.zone)
		if got := c.local(c.After(c.at(t, test.from), test.n)); got != test.want {
			t.Errorf("%s: %d working days after %s is %s, want %s", test.zone, test.n, test.from, got, test.want)
		}
	}
}

// TestTimetableOverTheYear lists when time does something to a ballot, in local
// time: around the change of clocks, over holidays, and from a Friday on.
func TestTimetableOverTheYear(t *testing.T) {
	c := calendarOf(t, "America/Toronto", "2028-04-14", "2028-12-25", "2028-12-26", "2029-01-01")
	for _, test := range []struct {
		kind   BallotKind
		urgent bool
		issued string
		want   []string
	}{
		{BallotAuthorization, false, "2028-03-10 16:00", []string{"2028-03-15 09:00", "2028-03-15 17:00", "2028-03-17 09:00"}},
		{BallotAuthorization, false, "2028-04-11 10:00", []string{"2028-04-17 09:00", "2028-04-17 17:00", "2028-04-19 09:00"}},
		{BallotImplementation, false, "2028-12-18 10:00", []string{"2028-12-27 09:00", "2029-01-04 09:00", "2029-01-04 17:00", "2029-01-08 09:00"}},
		{BallotDecision, false, "2028-02-28 10:00", []string{"2028-02-29 09:00", "2028-02-29 17:00", "2028-03-02 09:00"}},
		{BallotCheck, false, "2028-11-02 10:00", []string{"2028-11-07 09:00", "2028-11-07 17:00", "2028-11-14 09:00"}},
		// In an emergency hours are hours: two of them lie around three o'clock in
		// summer time, and one o'clock comes twice in autumn.
		{BallotAuthorization, true, "2028-03-12 01:30", []string{"2028-03-12 03:30", "2028-03-12 04:30", "2028-03-12 06:30"}},
		{BallotAuthorization, true, "2028-11-05 00:30", []string{"2028-11-05 01:30", "2028-11-05 01:30", "2028-11-05 03:30"}},
	} {
		issued := c.at(t, test.issued)
		b := Ballot{Kind: test.kind, Issued: issued, Due: c.due(test.kind, test.urgent, issued)}
		var got []string
		for m := range (timetable{c, b, termOf(test.kind, test.urgent), test.urgent, false}).moments() {
			if got = append(got, c.local(m.at)); len(got) == len(test.want) {
				break
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("a %s asked on %s, urgent %v: time does something on %v, want %v", test.kind, test.issued, test.urgent, got, test.want)
		}
	}
}

// A company that moves to another zone has its reminders by the new mornings,
// and no ballot is due earlier or later than it was promised.
func TestChangedZone(t *testing.T) {
	dir := company()
	dir.Calendar = calendarOf(t, "America/Toronto")
	now := dir.Calendar.at(t, "2028-03-09 10:00")
	d := Decide(Change{}, dir, Command{
		Kind: CommandPropose, By: "lead", Proof: "address", Seed: "a", Form: fullForm(),
		ID: "20280309aaaaaaaaaaaa", Draft: "D-2028-0001", Number: "CHG-2028-0001",
	}, now)
	before := d.Change.OpenBallots()[0]

	dir.Calendar = calendarOf(t, "Europe/Paris")
	d = Decide(d.Change, dir, Command{Kind: CommandReconsider, Seed: "b"}, now.Add(time.Hour))
	after := d.Change.OpenBallots()[0]
	if !after.Due.Equal(before.Due) {
		t.Errorf("it was due on %s and is on %s", before.Due, after.Due)
	}
	if got, want := dir.Calendar.local(after.Next), "2028-03-14 09:00"; got != want {
		t.Errorf("the reminder comes on %s by the new clock, want %s", got, want)
	}
	again := Decide(d.Change, dir, Command{Kind: CommandReconsider, Seed: "c"}, now.Add(2*time.Hour))
	if len(again.Events) != 0 {
		t.Errorf("the same calendar once more does %d things", len(again.Events))
	}
}
