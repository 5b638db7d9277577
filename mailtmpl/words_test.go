package mailtmpl

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/paper"
)

func TestAKeywordIsNeverLeftAloneByWrapping(t *testing.T) {
	for text, want := range map[string]string{
		"answer with APPROVE on the first line": "answer with APPROVE~on the first line",
		"then answer RATIFY.":                   "then answer~RATIFY.",
		"say APPROVE CHG-2026-0042":             "say~APPROVE~CHG-2026-0042",
		"say APPROVE CHG-2026-0042 there":       "say APPROVE~CHG-2026-0042~there",
		"I said “Reject” and more":              "I said “Reject”~and more",
		"note Risk: low":                        "note~Risk: low",
		"note Security impact: none":            "note~Security~impact: none",
		"lines Left as, Risk and Rollback.":     "lines~Left~as,~Risk and~Rollback.",
		"nothing here to tie":                   "nothing here to tie",
	} {
		if got := strings.ReplaceAll(glue(text), noBreak, "~"); got != want {
			t.Errorf("%q is tied as %q, not %q", text, got, want)
		}
	}
}

func TestWhatCouldBeAnAnswerIsKnown(t *testing.T) {
	for line, want := range map[string]bool{
		"APPROVE": true, "approve!": true, "*Approve*": true, "ＡＰＰＲＯＶＥ": true, "AP\u200bPROVE": true,
		"APPROVE CHG-2026-0042": true, "STOP: it burns": true, "Risk: low": true, "* Security impact: none": true,
		"Risk": true, ": low": true, "--": true, "": true,
		"not approved": false, "APPROVE it": false, "medium: rehearsed": false, "the Risk: low": false, "take care": false,
	} {
		if got := votes(line); got != want {
			t.Errorf("%q could be an answer: %v", line, got)
		}
	}
}

func TestEveryFurtherLineOfAValueIsMarked(t *testing.T) {
	long := strings.Repeat("we restore the dump and then ", 8)
	for _, value := range []string{long, "first\nsecond\n\n\nthird", long + "\nRisk: low\n" + long, "Risk: low " + long} {
		lines := strings.Split(inColumns(row("Test plan", value)[0]), "\n")
		for _, line := range lines[1:] {
			if !strings.HasPrefix(line, strings.Repeat(" ", valueAt)+strings.TrimSpace(paper.Mark)) {
				t.Errorf("a further line is not marked: %q", line)
			}
		}
		if got := words(strings.Join(lines, " ")); got != words("Test plan "+value) {
			t.Errorf("of %q the mail shows %q", value, got)
		}
	}
}

func TestALongNamePushesItsValueAside(t *testing.T) {
	got := inColumns(row("Deviation accepted", "the old standby may stay until January, and not longer")[0])
	want := "  Deviation accepted  the old standby may stay until January, and\n                   │ not longer"
	if got != want {
		t.Errorf("it is shown as\n%s", got)
	}
}

func TestAVeryLongValueSaysHowMuchIsLeftOut(t *testing.T) {
	r := row("Evidence", strings.Repeat("x", longest+20))[0]
	if got := r.Lines[len(r.Lines)-1]; got != paper.Mark+"[20 more characters are in the record]" {
		t.Errorf("the last line is %q", got)
	}
}

func TestWhatCouldDeceiveTheEyeIsTakenOut(t *testing.T) {
	if got := clean("a\r\nb\rc\u202ed\u2066e\u200bf\x00g\x1b[1m\u00a0h\ti\xffj"); got != "a\nb\ncdefg[1m h ij" {
		t.Errorf("it is cleaned to %q", got)
	}
	if got := clean("👩‍💻"); got != "👩‍💻" {
		t.Errorf("a joined emoji became %q", got)
	}
}

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	d := Data{Now: at("11-22 10:00"), Location: montreal}
	for _, c := range []struct{ got, want string }{
		{d.Time(at("12-05 17:00")), "Sat 5 December, 17:00 (Montreal)"},
		{d.Time(at("12-05 17:00").AddDate(1, 0, 0)), "Sun 5 December 2027, 17:00 (Montreal)"},
		{d.Day(at("12-05 23:59")), "Sat 5 December"},
		{Data{Now: d.Now}.Time(at("12-05 17:00")), "Sat 5 December, 22:00 (UTC)"},
	} {
		if c.got != c.want {
			t.Errorf("%q should be %q", c.got, c.want)
		}
	}
}

func TestADueDateOfTodaySaysTheHour(t *testing.T) {
	d := examples()["authorizer-ask-authorization"]
	if got := d.By(); got != "Fri 27 November" {
		t.Errorf("it is due by %q", got)
	}
	d.Now = at("11-27 09:00")
	if got := d.By(); got != "Fri 27 November, 17:00" {
		t.Errorf("on the day itself it is due by %q", got)
	}
}
