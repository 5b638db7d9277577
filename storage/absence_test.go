package storage_test

import (
	"testing"
	"time"
)

// Until when somebody is away is what their last out-of-office with a date says,
// and nothing once that day is past.
func TestAway(t *testing.T) {
	s := open(t)
	day := func(d int) time.Time { return time.Date(2026, 12, d, 0, 0, 0, 0, time.UTC) }
	first, second, theirs := mail(1, "back on the third"), mail(2, "back on the seventh"), mail(3, "back on the ninth")
	first.Away, second.Away, theirs.Away = day(3), day(7), day(9)
	second.Received, theirs.Person = noon.Add(time.Hour), "itd"
	silent := mail(4, "thank you for your mail")
	silent.Received = noon.Add(2 * time.Hour)
	save(t, s, second, first, theirs, silent)

	until, err := s.Away(t.Context(), day(7), "cto", "lead")
	if err != nil || len(until) != 1 || !until["cto"].Equal(day(7)) {
		t.Errorf("away: %v, %v", until, err)
	}
	if until, err = s.Away(t.Context(), day(8), "cto", "itd"); err != nil || len(until) != 1 || !until["itd"].Equal(day(9)) {
		t.Errorf("a day later: %v, %v", until, err)
	}
}
