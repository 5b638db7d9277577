package mailread

import (
	"regexp"
	"slices"
	"strings"
)

// The classes of mail no person sent.
const (
	AutoSubmitted = "auto-submitted"
	Bounce        = "bounce"
	Receipt       = "receipt"
	Calendar      = "calendar"
	Vacation      = "vacation"
	Challenge     = "challenge"
	Ticket        = "ticket"
	List          = "list"
	Reaction      = "reaction"
	NullSender    = "null-sender"
)

// A sign is one way to know a class of automatic mail.
type sign struct {
	class string
	shows func(m *Message) bool
}

// signs are asked in order: the first that shows names the class. First comes
// what says so by its form, then by a field of the header, last by its words.
//
// X-Auto-Response-Suppress is none: Exchange sets it on what people write. Nor
// is Feedback-ID, which a relay sets on all that leaves a company. What a rule
// of a mailbox forwards (auto-forwarded) is automatic: an answer to it might be
// forwarded to us again, and so for ever.
var signs = []sign{
	{Receipt, func(m *Message) bool { return m.report() == "disposition-notification" || m.class("mdn") }},
	{Bounce, func(m *Message) bool {
		return m.report() != "" || m.contentType() == "multipart/report" || m.class("dsn")
	}},
	{Bounce, func(m *Message) bool { return daemon.MatchString(m.From.Address) || m.has("X-Failed-Recipients") }},
	{Bounce, func(m *Message) bool { return m.reportsDelivery() && (m.autoSubmitted() || m.nullSender()) }},
	{Bounce, bounceInWords},
	{Reaction, func(m *Message) bool { return m.reaction }},
	{Calendar, func(m *Message) bool { return calendarReplies[m.calendar] || m.class("calendarmessage") }},
	{Vacation, func(m *Message) bool { return begins.vacation.MatchString(m.Subject) }},
	{Vacation, func(m *Message) bool {
		return m.has("X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Mail-Autoreply")
	}},
	{Vacation, func(m *Message) bool {
		return m.says("Precedence", "auto_reply", "auto-reply") || m.says("X-Precedence", "auto_reply", "auto-reply")
	}},
	{Challenge, func(m *Message) bool { return challengeAgent.MatchString(m.first("X-Delivery-Agent")) }},
	{Ticket, func(m *Message) bool {
		return m.has("X-RT-Loop-Prevention", "X-OTRS-Loop", "X-Znuny-Loop", "X-ServiceNow-Generated", "X-FC-MachineGenerated")
	}},
	{AutoSubmitted, (*Message).autoSubmitted},
	{List, func(m *Message) bool { return m.has("List-Id", "List-Unsubscribe", "List-Post") }},
	{List, func(m *Message) bool { return m.says("Precedence", "bulk", "list", "junk") }},
	{NullSender, (*Message).nullSender},
	{Receipt, receiptInWords},
	{Calendar, calendarInWords},
	{Reaction, func(m *Message) bool { return reacted.MatchString(m.opening(1)) }},
	{Challenge, func(m *Message) bool { return challenge.MatchString(m.Subject) }},
	{Ticket, func(m *Message) bool { return ticket.MatchString(m.Subject) }},
	{Vacation, func(m *Message) bool { return formula.MatchString(m.opening(3)) }},
}

var (
	daemon = regexp.MustCompile(`^(mailer-?daemon|mail-daemon|postmaster)(@|\+|$)|^microsoftexchange[0-9a-f]{32}@`)
	// What comes of an invitation; REQUEST and CANCEL are sent by people.
	calendarReplies = map[string]bool{"REPLY": true, "COUNTER": true, "DECLINECOUNTER": true, "REFRESH": true}
	reacted         = regexp.MustCompile(`(?i)^[^\n:]{1,80} (reacted (to your (message|e-?mail)|via gmail)|hat (auf ihre nachricht|über gmail) reagiert|a réagi (à votre message|via gmail))\s*[:.]?\s*(<[^>]*>)?$`)
	challengeAgent  = regexp.MustCompile(`(?i)^\s*TMDA/`)
	challenge       = regexp.MustCompile(`(?i)^\s*(please confirm (your message|delivery)|confirm(ation)? (required|needed) (to deliver|for your (e-?mail|message))|your (e-?mail|message) (requires|needs|is awaiting) (verification|confirmation|approval)|\[?(spamarrest|boxbe|boxtrapper)\b)|\b(verify|conf)#[0-9A-Za-z._-]{8,}`)
	ticket          = regexp.MustCompile(`(?i)^\s*(` +
		`\[?(ticket|case|incident|request|anfrage|vorgang|demande|solicitud|richiesta)[ :]*(id)?[ :]*#? ?[A-Z]{0,5}[-#]?\d{2,}\]?[ :.–-]*.{0,80}\b(has been|was|wurde|a été|ha sido|è stat[ao]) (received|created|opened|logged|registered|erstellt|angelegt|eröffnet|reçue?|créée?|enregistrée?|recibid[ao]|cread[ao]|ricevuta|creata)` +
		`|we (have )?received your (request|ticket|e-?mail|message)` +
		`|(ticket|case|incident) (received|created|opened)\b` +
		`|\[?(ticket|case|incident) ?#? ?\d{2,}\]? (received|created|opened))`)
)

// bounceInWords knows a report of a mail server that has no such form: both its
// subject and how its text opens are a machine's.
func bounceInWords(m *Message) bool {
	return begins.bounce.MatchString(m.Subject) && (programs.MatchString(m.opening(3)) || yourMail.MatchString(m.opening(1)))
}

// receiptInWords knows what Outlook sends to servers that do not speak its
// language: "Read: ", and nothing below it or "Your message … was read".
func receiptInWords(m *Message) bool {
	return begins.read.MatchString(m.Subject) && (m.empty() || yourMail.MatchString(m.opening(1)))
}

// calendarInWords knows "Accepted: " with nothing below it. About a change of
// ours it may well be a person who thinks that is how to answer, and is asked.
func calendarInWords(m *Message) bool {
	return begins.accepted.MatchString(m.Subject) && m.empty() && (m.tnef || !changeNumber.MatchString(m.Subject))
}

// Automatic names the class of automatic mail, or is "" for mail a person sent.
func Automatic(m *Message) string {
	for _, s := range signs {
		if s.shows(m) {
			return s.class
		}
	}
	return ""
}

func (m *Message) contentType() string {
	kind, _, _ := m.header.ContentType()
	return kind
}

// report is the type of a multipart/report (RFC 6522).
func (m *Message) report() string {
	kind, params, _ := m.header.ContentType()
	switch kind {
	case "multipart/report":
		return strings.ToLower(params["report-type"])
	case "message/delivery-status", "message/disposition-notification":
		return strings.TrimPrefix(kind, "message/")
	}
	return ""
}

// class says whether Exchange calls the mail so.
func (m *Message) class(name string) bool {
	return m.says("Content-Class", "urn:content-classes:"+name)
}

// autoSubmitted says whether any such field is not "no" (RFC 3834, 5).
func (m *Message) autoSubmitted() bool {
	return slices.ContainsFunc(m.Header("Auto-Submitted"), func(value string) bool {
		word := keywordOf(value)
		return word != "" && word != "no"
	})
}

func (m *Message) nullSender() bool {
	return strings.ReplaceAll(comment.ReplaceAllString(m.first("Return-Path"), ""), " ", "") == "<>"
}

func (m *Message) has(names ...string) bool {
	return slices.ContainsFunc(names, m.header.Has)
}

// says whether a field is one of the words.
func (m *Message) says(name string, list ...string) bool {
	return slices.Contains(list, keywordOf(m.first(name)))
}

var comment = regexp.MustCompile(`\([^()]*\)`)

// keywordOf is what a field says, without parameters and comments.
func keywordOf(value string) string {
	value, _, _ = strings.Cut(comment.ReplaceAllString(strings.ToLower(value), ""), ";")
	return strings.TrimSpace(value)
}

// empty says whether the mail has no text.
func (m *Message) empty() bool { return blank(m.Text) && blank(m.HTMLText) }

// opening is the first lines of the text with anything on them, quotations too.
func (m *Message) opening(lines int) string {
	text := m.Text
	if blank(text) {
		text = m.HTMLText
	}
	var list []string
	for line := range strings.SplitSeq(text[:min(len(text), 4000)], "\n") {
		if line = oneSpace(line); line != "" {
			list = append(list, line)
		}
		if len(list) == lines {
			break
		}
	}
	return strings.Join(list, "\n")
}
