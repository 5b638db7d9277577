// Package mailtmpl turns what policy wants said into mails.
//
// Each [policy.NoticeKind] has one template of that name in notices/, which
// holds only wording: the subject, the lead, further notes, and the names of
// the facts to show, which facts.go looks up. Together with the receipt, the
// answers the reader can give and the footer they make a [Letter], and two
// layouts render the same letter as text and as HTML, so that both say the same.
//
// # Quoting a mail can never answer it
//
// No line of the text part is a keyword, a label, or a filled "Label: value"
// line. Fields stand in two columns without colons; every further line of what
// people wrote begins with [paper.Mark]; keywords stand inside sentences, tied
// to their neighbors by no-break spaces so that no client's wrapping sets
// one alone on a line. The HTML part keeps name and value on one line of text
// (a two-cell table row pasted back would read as a field).
//
// # Slots
//
// What is only known when the mail leaves, the token, is a typed [Segment]. The
// layouts cut the text where they call Slot; text people wrote passes through
// the templates as data and cannot cut anything.
//
// The package reads no clock, rolls no dice and does no input or output: dates
// and Message-IDs are handed in. docs/templates.md lists what a template sees.
package mailtmpl
