package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// answer brings what was typed before the policy, or says why it cannot.
func (c *conversation) answer(ctx context.Context) (bool, error) {
	switch a := c.out.Answer; {
	case c.out.Typed.Disagree:
		c.unread("The plain and the formatted part of your mail say different things.", "Send your answer again as plain text.")
	case c.out.Typed.Unsure != "":
		c.unread(fmt.Sprintf("Nobody can say for sure what you typed: %s.", c.out.Typed.Unsure), "Send your answer again as plain text, without encryption.")
	case c.paper.ambiguous:
		c.unread(fmt.Sprintf("Your mail carries several of your ballots (%s), and it is not clear which one it answers.", strings.Join(c.paper.between, ", ")),
			"Answer each ballot by a reply to its own mail, or by its own address or button.")
	case a.Change != "" && c.before.ID != "" && a.Change != c.before.Name():
		c.unread(fmt.Sprintf("You name %s, but the mail you answered is about %s.", a.Change, c.before.Name()), "Answer again by a reply to the mail of the change you mean.")
	case c.paper.change == "":
		return true, c.withoutPaper(ctx)
	case a.Keyword == policy.NoKeyword:
		return true, c.withoutKeyword(ctx)
	default:
		return true, c.say(ctx, a.Keyword, a.Form)
	}
	return true, nil
}

// withoutPaper takes a mail that answers none of the sender's papers: a
// proposal, or an answer that has lost its token.
func (c *conversation) withoutPaper(ctx context.Context) error {
	a := c.out.Answer
	proposal := mailread.ReadProposal(c.out.Typed.Text)
	switch {
	case a.Keyword != policy.NoKeyword && c.before.ID != "":
		c.lostToken(string(a.Keyword))
	case c.button() != "" && c.before.ID != "":
		c.lostToken(c.button())
	case a.Keyword != policy.NoKeyword:
		c.ofNothing()
	case mailread.LooksLikeProposal(c.out.Typed.Text):
		return c.propose(ctx, proposal)
	case c.before.ID != "":
		return c.note(ctx)
	case c.namesOne() != "":
		c.ofNothing()
	default:
		c.end(Answered, "neither a proposal nor an answer")
		c.refuse(policy.AnswerUnread, &policy.Refusal{
			Code: policy.RefusedProblems, Reason: "Your mail is neither a proposal nor an answer to one of ours, as far as it could be read.",
			Hint: "To propose a change, send its fields, each as the label, a colon and the value. Write HELP to get the list.",
		})
	}
	return nil
}

// ofNothing answers a mail that is about no change of ours.
func (c *conversation) ofNothing() {
	word, number := c.out.Answer.Keyword, c.namesOne()
	if number != "" {
		c.end(Answered, "names a change that does not exist")
		c.refuse(policy.AnswerUnknown, &policy.Refusal{
			Code: policy.RefusedUnknown, Reason: fmt.Sprintf("There is no change %s here.", number),
			Hint: "Look at the number once more; to propose a change, send its fields.",
		})
		c.out.Notices[len(c.out.Notices)-1].Text = number
		return
	}
	c.end(Answered, "%s without a ballot or a change", word)
	c.refuse(policy.AnswerUnread, &policy.Refusal{
		Code: policy.RefusedUnknown, Reason: fmt.Sprintf("Your mail says %s, but not about which change.", word),
		Hint: "Answer by a reply to the mail that asked you, and leave the quoted text in it; or write STATUS and the number of the change.",
	})
}

// namesOne is the change number beside the keyword, else the first in subject
// and text.
func (c *conversation) namesOne() string {
	if c.out.Answer.Change != "" {
		return c.out.Answer.Change
	}
	return strings.ToUpper(namedChange.FindString(c.out.Message.Subject + " " + c.out.Typed.Text))
}

// lostToken answers a vote that names a change but carries no token: nothing
// is counted, and the ballot is sent again.
func (c *conversation) lostToken(word string) {
	c.end(Answered, "%s without a token", word)
	r := &policy.Refusal{
		Code: policy.RefusedUnknown, Reason: fmt.Sprintf("Your mail says %s about %s, but it is no reply to a ballot of yours, so nothing was counted.", word, c.before.Name()),
		Hint: fmt.Sprintf("No ballot of yours is open on this change. Write STATUS %s in a new mail, and answer by a reply to what comes.", c.before.Name()),
	}
	if r.Ballot = c.openBallot(); r.Ballot != "" {
		r.Hint = "Your ballot stands below once more: answer by a reply to this mail."
	}
	c.refuse(policy.AnswerUnread, r)
}

// propose opens a change.
func (c *conversation) propose(ctx context.Context, p mailread.ProposalReading) error {
	c.before, c.out.Change, c.out.Ballot = policy.Change{}, policy.Change{}, ""
	if p.Sets > 1 && c.dir.MayPropose(c.out.Person) {
		c.end(Answered, "two proposals in one mail")
		c.refuse(policy.AnswerTwoChanges, &policy.Refusal{
			Code: policy.RefusedProblems, Reason: "Your mail holds two proposals, and none was opened: two changes, two mails.",
		})
		return nil
	}
	form := p.Form
	if form.Get(policy.LabelTitle) == "" && !titleProblem(p.Problems) {
		form = policy.Form{policy.LabelTitle: subjectTitle(c.out.Message.Subject)}.With(form)
	}
	cmd := policy.Command{Kind: policy.CommandPropose, ID: policy.NewChangeID(c.now, c.sha), Form: form, Unclear: p.Problems}
	return c.decide(ctx, cmd, Accepted)
}

func titleProblem(problems []policy.Problem) bool {
	for _, p := range problems {
		if p.Label == policy.LabelTitle {
			return true
		}
	}
	return false
}

// subjectTitle takes a subject for a title where no title is given.
func subjectTitle(subject string) string {
	for {
		before, after, found := strings.Cut(subject, ":")
		if mark := strings.ToLower(strings.TrimSpace(before)); !found || mark != "re" && mark != "fwd" && mark != "fw" {
			return strings.TrimSpace(subject)
		}
		subject = after
	}
}

// withoutKeyword takes an answer that begins with no keyword: a correction or
// the answer to a question needs none; anything else is a comment.
func (c *conversation) withoutKeyword(ctx context.Context) error {
	b, open := c.before.Ballot(c.paper.ballot)
	open = open && b.Open()
	proposal := mailread.ReadProposal(c.out.Typed.Text)
	switch {
	case open && b.Kind == policy.BallotCorrection:
		if len(proposal.Form) == 0 && len(proposal.Problems) == 0 {
			break
		}
		return c.decide(ctx, policy.Command{Kind: policy.CommandAnswer, Ballot: b.ID, Form: proposal.Form, Unclear: proposal.Problems}, Counted)
	case open && b.Kind == policy.BallotQuestion && len(proposal.Form) > 0:
		return c.decide(ctx, policy.Command{Kind: policy.CommandAnswer, Ballot: b.ID, Keyword: policy.KeywordAmend, Form: proposal.Form, Unclear: proposal.Problems}, Counted)
	case open && b.Kind == policy.BallotQuestion && strings.TrimSpace(c.out.Typed.Text) != "":
		return c.decide(ctx, policy.Command{Kind: policy.CommandAnswer, Ballot: b.ID, Form: policy.Form{policy.LabelReply: c.out.Typed.Text}}, Counted)
	case c.before.State.End() && b.Kind == policy.BallotCorrection && len(proposal.Form) > 0 && proposal.Form.Get(policy.LabelTitle) == "":
		// What a draft lacked, sent after its end, is no proposal of its own.
		return c.decide(ctx, policy.Command{Kind: policy.CommandAnswer, Ballot: b.ID, Form: proposal.Form, Unclear: proposal.Problems}, Counted)
	case c.before.State.End() && mailread.LooksLikeProposal(c.out.Typed.Text):
		return c.propose(ctx, proposal)
	}
	if c.openBallot() == "" && c.out.Answer.Unclear == "" && !mailread.LooksLikeProposal(c.out.Typed.Text) {
		return c.note(ctx)
	}
	return c.askBack(ctx)
}

// note files the mail as a comment on the change; nobody is nagged.
func (c *conversation) note(ctx context.Context) error {
	text := strings.TrimSpace(c.out.Typed.Text)
	if text == "" {
		c.end(NotedDown, "empty")
		return nil
	}
	return c.decide(ctx, policy.Command{Kind: policy.CommandComment, Text: text}, NotedDown)
}

// say brings an answer that begins with a keyword before the policy.
func (c *conversation) say(ctx context.Context, keyword policy.Keyword, form policy.Form) error {
	cmd := policy.Command{Kind: policy.CommandAct, Keyword: keyword, Form: form, Unclear: c.out.Answer.Problems, Ballot: c.paper.ballot}
	if keyword == policy.KeywordAmend {
		p := mailread.ReadProposal(c.out.Typed.Text)
		cmd.Form, cmd.Unclear = p.Form, p.Problems
	}
	if c.paper.ballot != "" {
		cmd.Kind = policy.CommandAnswer
	} else if open := c.openBallot(); open != "" && !isAct(keyword) {
		c.lostToken(string(keyword))
		return nil
	}
	return c.decide(ctx, cmd, Counted)
}

func isAct(keyword policy.Keyword) bool {
	for _, rule := range policy.Acts {
		if rule.Keyword == keyword {
			return true
		}
	}
	return false
}

// decide carries the command to the policy and takes over what it says.
func (c *conversation) decide(ctx context.Context, cmd policy.Command, good Disposition) error {
	if err := c.reserve(ctx, &cmd); err != nil {
		return err
	}
	cmd.By, cmd.Proof, cmd.Mail, cmd.Seed = c.out.Person, c.asProof("token"), c.sha, c.sha
	if !c.in.Again {
		cmd.Asked = c.Desk.now()
	}
	cmd.Files = files(c.out.Message)
	if cmd.Kind == policy.CommandPropose {
		cmd.Proof = c.asProof("address")
	}
	d := policy.Decide(c.before, c.dir, cmd, c.now)
	if d.Refusal != nil {
		c.end(Answered, "%s", d.Refusal.Code)
		c.refuse(refusalMail(d.Refusal), d.Refusal)
		return nil
	}
	c.end(good, "%s", cmd.Kind)
	if keeps(d.Events) {
		c.end(Answered, "fields are missing")
	}
	c.out.Change, c.out.Events = d.Change, d.Events
	c.out.Notices = append(c.out.Notices, d.Notices...)
	return nil
}

// reserve gives the command the next numbers, while the change has none yet.
func (c *conversation) reserve(ctx context.Context, cmd *policy.Command) error {
	if c.before.Number != "" || cmd.Kind == policy.CommandComment {
		return nil
	}
	var err error
	if c.number, err = c.Desk.number(ctx, c.tx, c.now); err != nil {
		return err
	}
	cmd.Draft, cmd.Number = c.number.draftNumber(), c.number.changeNumber()
	return nil
}

// refusalMail is the mail that carries a refusal.
func refusalMail(r *policy.Refusal) policy.NoticeKind {
	switch r.Code {
	case policy.RefusedNotProposer:
		return policy.AnswerNotProposer
	case policy.RefusedDecided, policy.RefusedVoided:
		return policy.AnswerDecided
	default:
		return policy.AnswerRefused
	}
}

// keeps says whether the answer was kept as incomplete.
func keeps(events []policy.Event) bool {
	for _, e := range events {
		if _, ok := e.(*policy.Kept); ok {
			return true
		}
	}
	return false
}
