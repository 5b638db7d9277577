package mailread

import (
	"regexp"
	"slices"
	"strings"
)

// How mail servers report that know nothing of RFC 3464. Each names a recipient
// on a line of their own, and says below it, or behind it, what went wrong:
//
//	qmail     <cto@example.com>:
//	          Sorry, no mailbox here by that name. (#5.1.1)
//	Exim        cto@example.com
//	              550 5.1.1 User unknown
//	Exchange        cto@example.com on 11/23/2026 9:14 AM
//	                  The e-mail account does not exist.
//	sendmail  <cto@example.com>
//	              (reason: 550 5.1.1 User unknown)

// toldAbout is such a line.
var toldAbout = regexp.MustCompile(`^\s{0,20}(?:rcpt to:\s?)?<?([^\s<>,;:"()\[\]]{1,64}@[^\s<>,;:"()\[\]]{1,255}?)>?(?:$|\s*:\s?(.*)$|\s+on \d.*$|\s*\(.{0,200}\)\s*$|\.{3}\s?(.*)$)`)

// copyBelow is a line with the mail itself or its header below it.
var copyBelow = regexp.MustCompile(`(?i)^\s*-*\s*(below this line is a copy|this is a copy of the|original message( follows| headers)?|returned message|unsent message below|message header follows|the header of the original message|diagnostic information for administrators|transcript of session follows|included is (a|the) copy)|^\s*(return-path|received):\s`)

// onlyLate says that the mail is still on its way.
var onlyLate = regexp.MustCompile(`(?i)\b(delayed|still being retried|could not send message for (the )?past|has not (yet )?been delivered( yet)?|not yet been delivered|will be (retried|kept trying)|keep trying|do not need to (resend|do anything)|this is a warning message only)\b`)

// mostLines is how far such a text is read.
const mostLines = 200

// toldInWords reads such a text. Where it names nobody it may be about anybody.
func toldInWords(m *Message) []Reported {
	lines := strings.Split(m.anyText(), "\n")
	lines = lines[:min(len(lines), mostLines)]
	if i := slices.IndexFunc(lines, copyBelow.MatchString); i >= 0 {
		lines = lines[:i]
	}
	failed := !onlyLate.MatchString(m.Subject + "\n" + m.opening(12))
	var list []Reported
	for i, line := range lines {
		found := toldAbout.FindStringSubmatch(line[:min(len(line), 1000)])
		if found == nil {
			continue
		}
		words := serverWords(oneSpace(found[2] + " " + found[3] + " " + strings.Join(saidBelow(lines[i+1:]), " ")))
		list = append(list, Reported{[]string{strings.ToLower(strings.TrimRight(found[1], "."))}, failed, words})
	}
	return orNamed(m, list, failed)
}

// saidBelow are the lines up to the next recipient or an empty line.
func saidBelow(lines []string) []string {
	end := slices.IndexFunc(lines, func(line string) bool { return blank(line) || toldAbout.MatchString(line) })
	if end < 0 {
		end = len(lines)
	}
	return lines[:min(end, 8)]
}

// orNamed adds those the header names (Exim, Gmail) and the text does not. Where
// neither names anybody, it must be a report by its words: a postmaster may be a
// person.
func orNamed(m *Message, list []Reported, failed bool) []Reported {
	for _, a := range addresses(m.Header("X-Failed-Recipients")...) {
		if !slices.ContainsFunc(list, func(r Reported) bool { return slices.Contains(r.Addresses, a) }) {
			list = append(list, Reported{[]string{a}, failed, serverWords(m.opening(2))})
		}
	}
	if len(list) == 0 && (begins.bounce.MatchString(m.Subject) || programs.MatchString(m.opening(3))) {
		list = []Reported{{Failed: failed, Words: serverWords(m.opening(2))}}
	}
	return list
}
