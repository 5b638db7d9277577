package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// heldFor is for how long a held mail waits for its sender's word.
const heldFor = 7 * 24 * time.Hour

// hold keeps what an unproven mail would do from being done: it waits until the
// person it is from says, from their own mailbox, that it is theirs. A mail that
// does nothing is answered like any other, to that mailbox.
func (c *conversation) hold() {
	if c.level() != Unproven && !c.appointsUnproven() || c.about != nil || !c.decides() {
		return
	}
	would := c.out
	c.out.Events, c.out.Appointed, c.out.Change, c.out.Ballot, c.number = nil, nil, c.before, "", nil
	if would.Disposition == Answered && !keeps(would.Events) {
		return // a comment on the way to being asked back
	}
	c.out.Notices, c.out.Refusal = nil, nil
	why := c.proof.Why
	if c.level() == ByToken {
		why = "nothing here proves senders, and no token speaks for who names a deputy"
	}
	c.end(Held, "it is not proven who sent it: %s", why)
	c.held = &storage.Held{
		ID: "held-" + c.sha[:24], KeyID: c.Keys.Current, Folder: c.in.Folder, UIDValidity: c.in.UIDValidity, UID: c.in.UID,
		Person: c.out.Person, At: c.now, Until: c.now.Add(heldFor),
	}
	c.out.Notices = []policy.Notice{{
		Kind: policy.AskConfirmation, To: c.out.Person, Ballot: policy.BallotID(c.held.ID), Given: wanted(would),
		Text: why, Why: "A mail came from your address.",
	}}
}

// wanted says what the mail would do, for the person who is asked about it.
func wanted(would Outcome) policy.Form {
	what := map[Disposition]string{Accepted: "propose a change", NotedDown: "file a comment"}[would.Disposition]
	switch {
	case would.Appointed != nil:
		what = "say who stands in for you"
	case would.Answer.Keyword != policy.NoKeyword:
		what = "answer " + string(would.Answer.Keyword)
	}
	return policy.Form{policy.LabelReply: cmp.Or(what, "answer")}
}

// confirmed takes the word of a person on a mail that was held: YES has it
// decided now, as if it came now; NO ends it and is told to the operators. Who
// has the token has the mailbox it was sent to.
func (c *conversation) confirmed(ctx context.Context) (bool, error) {
	tokens, err := c.tokensFor(ctx, c.message, paper.Confirm)
	if err != nil || len(tokens) == 0 {
		return false, err
	}
	tokens = slices.DeleteFunc(tokens, func(t storage.Token) bool { return t.Person != c.out.Person })
	if len(tokens) == 0 {
		c.end(Answered, "%s: the word asked for is somebody else's", policy.RefusedWrongPerson)
		c.refuse(policy.AnswerRefused, &policy.Refusal{
			Code: policy.RefusedWrongPerson, Reason: "You answered a mail that asked somebody else whether a mail is theirs. Nothing was decided.", Hint: "Ask them to answer it themselves.",
		})
		return true, nil
	}
	c.vouched = true
	held, raw, err := c.tx.LockHeld(ctx, string(tokens[0].Ballot))
	if err != nil {
		return false, err
	}
	c.out.Typed = c.Habits.Typed(c.message)
	yes, said := mailread.ReadConfirmation(c.out.Typed.Text)
	switch {
	case held.Ended != nil:
		c.settled("You have said already whether that mail is yours.", "Nothing more is needed.")
	case !said:
		c.settled("Your mail says neither YES nor NO.", "Answer with one of these words on the first line, and leave the quoted text in the mail.")
	case !c.now.Before(held.Until):
		c.settled(fmt.Sprintf("That mail waited for your word until %s and is forgotten.", held.Until.In(c.location()).Format("2 January 2006")), "If it still matters, send it again.")
	case !yes:
		return true, c.deny(ctx, held)
	default:
		return true, c.decideHeld(ctx, held, raw)
	}
	return true, nil
}

func (c *conversation) settled(reason, hint string) {
	c.end(Answered, "%s", reason)
	c.refuse(policy.AnswerRefused, &policy.Refusal{Code: policy.RefusedProblems, Reason: reason, Hint: hint})
}

// deny ends a held mail that was not its sender's.
func (c *conversation) deny(ctx context.Context, held storage.Held) error {
	c.end(Answered, "a held mail is not theirs")
	c.out.Notices = append(c.out.Notices, policy.Notice{Kind: policy.AnswerDenied, To: c.out.Person, Why: "You wrote to " + c.Org.Mailbox + "."})
	c.tellOperators(policy.OperatorSpoofed, fmt.Sprintf("%s says that a mail in their name, received on %s, is not theirs. Nothing was decided by it. It lies in the folder for what needs attention.",
		c.dir.Name(c.out.Person), held.At.In(c.location()).Format("2 January 2006, 15:04")))
	return c.tx.EndHeld(ctx, held.ID, storage.Denied, c.Desk.now())
}

// decideHeld decides the held mail as of now. What it leads to is this mail's
// doing; what was attached lies in the archive with the held one.
func (c *conversation) decideHeld(ctx context.Context, held storage.Held, raw []byte) error {
	in := Incoming{Folder: held.Folder, UIDValidity: held.UIDValidity, UID: held.UID, Received: c.in.Received, Size: int64(len(raw)), Raw: raw, Again: c.in.Again}
	mail := c.take(in)
	mail.proof = mailread.Proof{Proven: true, How: "confirmed by a mail from " + c.message.From.Address}
	about, err := c.begin(ctx, c.tx, mail)
	if err != nil {
		return err
	}
	about.explaining = c.explaining
	if err := about.read(ctx); err != nil {
		return err
	}
	if about.out.Disposition == Duplicate {
		c.settled("That mail was counted meanwhile.", "Nothing more is needed.")
	} else {
		message := c.out.Message
		c.before, c.number, c.about, c.out = about.before, about.number, about, about.out
		c.out.Message = message
		c.out.Reason = strings.TrimSpace("the held mail " + held.Key().String() + ": " + c.out.Reason)
	}
	return c.tx.EndHeld(ctx, held.ID, storage.Confirmed, c.Desk.now())
}
