package mailtmpl

import (
	"testing"
	"time"
)

func TestLasting(t *testing.T) {
	for span, want := range map[time.Duration]string{
		0:                            "less than a minute",
		20 * time.Second:             "less than a minute",
		time.Minute:                  "1 minute",
		40 * time.Minute:             "40 minutes",
		65 * time.Minute:             "1 hour 5 minutes",
		2 * time.Hour:                "2 hours",
		3*24*time.Hour + time.Minute: "3 days 1 minute",
	} {
		if got := lasting(span); got != want {
			t.Errorf("%v: %q, want %q", span, got, want)
		}
	}
}
