package mailread

import (
	"strings"
	"testing"
)

// In each of the languages, what its programs send by themselves is known by
// its words alone, and what people say of it stays theirs.
func TestAutomaticInEveryLanguage(t *testing.T) {
	if len(machines) < 15 {
		t.Fatalf("there are %d languages", len(machines))
	}
	for _, w := range machines {
		t.Run(w.language, func(t *testing.T) {
			for word := range strings.SplitSeq(w.vacation, "|") {
				wantClass(t, Vacation, word+": Your decision", "Bonjour!")
				wantClass(t, "", "Re: "+word+": Your decision", "Who is that?")
			}
			for words := range strings.SplitSeq(w.formula, "|") {
				wantClass(t, Vacation, "Re: Your decision", "*** "+words+" …\n\nAPPROVE")
				wantClass(t, "", "Re: Your decision", "APPROVE\n\n> "+words+" …")
			}
			yours, _, _ := strings.Cut(w.yourMail, "|")
			for word := range strings.SplitSeq(w.bounce, "|") {
				wantClass(t, Bounce, word+": Your decision", yours+" …")
				wantClass(t, "", word+": Your decision", "Why does it say so?")
			}
			for word := range strings.SplitSeq(w.read, "|") {
				wantClass(t, Receipt, word+": Your decision", yours+" …")
				wantClass(t, Receipt, word+": Your decision", "")
				wantClass(t, "", word+": Your decision", "APPROVE")
			}
			for word := range strings.SplitSeq(w.accepted, "|") {
				wantClass(t, Calendar, word+": Maintenance window", "")
				wantClass(t, "", word+": Maintenance window", "I shall be late.")
				wantClass(t, "", word+": [CHG-2026-0042] Your decision", "")
			}
		})
	}
}

// What people write is theirs, also where it sounds like a machine.
func TestPeopleAreNotAutomatic(t *testing.T) {
	for _, human := range []struct{ header, subject, text string }{
		{"", "Out of office hours: the switch", "Title: Switch the core router"},
		{"", "Read replica for billing", "Title: Read replica"},
		{"", "Accepted risk: see below", "APPROVE"},
		{"", "Ticket system upgrade", "Title: Upgrade the ticket system to 7.0"},
		{"", "Undeliverable mail is not reported", "Title: Report mail that cannot be delivered"},
		{"", "Warning: the disk is full", "Title: A larger disk"},
		{"", "Re: [Ticket#42] has been received", "Please put this into production."},
		{"", "Automatic replies for support@", "Title: Automatic replies for the support mailbox"},
		{"", "Re: Your decision", "APPROVE\nJustification: This is an automatic failover, tested in June"},
		{"", "Re: Your decision", "I reacted to your message too fast. REJECT it."},
		{"Precedence: first-class\n", "Re: Your decision", "APPROVE"},
		{"Auto-Submitted: no\n", "Re: Your decision", "APPROVE"},
		{"Auto-Submitted: (a comment)\n", "Re: Your decision", "APPROVE"},
		{"X-Auto-Response-Suppress: All\n", "Re: Your decision", "APPROVE"},
		{"Feedback-ID: a:b:c\n", "Re: Your decision", "APPROVE"},
		{"Return-Path: <cto@example.com>\n", "Re: Your decision", "APPROVE"},
		{"Content-Class: urn:content-classes:message\n", "Re: Your decision", "APPROVE"},
	} {
		m := readText(t, human.header+"Subject: "+human.subject+"\n", human.text)
		if class := Automatic(m); class != "" {
			t.Errorf("%s%q %q is taken for %s", human.header, human.subject, human.text, class)
		}
	}
}

// Fields of the header that no person's mail program sets.
func TestAutomaticByTheHeader(t *testing.T) {
	for header, class := range map[string]string{
		"Auto-Submitted: AUTO-GENERATED":                         AutoSubmitted,
		"Auto-Submitted: auto-notified; owner-email=a@b.example": AutoSubmitted,
		"Auto-Submitted: (x) auto-replied (y)":                   AutoSubmitted,
		"X-Autoreply: yes":                                       Vacation,
		"X-Auto-Reply: 1":                                        Vacation,
		"X-Autorespond: Your decision":                           Vacation,
		"X-Autoresponder: yes":                                   Vacation,
		"Precedence: auto_reply":                                 Vacation,
		"X-Precedence: auto-reply":                               Vacation,
		"Precedence: junk (really)":                              List,
		"List-Id: <tech.example.com>":                            List,
		"X-Failed-Recipients: cto@example.com":                   Bounce,
		"Content-Class: urn:content-classes:dsn":                 Bounce,
		"X-Delivery-Agent: TMDA/1.1.12":                          Challenge,
		"X-OTRS-Loop: support@example.com":                       Ticket,
		"Return-Path: < >":                                       NullSender,
		"Return-Path: <> (nobody)":                               NullSender,
	} {
		m := readText(t, header+"\nSubject: Re: Your decision\n", "APPROVE")
		if got := Automatic(m); got != class {
			t.Errorf("%s: %q, want %q", header, got, class)
		}
	}
}

func wantClass(t *testing.T, class, subject, text string) {
	t.Helper()
	if got := Automatic(readText(t, "Subject: "+subject+"\n", text)); got != class {
		t.Errorf("%q over %q is %q, want %q", subject, text, got, class)
	}
}
