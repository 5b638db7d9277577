package mailread

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/internal/paper"
)

const ballot = paper.Separator + `

You are asked to authorize this change as CTO (POL-005, 2a).

  What             Upgrade PostgreSQL 15 to 17 on the billing cluster
  Their risk       medium, because replication is rebuilt

To authorize, answer with APPROVE on the first line and your own assessment
below it. To refuse, answer REJECT and a Reason.

The answer is yours alone; forwarding this mail does not pass it on.`

func plainMail(text string) *Message { return &Message{Text: text} }

// wrap breaks a text's lines as a client does, each with the prefix.
func wrap(text, prefix string, width int) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		current := prefix
		for word := range strings.FieldsSeq(line) {
			if len(current)+len(word) > width && current != prefix {
				out, current = append(out, current), prefix
			}
			current += word + " "
		}
		out = append(out, current)
	}
	return strings.Join(out, "\n")
}

// However a client wraps and marks the ballot and another person's vote below
// it, only what stands above counts.
func TestQuotedVotesNeverCount(t *testing.T) {
	attributions := []string{
		"On Mon, Nov 23, 2026 at 9:14 AM Changes <changes@example.com> wrote:\n",
		"On Mon, Nov 23, 2026 at 9:14 AM Changes\n<changes@example.com> wrote:\n",
		"-----Original Message-----\n",
		"________________________________\nFrom: Changes <c@x>\nSent: Monday\nTo: Ada\nSubject: y\n\n",
		"Am 23.11.2026 um 09:14 schrieb Changes:\n",
		"2026-11-23 9:14 GMT-05:00 Changes <changes@example.com>:\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.SampledFrom([]string{"", "Looks fine to me.", "TAKE", "REJECT\nReason: too soon"}).Draw(t, "typed")
		attribution := rapid.SampledFrom(attributions).Draw(t, "attribution")
		prefix := rapid.SampledFrom([]string{"", "> ", ">", ">> ", " > "}).Draw(t, "prefix")
		width := rapid.IntRange(20, 120).Draw(t, "width")
		quoted := wrap(ballot+"\n\nAPPROVE\nRisk: low", prefix, width)
		mail := typed + "\n\n" + attribution + quoted + "\n"
		if got := Typed(plainMail(mail), ballot).Text; got != typed {
			t.Fatalf("typed %q in:\n%s", got, mail)
		}
	})
}

// With every mark deleted, our own words are still known for ours.
func TestOwnTextWithoutAnyMark(t *testing.T) {
	body := strings.TrimPrefix(ballot, paper.Separator)
	for _, width := range []int{30, 50, 72, 100} {
		mail := "APPROVE\nRisk: low: rehearsed\n\n" + wrap(body, "", width)
		if got := Typed(plainMail(mail), ballot).Text; got != "APPROVE\nRisk: low: rehearsed" {
			t.Errorf("width %d: typed %q", width, got)
		}
		below := wrap(body, "", width) + "\n\nREJECT\nReason: too soon"
		if got := Typed(plainMail(below), ballot).Text; got != "REJECT\nReason: too soon" {
			t.Errorf("width %d, answer below: typed %q", width, got)
		}
	}
}

// What was typed before the first quotation stays, though it uses our words.
func TestOurWordsInTheirFieldsStay(t *testing.T) {
	typed := "APPROVE\nRisk: medium, because replication is rebuilt\nJustification:\nUpgrade PostgreSQL 15 to 17 on the billing cluster, as it says"
	if got := Typed(plainMail(typed+"\n\n"+ballot), ballot).Text; got != typed {
		t.Errorf("typed %q", got)
	}
}

// A paragraph that only borrows some of our words is the person's; so are our
// phrases where they are short.
func TestBorrowedWordsAreTyped(t *testing.T) {
	for _, typed := range []string{
		"Bob asked why you are asked to authorize this change as CTO, and when the window was moved, and by whom, and I could not say.",
		"Upgrade PostgreSQL: the billing cluster first line, because replication is rebuilt, does not pass; their risk this change",
	} {
		if r := Typed(plainMail("STATUS\n\n"+typed), ballot); r.Text != "STATUS\n\n"+typed {
			t.Errorf("typed %q, cut %v", r.Text, r.Cuts)
		}
	}
}

// One label that is also a mail header's does not make a quotation.
func TestFromAloneIsNoQuotation(t *testing.T) {
	typed := "REJECT\nReason: two firewall rules\nFrom: vlan 7\nTo: vlan 9\nthey overlap"
	if got := Typed(plainMail(typed)).Text; got != typed {
		t.Errorf("typed %q", got)
	}
}

// The sender's name closes a mail, unless it is what a label asks for.
func TestOwnNameAtTheEnd(t *testing.T) {
	for text, want := range map[string]string{
		"TAKE\n\nAda":                       "TAKE",
		"TAKE\n\n- Ada Byron":               "TAKE",
		"HANDOVER\nImplementer:\n\nAda":     "HANDOVER\nImplementer:\n\nAda",
		"HANDOVER\nImplementer: Ada\n\nAda": "HANDOVER\nImplementer: Ada",
		"HANDOVER\nImplementer:\nAda":       "HANDOVER\nImplementer:\nAda",
		"TAKE\n\nBob":                       "TAKE\n\nBob",
		"Ada":                               "Ada",
	} {
		if got := Typed(&Message{From: Address{Name: "Ada Byron"}, Text: text}).Text; got != want {
			t.Errorf("%q: typed %q", text, got)
		}
	}
}

// A body beyond what anybody types is cut off, and then its parts are not
// taken to agree.
func TestBodyTooLong(t *testing.T) {
	long := strings.Repeat("word\n", maxPlain/5+10)
	m := read(t, "From: a@example.com\n\n"+long)
	if len(m.Text) > maxPlain+len(undecoded) || !strings.HasSuffix(m.Text, undecoded) {
		t.Errorf("%d bytes, ending %q", len(m.Text), m.Text[len(m.Text)-40:])
	}
	r := Typed(m)
	if n := strings.Count(r.Text, "\n") + 1; n > maxLines {
		t.Errorf("%d lines are taken for typed", n)
	}
	html := "<p>APPROVE</p>" + strings.Repeat("<p>word</p>", maxHTML/11+10)
	if r := Typed(read(t, "From: a@example.com\nContent-Type: text/html\n\n"+html)); !r.Disagree {
		t.Error("half an HTML body is trusted")
	}
}

func TestAttributionTakesNoTypedLine(t *testing.T) {
	for _, typed := range []string{"APPROVE\nRisk: low; on Monday 23 November 2026 at 9:14 Ian wrote:", "REJECT\nReason: ask Ian <ian@example.com>:", "APPROVE", "On balance, 2 of us agree.", "REJECT: see 14:30 <a@b.example> said"} {
		mail := typed + "\nOn Mon, Nov 23, 2026 at 9:14 AM Changes <changes@example.com> wrote:\n> x\n"
		if got := Typed(plainMail(mail)).Text; got != typed {
			t.Errorf("typed %q, want %q", got, typed)
		}
	}
	sentence := "Approve on Monday when Bob <b@x.example> wrote:"
	if got := ReadAnswer(Typed(plainMail(sentence)).Text); got.Keyword != "" {
		t.Errorf("%q was cut down to a vote: %+v", sentence, got)
	}
}

// The plain and the HTML part must say the same keyword for the same change.
func TestPartsMustAgree(t *testing.T) {
	for _, c := range []struct {
		plain, html string
		disagree    bool
	}{
		{"APPROVE", "<p>Approve</p>", false},
		{"APPROVE", "<p><b>AP</b>PROVE<br>Risk: low</p>", false},
		{"APPROVE", "<p>REJECT</p>", true},
		{"APPROVE", "<p>hello</p>", true},
		{"hello", "<p>APPROVE</p>", true},
		{"APPROVE CHG-2026-0042", "<p>APPROVE CHG-2026-0043</p>", true},
		{"fine", "<p>all fine</p>", false},
		{"APPROVE", "<div>APPROVE</div><blockquote type=cite>REJECT</blockquote>", false},
		{"APPROVE", `<div style="display:none">APPROVE</div>`, true},
	} {
		raw := "From: a@example.com\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n" + c.plain +
			"\n--b\nContent-Type: text/html\n\n" + c.html + "\n--b--\n"
		m, err := Read([]byte(raw), DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if r := Typed(m); r.Disagree != c.disagree {
			t.Errorf("%q and %q: disagree %v", c.plain, c.html, r.Disagree)
		}
	}
}
