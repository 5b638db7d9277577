package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

// A printer writes a change for a person at a terminal.
type printer struct {
	io.Writer
	location *time.Location
}

func (p printer) change(s shown, held policy.Hold) {
	fmt.Fprintf(p, "%s  %s\n%s", s.Number, s.Title, s.State.Reads(s.Outstanding))
	if s.Revision > 0 {
		fmt.Fprintf(p, ", revision %d (%s)", s.Revision, policy.ShortHash(s.Hash))
	}
	fmt.Fprintf(p, ", proposed by %s on %s\n", s.Proposer, p.at(s.Opened))
	if held.Why != "" {
		fmt.Fprintf(p, "held up: %s\n", held.Why)
	}
	for _, m := range s.Marks {
		fmt.Fprintf(p, "marked %s: %s\n", m.Kind, m.Text)
	}
	p.title("Proposal", true)
	p.form(s.Proposal)
	p.title("Missing", len(s.Problems) > 0)
	for _, missing := range s.Problems {
		fmt.Fprintf(p, "  %s\n", missing.Text)
	}
	p.title("Decisions", len(s.Decisions) > 0)
	for _, d := range s.Decisions {
		p.decision(d)
	}
	p.title("Said besides", len(s.Acts)+len(s.Comments) > 0)
	for _, a := range s.Acts {
		fmt.Fprintf(p, "  %s  %s by %s\n", p.at(a.At), orElse(string(a.Keyword), "answered"), orElse(string(a.By), "an operator"))
		p.form(a.Fields)
	}
	for _, c := range s.Comments {
		fmt.Fprintf(p, "  %s  a comment by %s\n    %s\n", p.at(c.At), c.By, strings.ReplaceAll(c.Text, "\n", "\n    "))
	}
	p.title("Waiting for", len(s.WaitingFor) > 0)
	for _, w := range s.WaitingFor {
		fmt.Fprintf(p, "  %s: %s, since %s, due %s%s\n", w.Person, w.Ballot, p.at(w.Since), p.at(w.Due), away(w))
	}
	p.told(s.Distribution)
	p.mails(s.Mails)
}

func away(w waitingFor) string {
	if w.Away == "" {
		return ""
	}
	return "; away until " + w.Away + ", says an automatic reply"
}

func (p printer) at(t time.Time) string { return at(t, p.location) }

func (p printer) title(text string, wanted bool) {
	if wanted {
		fmt.Fprintf(p, "\n%s\n", text)
	}
}

func (p printer) decision(d decision) {
	who := string(d.Person)
	if d.For != "" {
		who += " for " + string(d.For)
	}
	fmt.Fprintf(p, "  %s  %s by %s (%s; %s)\n", p.at(d.At), orElse(string(d.Answer), "answered"), who, d.Ballot, mailtmpl.Proof(d.Proof))
	p.form(d.Fields)
	for _, f := range d.Files {
		fmt.Fprintf(p, "    attached %s, %s, SHA-256 %.12s…\n", f.Name, count(f.Size, "byte", "bytes"), f.SHA256)
	}
}

func (p printer) form(f policy.Form) {
	w := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for _, l := range f.Labels() {
		label := string(l)
		for line := range strings.SplitSeq(f.Get(l), "\n") {
			fmt.Fprintf(w, "    %s\t%s\n", label, line)
			label = ""
		}
	}
	w.Flush() //nolint:errcheck // a terminal that is gone reads nothing
}

// told counts those whom the report (7) was sent to and names the others.
func (p printer) told(all []delivered) {
	var rest []delivered
	excused := 0
	for _, d := range all {
		if d.State != "sent" {
			rest = append(rest, d)
		}
		if d.Excused != nil {
			excused++
		}
	}
	title := fmt.Sprintf("Told (7): %d of %d sent", len(all)-len(rest), len(all))
	if excused > 0 {
		title += fmt.Sprintf(", %d excused", excused)
	}
	p.title(title, len(all) > 0)
	for _, d := range rest {
		fmt.Fprintln(p, strings.TrimRight(fmt.Sprintf("  %s to %s since %s %s", d.State, d.Recipient, p.at(d.At), d.Error), " "))
		if e := d.Excused; e != nil {
			fmt.Fprintf(p, "    excused on %s: %s\n", p.at(e.At), e.Reason)
		}
	}
}

// mails counts the mails that went well and names those that did not.
func (p printer) mails(mails []mailed) {
	var rest []mailed
	for _, m := range mails {
		if m.State != "sent" && (m.State != "superseded" || m.Error != "") {
			rest = append(rest, m)
		}
	}
	fmt.Fprintf(p, "\nMails: %d of %d sent or superseded\n", len(mails)-len(rest), len(mails))
	for _, m := range rest {
		fmt.Fprintln(p, strings.TrimRight(fmt.Sprintf("  %s %s to %s since %s %s", m.State, m.Notice, m.Recipient, p.at(m.At), m.Error), " "))
	}
}
