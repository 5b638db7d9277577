package mailread

import "testing"

// What an empty mail says by its subject, and that a mail with a text says
// nothing so.
func TestButton(t *testing.T) {
	for _, story := range []struct{ subject, typed, says string }{
		{"Approve: [CHG-2026-0042] Your decision by Friday", "", "Approve"},
		{"REJECT: Your decision", "", "REJECT"},
		{"Approved: Your decision", "", "Approved"},
		{"Accepted: [CHG-2026-0042] Your decision by Friday", "", "Accepted"},
		{"Approve: Your decision", "I shall look at it tomorrow.", ""},
		{"Re: Approve: Your decision", "", ""},
		{"Approve", "", ""},
		{"Approve the budget: when?", "", ""},
		{"Re: Your decision", "", ""},
	} {
		m := readText(t, "Subject: "+story.subject+"\n", story.typed)
		if says := Button(m, Typed(m).Text); says != story.says {
			t.Errorf("%q over %q says %q, want %q", story.subject, story.typed, says, story.says)
		}
	}
}
