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
	List          = "list"
	Reaction      = "reaction"
	NullSender    = "null-sender"
)

// A sign is one way to know a class of automatic mail.
type sign struct {
	class string
	shows func(m *Message) bool
}

// signs are asked in order: the first that shows names the class.
// X-Auto-Response-Suppress is none: Exchange sets it on what people write.
var signs = []sign{
	{Receipt, func(m *Message) bool { return m.report() == "disposition-notification" }},
	{Bounce, func(m *Message) bool { return m.report() != "" || m.contentType() == "multipart/report" }},
	{Bounce, func(m *Message) bool { return daemon.MatchString(m.From.Address) }},
	{Reaction, func(m *Message) bool { return m.reaction }},
	{Calendar, func(m *Message) bool { return calendarReplies[m.calendar] }},
	{Vacation, func(m *Message) bool { return outOfOffice.MatchString(m.Subject) }},
	{Vacation, func(m *Message) bool {
		return m.hasAny("X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply")
	}},
	{Vacation, func(m *Message) bool { return contains([]string{"auto_reply", "auto-reply"}, m.word("Precedence")) }},
	{AutoSubmitted, func(m *Message) bool { return m.word("Auto-Submitted") != "" && m.word("Auto-Submitted") != "no" }}, // RFC 3834, 2
	{List, func(m *Message) bool { return m.hasAny("List-Id") }},
	{List, func(m *Message) bool { return contains([]string{"bulk", "list", "junk"}, m.word("Precedence")) }},
	{NullSender, func(m *Message) bool { return strings.ReplaceAll(m.first("Return-Path"), " ", "") == "<>" }},
}

var (
	daemon          = regexp.MustCompile(`^(mailer-daemon|postmaster)(@|\+)`)
	calendarReplies = map[string]bool{"REPLY": true, "COUNTER": true, "DECLINECOUNTER": true, "REFRESH": true}
	outOfOffice     = regexp.MustCompile(`(?i)^\s*(automatic reply|auto(matic)?[ -]?(reply|response)|autoreply|out of (the )?office|ooo|vacation (reply|response)|away from (the )?office|` +
		`automatische antwort|abwesenheitsnotiz|abwesenheit|abwesend|réponse automatique|absence du bureau|absent du bureau|` +
		`respuesta automática|fuera de la oficina|risposta automatica|fuori ufficio|automatisch antwoord|afwezig|autosvar|automatiskt svar|automaattinen vastaus|` +
		`resposta automática|ausência|automatyczna odpowiedź|automatická odpověď|автоответ|自动回复|自動返信)(\s*(auto-?reply|message|assistant))?\s*([:：]|$|\(|re:)`)
)

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

func (m *Message) hasAny(names ...string) bool {
	return slices.ContainsFunc(names, m.header.Has)
}

// word is the first word of a field, without parameters and comments.
func (m *Message) word(name string) string {
	value, _, _ := strings.Cut(strings.ToLower(m.first(name)), ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.TrimSpace(value)
}
