package mailtmpl

import (
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// PurposeOf is what the token of a mail is good for: one mail asks for a word on
// another, all others for answers to a ballot.
func PurposeOf(kind policy.NoticeKind) paper.Purpose {
	if kind == policy.AskConfirmation {
		return paper.Confirm
	}
	return paper.Mail
}

// confirmations are the two words that say whether a mail is the reader's own.
func confirmations(d Data) []Choice {
	var list []Choice
	for _, c := range []struct {
		word policy.Keyword
		to   string
	}{
		{"YES", "say that it is yours, so that it counts now"},
		{"NO", "say that it is not, so that it is dropped and the operators are told"},
	} {
		list = append(list, Choice{
			Keyword: c.word, Sentence: glue("To " + c.to + ", answer with " + string(c.word) + " on the first line."),
			Button: "Answer " + string(c.word), Mailto: mailto(d, c.word, nil),
		})
	}
	return list
}

// Wanted is what the mail the reader is asked about would do: "answer APPROVE".
func (d Data) Wanted() string { return said(strings.TrimSpace(d.Notice.Given.Get(policy.LabelReply))) }
