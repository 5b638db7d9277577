// Package mailread turns the bytes of a mail into what a person said: who the
// mail says it is from, whether a person sent it at all, what they typed, and
// the proposal or the answer in it.
//
// It is a chain of small pure steps, each in its own file with its own
// fixtures in testdata:
//
//	repair.go     lenient about what real gateways do to headers and boundaries,
//	              strict about size, depth and number of parts
//	parts.go      MIME parts to body text and attachments
//	html.go       HTML to lines, quotations and hidden text known
//	automatic.go  mail no person sent
//	typed.go      quotation and signature cut away, and which rule cut what
//	answer.go     keyword and fields of an answer
//	proposal.go   fields of a proposal
//
// Two promises bind all of it. Nothing is searched for: a keyword counts only
// where it is the whole first typed line, and in doubt there is none. And no
// step takes more than linear time, whatever the mail.
//
// Words people use are in one file for each language (english.go).
package mailread
