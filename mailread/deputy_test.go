package mailread

import (
	"fmt"
	"testing"
	"time"
)

// What the CTO types on Monday 23 November 2026 about who stands in for her, and
// how it is read: whom, from when to when. In doubt it says why, and nobody is
// appointed.
func TestReadDeputation(t *testing.T) {
	monday := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, story := range []struct{ typed, want string }{
		{"DEPUTY Ivan Petrov UNTIL 4 December 2026", "Ivan Petrov until 2026-12-04"},
		{"Deputy Ivan Petrov until 4 December.", "Ivan Petrov until 2026-12-04"},
		{"**DEPUTY: Ivan Petrov, UNTIL: Friday, 4 December**", "Ivan Petrov until 2026-12-04"},
		{"DEPUTY Ivan Petrov <ivan@example.com> UNTIL 2026-12-04", "Ivan Petrov <ivan@example.com> until 2026-12-04"},
		{"DEPUTY ivan@example.com FROM 1 December UNTIL 4 December\n\nThanks, Carol", "ivan@example.com from 2026-12-01 until 2026-12-04"},
		{"\n DEPUTY Ivan Petrov\nfrom tomorrow\nuntil Friday\nSent from my iPhone", "Ivan Petrov from 2026-11-24 until 2026-11-27"},
		{"DEPUTY Ivan Petrov UNTIL today", "Ivan Petrov until 2026-11-23"},
		{"DEPUTY Ivan Petrov UNTIL 13/12/2026", "Ivan Petrov until 2026-12-13"},
		{"DEPUTY Ivan Petrov UNTIL January 5", "Ivan Petrov until 2027-01-05"},
		{"Suppléant Ivan Petrov jusqu’au 4 décembre", "Ivan Petrov until 2026-12-04"},
		{"SUPPLÉANTE Irène Roy à partir du 1er décembre jusqu'au vendredi", "Irène Roy from 2026-12-01 until 2026-11-27"},
		{"DEPUTY NOBODY", "nobody"},
		{"deputy none.", "nobody"},
		{"Suppléant : personne", "nobody"},

		{"DEPUTY Ivan Petrov", "in doubt: " + doubtLast},
		{"DEPUTY Ivan Petrov UNTIL 3/12/2026", "in doubt: " + doubtUntil},              // March or December
		{"DEPUTY Ivan Petrov UNTIL Monday", "in doubt: " + doubtUntil},                 // today, or in a week?
		{"DEPUTY Ivan Petrov UNTIL next Friday", "in doubt: " + doubtUntil},            // this week's, or next week's?
		{"DEPUTY Ivan Petrov UNTIL Friday 5 December", "in doubt: " + doubtUntil},      // that is a Saturday
		{"DEPUTY Ivan Petrov UNTIL 4 December at noon", "in doubt: " + doubtUntil},     // days are whole
		{"DEPUTY Ivan Petrov UNTIL I am back", "in doubt: " + doubtUntil},              // when?
		{"DEPUTY Ivan Petrov UNTIL 4 November 2026", "in doubt: " + doubtUntil},        // past
		{"DEPUTY Ivan Petrov UNTIL 31 February", "in doubt: " + doubtUntil},            // there is none
		{"DEPUTY Ivan FROM spring UNTIL 4 December", "in doubt: " + doubtFirst},        // which day?
		{"DEPUTY Ivan Petrov UNTIL 4 December\n\nAPPROVE", "in doubt: " + doubtBeside}, // two answers in one mail
		{"DEPUTY NOBODY\nREJECT", "in doubt: " + doubtBeside},

		{"Deputy Ivan is ill today.", "nothing of the kind"},
		{"The deputy is Ivan until Friday", "nothing of the kind"},
		{"My DEPUTY is Ivan", "nothing of the kind"},
		{"APPROVE\nDEPUTY Ivan Petrov UNTIL 4 December", "nothing of the kind"},
		{"Title: DEPUTY Ivan UNTIL Friday", "nothing of the kind"},
		{"DEPUTYIvan UNTIL Friday", "nothing of the kind"},
		{"", "nothing of the kind"},
	} {
		if got := inWords(ReadDeputation(story.typed, monday)); got != story.want {
			t.Errorf("%q is read as %q, not %q", story.typed, got, story.want)
		}
	}
}

func inWords(d Deputation, ok bool) string {
	says := d.Name
	switch {
	case !ok:
		return "nothing of the kind"
	case d.Doubt != "":
		return "in doubt: " + d.Doubt
	case d.Nobody:
		return "nobody"
	case !d.From.IsZero():
		says = fmt.Sprintf("%s from %s", says, d.From.Format(time.DateOnly))
	}
	return fmt.Sprintf("%s until %s", says, d.Until.Format(time.DateOnly))
}
