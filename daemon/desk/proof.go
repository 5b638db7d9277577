package desk

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// A Level says how sure it is who sent a mail, and by that what the mail can do.
type Level string

// The levels; docs/proof.md says what each act needs.
const (
	Authenticated Level = "authenticated" // the provider of the mailbox, or a signature, says so
	ByToken       Level = "token"         // nothing else is asked for
	Unproven      Level = "unproven"      // below what is asked for: the mail is held
	Forged        Level = "forged"        // somebody else sent it
)

// level is that of the mail.
func (c *conversation) level() Level {
	switch {
	case c.proof.Forged:
		return Forged
	case c.proof.Proven:
		return Authenticated
	case c.Senders.Provider == "" || c.Senders.Provider == mailread.NoProof:
		return ByToken
	default:
		return Unproven
	}
}

// asProof is what the record says of how the sender was proven; given is what
// stands there where nothing but that is asked for.
func (c *conversation) asProof(given string) string {
	switch c.level() {
	case Authenticated:
		return "authenticated: " + c.proof.How
	case Unproven:
		return "unproven" // which is never recorded: the mail is held
	default:
		return given
	}
}

// prove finds out who sent the mail, where that is asked for and anybody on file
// is said to have sent it.
func (d *Desk) prove(ctx context.Context, o *opened) {
	if o.message == nil || o.message.FromProblem != "" {
		return
	}
	if _, known := d.Directory().ByAddress(o.message.From.Address); known {
		o.proof = d.Senders.Prove(ctx, o.message, o.in.Raw)
	}
}

// forged puts a mail aside that somebody else sent than it says, and tells of it
// where it tries anything.
func (c *conversation) forged(ctx context.Context) (bool, error) {
	if c.level() != Forged {
		return false, nil
	}
	defer c.end(Unverified, "%s: %s", c.proof.Why, c.proof.How)
	tries, err := c.tries(ctx)
	if err != nil || tries == "" {
		return true, err
	}
	text := fmt.Sprintf("It %s. The mail server says %s.", tries, c.proof.How)
	c.out.Notices = append(c.out.Notices, policy.Notice{
		Kind: policy.OwnerSpoofed, To: c.out.Person, Text: text, Why: "A mail came in your name.",
	})
	c.tellOperators(policy.OperatorSpoofed, fmt.Sprintf("It came in the name of %s. %s Nothing was decided by it.", c.dir.Name(c.out.Person), text))
	return true, nil
}

// tries says what a mail that decides nothing would have decided, and finds the
// change it is about; it is empty for a mail that would have decided nothing.
func (c *conversation) tries(ctx context.Context) (string, error) {
	c.out.Typed = c.Habits.Typed(c.message)
	c.out.Answer = mailread.ReadAnswer(c.out.Typed.Text)
	keyword, proposes := c.out.Answer.Keyword, mailread.LooksLikeProposal(c.out.Typed.Text)
	if _, deputizes := mailread.ReadDeputation(c.out.Typed.Text, c.now.In(c.location())); deputizes {
		return "names a deputy", nil
	}
	if keyword == policy.NoKeyword && !proposes {
		return "", nil
	}
	tokens, err := c.tokens(ctx, c.message)
	if err != nil {
		return "", err
	}
	id, err := c.named(ctx, c.message.Subject, c.out.Typed.Text)
	if len(tokens) > 0 {
		id = tokens[0].Change
	}
	if err != nil || id == "" {
		return tried(keyword, ""), err
	}
	err = c.lock(ctx, id)
	return tried(keyword, c.before.Name()), err
}

func tried(keyword policy.Keyword, change string) string {
	switch {
	case keyword == policy.NoKeyword:
		return "proposes a change"
	case change == "":
		return fmt.Sprintf("says %s, not about which change", keyword)
	default:
		return fmt.Sprintf("says %s about %s", keyword, change)
	}
}

// onBehalf refuses a mail that somebody sent for the person it is from, and tells
// of it where it tries anything.
func (c *conversation) onBehalf(ctx context.Context) error {
	defer c.end(Unverified, "sent by somebody else on behalf of %s", c.out.Person)
	sender := mailread.Shown(c.message.Sender.Address)
	tries, err := c.tries(ctx)
	if err != nil {
		return err
	}
	c.refuse(policy.AnswerRefused, &policy.Refusal{
		Code: policy.RefusedWrongPerson, Reason: fmt.Sprintf("A mail was sent on your behalf by %s; only your own mail counts, so nothing was decided by it.", sender),
		Hint: "If you meant it, send it yourself. If you did not, tell the operator.",
	})
	if tries != "" {
		c.tellOperators(policy.OperatorMisused, fmt.Sprintf("A mail that %s sent on behalf of %s %s. It was not counted.", sender, c.dir.Name(c.out.Person), tries))
	}
	return nil
}

// stolen tells the owner of a ballot, and the operators, that an answer came with
// it from an address nobody on file has.
func (c *conversation) stolen(ctx context.Context) error {
	tokens, err := c.tokens(ctx, c.message)
	if err != nil || len(tokens) == 0 {
		return err
	}
	tries, err := c.tries(ctx)
	if err != nil || c.out.Answer.Keyword == policy.NoKeyword {
		return err
	}
	owner, from := tokens[0].Person, mailread.Shown(c.message.From.Address)
	if from == "" {
		from = "somebody whose address cannot be read"
	}
	c.out.Ballot = tokens[0].Ballot
	text := fmt.Sprintf("A mail from %s %s, with your paper. It was not counted.", from, tries)
	c.out.Notices = append(c.out.Notices, policy.Notice{Kind: policy.OwnerMisused, To: owner, Text: text, Why: "The ballot is yours."})
	c.tellOperators(policy.OperatorMisused, fmt.Sprintf("A mail from %s %s, with a ballot of %s. It was not counted.", from, tries, c.dir.Name(owner)))
	return nil
}

// replied is the paper of ours that a mail is a reply to. Message-IDs are no
// secret, so that is enough only where it is proven who replies.
func (c *conversation) replied(ctx context.Context, m *mailread.Message) (paperFound, error) {
	if c.level() != Authenticated {
		return paperFound{}, nil
	}
	for _, id := range m.InReplyTo {
		sent, found, err := c.tx.ByMessageID(ctx, id)
		if err != nil {
			return paperFound{}, err
		}
		if found && sent.Person == c.out.Person && sent.Change != "" && sent.KeyID != "" && sent.Notice != string(policy.AskConfirmation) {
			return paperFound{change: sent.Change, ballot: sent.Ballot}, nil
		}
	}
	return paperFound{}, nil
}
