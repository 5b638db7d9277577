package mailread

import (
	"strings"
	"time"
)

// describeAutomatic writes down what mail no person sent tells all the same.
func describeAutomatic(say func(string, string, ...any), m *Message) {
	r := ReadReport(m)
	say("reports of", "%s", strings.Join(r.Of, " "))
	for _, to := range r.To {
		what := "late"
		if to.Failed {
			what = "failed"
		}
		say("reported", "%s %s: %s", what, strings.Join(to.Addresses, " "), to.Words)
	}
	if until, ok := AwayUntil(m, m.Date); ok {
		say("away until", "%s", until.Format(time.DateOnly))
	}
	for _, f := range m.LeftOut {
		say("left out", "%s, %d bytes", f.Name, len(f.Bytes))
	}
}
