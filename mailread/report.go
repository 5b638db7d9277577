package mailread

import (
	"regexp"
	"slices"
	"strings"
)

// A Report is what a mail server says became of a mail of ours. Anybody can
// write one, so it may be told and noted down; nothing is ever decided by it.
type Report struct {
	Of []string // Message-IDs of the mail it may be about, the surest first
	To []Reported
}

// A Reported is what it says of one recipient.
type Reported struct {
	Addresses []string // by which the recipient is known; none where it says of no one in particular
	Failed    bool     // it will never arrive; otherwise it is delayed, or did arrive
	Words     string   // the server's, on one line
}

// ReadReport reads a delivery report: one as RFC 3464 has it, or the text of a
// server that knows no such form. It is empty for mail of another class.
func ReadReport(m *Message) Report {
	if Automatic(m) != Bounce {
		return Report{}
	}
	r := Report{Of: m.reportedIDs(), To: m.statuses()}
	if len(r.To) == 0 {
		r.To = toldInWords(m)
	}
	return r
}

// About is what the report says of the recipient of a mail. One that names
// nobody is about them.
func (r Report) About(address string) (Reported, bool) {
	for _, to := range r.To {
		if len(to.Addresses) == 0 || slices.ContainsFunc(to.Addresses, func(a string) bool { return sameMailbox(a, address) }) {
			return to, true
		}
	}
	return Reported{}, false
}

// sameMailbox compares an address a server reports with one we wrote to: some
// servers leave their own domain out.
func sameMailbox(reported, ours string) bool {
	local, _, _ := strings.Cut(ours, "@")
	return strings.EqualFold(reported, ours) || strings.EqualFold(reported, local)
}

// A returnedPart is a part of a delivery report: what became of the mail, or
// the mail itself, in full or its header alone.
type returnedPart struct {
	status bool
	text   string
}

var returnedKinds = map[string]bool{
	"message/delivery-status": true, "message/global-delivery-status": true,
	"message/rfc822": false, "text/rfc822-headers": false, "message/rfc822-headers": false, "text/rfc822": false,
	"message/global": false, "message/global-headers": false,
}

// mostReturned is how much of such a part is kept: its header is in it.
const mostReturned = 64 << 10

func (p *partReader) noteReturned(kind string, data []byte) {
	if status, is := returnedKinds[kind]; is && len(p.returned) < 10 {
		p.returned = append(p.returned, returnedPart{status, decoded(data[:min(len(data), mostReturned)])})
	}
}

func (m *Message) reportsDelivery() bool {
	return slices.ContainsFunc(m.returned, func(p returnedPart) bool { return p.status })
}

var idLine = regexp.MustCompile(`(?im)^[ \t>|]{0,20}(?:x-original-)?message-id:\s{0,20}<([^<>\s]{1,990})>`)

// reportedIDs are the ids of the mail the report is about: that of the returned
// header, that in the text, those it is a reply to.
func (m *Message) reportedIDs() []string {
	var list []string
	add := func(id string) {
		if id != "" && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	for _, p := range m.returned {
		if !p.status {
			add(messageID(headerFields(p.text)["message-id"]))
		}
	}
	for _, found := range idLine.FindAllStringSubmatch(m.anyText()[:min(len(m.anyText()), mostReturned)], 10) {
		add(found[1])
	}
	for _, id := range m.InReplyTo {
		add(id)
	}
	if n := len(m.References); n > 0 {
		add(m.References[n-1])
	}
	return list
}

// anyText is the text, or the formatted one where there is no other.
func (m *Message) anyText() string {
	if blank(m.Text) {
		return m.HTMLText
	}
	return m.Text
}

// headerFields are the fields of a header up to its end, by their names in small
// letters; of several, the first.
func headerFields(text string) map[string]string {
	fields := map[string]string{}
	last := ""
	for line := range strings.SplitSeq(strings.TrimLeft(text, "\n"), "\n") {
		if blank(line) {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" {
				fields[last] += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, found := strings.Cut(line, ":")
		last = strings.ToLower(strings.TrimSpace(name))
		if _, had := fields[last]; !found || had {
			last = ""
			continue
		}
		fields[last] = strings.TrimSpace(value)
	}
	return fields
}

// statuses reads the parts of the report that are for machines (RFC 3464, 2.1):
// fields about the mail, and after each blank line fields about a recipient.
func (m *Message) statuses() []Reported {
	var list []Reported
	for _, p := range m.returned {
		if !p.status {
			continue
		}
		for _, group := range groupEnd.Split(p.text, mostRecipients) {
			if to, ok := statusOf(headerFields(group)); ok {
				list = append(list, to)
			}
		}
	}
	return list
}

var groupEnd = regexp.MustCompile(`\n[ \t]*\n`)

// mostRecipients are read of one report.
const mostRecipients = 200

func statusOf(f map[string]string) (to Reported, ok bool) {
	if f["final-recipient"] == "" && f["action"] == "" { // they are about the mail
		return Reported{}, false
	}
	for _, name := range []string{"final-recipient", "original-recipient", "x-actual-recipient"} {
		if a := recipientIn(f[name]); a != "" && !slices.Contains(to.Addresses, a) {
			to.Addresses = append(to.Addresses, a)
		}
	}
	if len(to.Addresses) == 0 {
		return Reported{}, false
	}
	status := strings.TrimSpace(comment.ReplaceAllString(f["status"], ""))
	action := keywordOf(f["action"])
	to.Failed = action == "failed" || action == "" && strings.HasPrefix(status, "5")
	to.Words = serverWords(afterType(f["diagnostic-code"]))
	if to.Words == "" {
		to.Words = serverWords(oneSpace(action + " " + status))
	}
	return to, true
}

// recipientIn is the address in a field such as "rfc822; cto@example.com".
func recipientIn(value string) string {
	value = afterType(value)
	if a := addresses(value); len(a) > 0 {
		return a[0]
	}
	return strings.ToLower(strings.Trim(oneSpace(value), "<> "))
}

// afterType is the value without its type (RFC 3464, 2.1.2).
func afterType(value string) string {
	if kind, rest, found := strings.Cut(value, ";"); found && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		return rest
	}
	return value
}

// mostWords is how much of what a server says is told.
const mostWords = 300

func serverWords(text string) string {
	text = oneSpace(Clean(text))
	if r := []rune(text); len(r) > mostWords {
		return string(r[:mostWords]) + " …"
	}
	return text
}
