package mailread

import "testing"

// Stamps that are configured are cut where they are whole lines above what was
// typed, however they are set; everywhere else they are words.
func TestStamps(t *testing.T) {
	h := Habits{Stamps: []string{"[Public]", "Classification: Internal  Use", "APPROVE", " "}}
	for mail, want := range map[string]string{
		"[Public]\n\nAPPROVE":  "APPROVE",
		"[PUBLIC]\nREJECT: no": "REJECT: no",
		"classification:\u00a0internal use\n[public]\nAPPROVE": "APPROVE",
		"[Public] APPROVE":            "[Public] APPROVE",
		"APPROVE\n[Public]":           "APPROVE\n[Public]",
		"Reason: x\n[Public]":         "Reason: x\n[Public]",
		"APPROVE\nRisk: low":          "APPROVE\nRisk: low", // a keyword is never a stamp
		"[Private]\n\nAPPROVE":        "[Private]\n\nAPPROVE",
		"> quoted\n[Public]\nAPPROVE": "APPROVE",
	} {
		if got := h.Typed(plainMail(mail)).Text; got != want {
			t.Errorf("%q: typed %q, want %q", mail, got, want)
		}
	}
	if got := Typed(plainMail("[Public]\nAPPROVE")).Text; got != "[Public]\nAPPROVE" {
		t.Errorf("without configuration: %q", got)
	}
}
