package mailread

import (
	"slices"
	"strings"
)

// Button is the answer that stands in the subject of a mail in which nothing was
// typed: Outlook's voting buttons send "Approve: Your decision", and some people
// write their answer there. The subject is quoted and rewritten on every reply,
// so it decides nothing; but its sender should be told what does.
func Button(m *Message, typed string) string {
	word, _, found := strings.Cut(m.Subject, ":")
	if !found || !blank(typed) {
		return ""
	}
	_, _, keyword := keywordLine(word)
	almost := slices.Contains(vocabulary.almost, strings.ToLower(word))
	if keyword || almost || begins.accepted.MatchString(word) {
		return word
	}
	return ""
}
