package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// unclear says why a mail that holds something like a keyword decides nothing.
var unclear = map[string]string{
	mailread.UnclearTwo:      "Your mail says two different things.",
	mailread.UnclearSentence: "In your mail the keyword stands inside a sentence, so it is not clear whether that is your decision.",
	mailread.UnclearLater:    "In your mail the keyword does not stand on the first line.",
	mailread.UnclearAlmost:   "Your mail begins with a word that is almost a keyword.",
}

// button is the answer in the subject of a mail in which nothing was typed.
func (c *conversation) button() string {
	return mailread.Button(c.out.Message, c.out.Typed.Text)
}

// askBack answers a mail on an open ballot that says nothing the ballot takes:
// it is filed as a comment, and one polite answer says so.
func (c *conversation) askBack(ctx context.Context) error {
	reason := "Your mail does not begin with a keyword, so it was filed as a comment."
	switch {
	case c.out.Answer.Unclear != "":
		reason = unclear[c.out.Answer.Unclear]
	case c.button() != "":
		reason = fmt.Sprintf("Your mail is empty and its subject begins with %q, as a voting button has it. A subject decides nothing.", c.button())
	case strings.TrimSpace(c.out.Typed.Text) == "":
		reason = "Your mail is empty, as far as it could be read."
	case mailread.LooksLikeProposal(c.out.Typed.Text):
		reason = "Your mail holds fields of a proposal, but does not say what is to become of them."
	}
	r := &policy.Refusal{Code: policy.RefusedNotAnAnswer, Reason: reason, Ballot: c.openBallot(), Hint: "Begin your answer with one of the words below, alone on the first line."}
	switch b, _ := c.before.Ballot(r.Ballot); {
	case mailread.LooksLikeProposal(c.out.Typed.Text):
		r.Hint = "To amend the proposal, begin with AMEND, alone on the first line, and the new fields below it. To propose another change, write a new mail."
	case r.Ballot == "":
		r.Hint = "No ballot of yours is open on this change. Write STATUS to see where it stands."
	case b.Kind == policy.BallotCorrection:
		r.Hint = "Send the missing lines, each as the label, a colon and the value."
	case b.Kind == policy.BallotQuestion:
		r.Hint = "Write your answer in your own words above the line."
	}
	if err := c.note(ctx); err != nil {
		return err
	}
	c.end(Answered, "no keyword")
	c.unanswered(r)
	return nil
}

// unread answers a mail that could not be read as an answer.
func (c *conversation) unread(reason, hint string) {
	c.end(Answered, "%s", reason)
	c.unanswered(&policy.Refusal{Code: policy.RefusedNotAnAnswer, Reason: reason, Hint: hint, Ballot: c.openBallot()})
}

// unanswered asks the ballot again, with what was typed filled in: only to whom
// held its paper, for the words of anybody else are not theirs.
func (c *conversation) unanswered(r *policy.Refusal) {
	c.refuse(policy.AnswerUnread, r)
	if r.Ballot == "" || r.Ballot != c.paper.ballot {
		return
	}
	given := policy.Form{}.With(c.out.Answer.Form)
	words := c.out.Answer.Words()
	for _, l := range []policy.Label{policy.LabelReason, policy.LabelQuestion} {
		if given.Get(l) == "" {
			given[l] = words
		}
	}
	c.out.Notices[len(c.out.Notices)-1].Given = given
}
