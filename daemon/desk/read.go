package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

func isNotFound(err error) bool { return errors.Is(err, storage.ErrNotFound) }

// A step looks at a mail and says whether it has settled what becomes of it.
type step func(*conversation, context.Context) (settled bool, err error)

// steps is the way of a mail, in order. docs/flow.md explains it.
func steps() []step {
	return []step{
		(*conversation).parsed,
		(*conversation).automatic,
		(*conversation).sender,
		(*conversation).duplicate,
		(*conversation).forged,
		(*conversation).tooLarge,
		(*conversation).confirmed,
		(*conversation).find,
		(*conversation).typed,
		(*conversation).misused,
		(*conversation).word,
		(*conversation).deputation,
		(*conversation).answer,
	}
}

func (c *conversation) read(ctx context.Context) error {
	for _, s := range steps() {
		if settled, err := s(c, ctx); settled || err != nil {
			c.leftOut()
			c.hold()
			return errors.Join(err, c.ration(ctx), c.keep(ctx))
		}
	}
	return fmt.Errorf("mail %s/%d reached the end of the steps without a disposition", c.in.Folder, c.in.UID)
}

// parsed puts aside whole what could not be taken apart.
func (c *conversation) parsed(context.Context) (bool, error) {
	if c.message == nil {
		c.shelve(c.problem)
		return true, nil
	}
	c.out.Message = c.message
	return false, nil
}

// sender finds the person who sent the mail.
func (c *conversation) sender(ctx context.Context) (bool, error) {
	m := c.out.Message
	if m.FromProblem != "" {
		c.end(Unverified, "%s", m.FromProblem)
		return true, c.stolen(ctx)
	}
	p, ok := c.dir.ByAddress(m.From.Address)
	if !ok {
		c.end(UnknownSender, "the address is nobody's in the directory")
		return true, c.stolen(ctx)
	}
	c.out.Person = p.ID
	if by, ok := c.dir.ByAddress(m.Sender.Address); m.Sender.Address != "" && (!ok || by.ID != p.ID) {
		return true, c.onBehalf(ctx)
	}
	return false, nil
}

// duplicate ends a mail that acted before.
func (c *conversation) duplicate(ctx context.Context) (bool, error) {
	earlier, found, err := c.tx.Twin(ctx, c.sha, contentKey(c.message))
	if err != nil || !found {
		return false, err
	}
	c.end(Duplicate, "the same mail was %s before", earlier)
	return true, nil
}

// tooLarge answers a registered person's mail over the limit.
func (c *conversation) tooLarge(context.Context) (bool, error) {
	if !c.in.Oversize {
		return false, nil
	}
	c.end(Oversize, "%d bytes; the limit is %d", c.in.Size, c.Limits.Size)
	c.refuse(policy.AnswerOversize, &policy.Refusal{
		Code: policy.RefusedProblems, Reason: fmt.Sprintf("Your mail is larger than %d MB and was not read.", c.Limits.Size>>20),
		Hint: "Send it again with smaller attachments, or with a link to them.",
	})
	return true, nil
}

// leftOut tells the sender of a mail that acted what of it was too large to be
// kept. That changes nothing about the rest of it.
func (c *conversation) leftOut() {
	if c.message == nil || len(c.message.LeftOut) == 0 || !slices.Contains(actedOn, c.out.Disposition) || c.out.Person == "" {
		return
	}
	var lines []string
	for _, f := range c.message.LeftOut {
		lines = append(lines, fmt.Sprintf("%s, %s", f.Name, megabytes(int64(len(f.Bytes)))))
	}
	lines = append(lines, fmt.Sprintf("An attachment may have %s, all of a mail %s together.", megabytes(c.Limits.File), megabytes(c.Limits.Files)))
	c.out.Notices = append(c.out.Notices, policy.Notice{
		Kind: policy.AnswerLeftOut, To: c.out.Person, Text: strings.Join(lines, "\n"), Why: "You wrote to " + c.Org.Mailbox + ".",
	})
}

// actedOn are the dispositions of mail that is kept with its change.
var actedOn = []Disposition{Accepted, Counted, Answered, NotedDown}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// find finds the paper the mail answers, and locks its change.
func (c *conversation) find(ctx context.Context) (bool, error) {
	if err := c.identify(ctx, c.out.Message); err != nil {
		return false, err
	}
	if c.paper.change == "" {
		return false, nil
	}
	return false, c.lock(ctx, c.paper.change)
}

func (c *conversation) lock(ctx context.Context, id policy.ChangeID) error {
	change, err := c.tx.LockChange(ctx, id)
	c.before, c.out.Change, c.out.Ballot = change, change, c.paper.ballot
	return err
}

// typed cuts what the person typed out of the mail, and reads it as an answer.
func (c *conversation) typed(ctx context.Context) (bool, error) {
	own, err := c.ownTexts(ctx)
	if err != nil {
		return false, err
	}
	c.out.Typed = c.Habits.Typed(c.out.Message, own...)
	c.out.Answer = mailread.ReadAnswer(c.out.Typed.Text)
	if c.paper.change != "" {
		return false, nil
	}
	id, err := c.named(ctx, c.out.Message.Subject, c.out.Typed.Text)
	if err != nil || id == "" {
		return false, err
	}
	return false, c.lock(ctx, id)
}

// ownTexts are the texts we sent this person about the change, as they may come
// back quoted.
func (c *conversation) ownTexts(ctx context.Context) ([]string, error) {
	if c.paper.change == "" {
		return nil, nil
	}
	bodies, err := c.tx.SentTexts(ctx, c.paper.change, c.out.Person)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, body := range bodies {
		ours, err := mailtmpl.DecodeText(body)
		if err != nil {
			return nil, err
		}
		texts = append(texts, ours.Lookalike())
	}
	return texts, nil
}

// misused refuses an answer that carries somebody else's ballot, and tells the
// owner of the ballot and the operators.
func (c *conversation) misused(ctx context.Context) (bool, error) {
	if c.paper.change != "" || c.paper.ambiguous || len(c.paper.foreign) == 0 || c.out.Answer.Keyword == policy.NoKeyword {
		return false, nil
	}
	theirs := c.paper.foreign[0]
	if err := c.lock(ctx, theirs.Change); err != nil {
		return false, err
	}
	owner := theirs.Person
	c.out.Ballot = theirs.Ballot
	c.end(Answered, "%s: the ballot is %s's", policy.RefusedWrongPerson, owner)
	r := &policy.Refusal{
		Code: policy.RefusedWrongPerson, Reason: fmt.Sprintf("You answered a ballot that was issued to %s. A ballot is its owner's alone; forwarding it does not pass it on, and nothing was decided.", c.dir.Name(owner)),
		Hint: "Ask them to answer it themselves.",
	}
	for _, b := range c.before.OpenFor(c.out.Person) {
		r.Ballot, r.Hint = b.ID, "You have a ballot of your own; it stands below."
	}
	c.refuse(policy.AnswerRefused, r)
	c.out.Notices = append(c.out.Notices, policy.Notice{
		Kind: policy.OwnerMisused, To: owner, Text: fmt.Sprintf("%s answered %s with your ballot. It was not counted.", c.dir.Name(c.out.Person), c.out.Answer.Keyword),
		Why: "The ballot is yours.",
	})
	c.tellOperators(policy.OperatorMisused, fmt.Sprintf("%s answered with a ballot of %s. It was not counted.", c.dir.Name(c.out.Person), c.dir.Name(owner)))
	return true, nil
}

// word answers STATUS and HELP. HELP needs no change, STATUS does: the one it
// names, else the one the mail is about.
func (c *conversation) word(ctx context.Context) (bool, error) {
	kinds := map[policy.Keyword]policy.NoticeKind{policy.KeywordStatus: policy.AnswerStatus, policy.KeywordHelp: policy.AnswerHelp}
	kind, ok := kinds[c.out.Answer.Keyword]
	if !ok {
		return false, nil
	}
	if named := c.out.Answer.Change; named != "" && named != c.before.Name() {
		if err := c.turnTo(ctx, named); err != nil {
			return false, err
		}
	}
	if kind == policy.AnswerStatus && c.before.ID == "" {
		c.ofNothing()
		return true, nil
	}
	c.end(Answered, "%s", c.out.Answer.Keyword)
	owed, lacks, err := c.owed(ctx)
	c.out.Notices = append(c.out.Notices, policy.Notice{Kind: kind, To: c.out.Person, Ballot: c.openBallot(), Owed: owed, Lacks: lacks, Why: "You asked for it."})
	return true, err
}

// owed names those to whom the report of the change (7) was neither sent nor
// who are excused, once it has ended, and says what it lacks.
func (c *conversation) owed(ctx context.Context) (who string, lacks []string, err error) {
	if !c.before.State.End() {
		return "", nil, nil
	}
	deliveries, err := c.tx.Deliveries(ctx, c.before.ID)
	if err != nil {
		return "", nil, err
	}
	names := storage.Owed(c.before, deliveries)
	for i, recipient := range names {
		names[i] = c.dir.Name(policy.PersonID(recipient)) // a list is called by its address
	}
	if len(names) > 0 {
		lacks = append(lacks, storage.LacksDelivery)
	}
	if c.Publishes {
		unpublished, err := c.tx.UnpublishedOf(ctx, c.before.ID)
		if err != nil {
			return "", nil, err
		}
		if unpublished[c.before.ID] {
			lacks = append(lacks, storage.LacksPublication)
		}
	}
	return strings.Join(names, ", "), lacks, nil
}

// turnTo leaves the change the mail is a reply about for the one it names.
func (c *conversation) turnTo(ctx context.Context, name string) error {
	c.leave()
	id, err := c.named(ctx, "", name)
	if err != nil || id == "" {
		return err
	}
	return c.lock(ctx, id)
}

// leave has the mail be about no change.
func (c *conversation) leave() {
	c.paper, c.before, c.out.Change, c.out.Ballot = paperFound{}, policy.Change{}, policy.Change{}, ""
}

// openBallot is the ballot the mail answers while it is open, else the first
// the person has open on the change.
func (c *conversation) openBallot() policy.BallotID {
	if b, ok := c.before.Ballot(c.paper.ballot); ok && b.Open() {
		return b.ID
	}
	for _, b := range c.before.OpenFor(c.out.Person) {
		return b.ID
	}
	return ""
}

// refuse answers the sender without deciding anything.
func (c *conversation) refuse(kind policy.NoticeKind, r *policy.Refusal) {
	c.out.Refusal = r
	c.out.Notices = append(c.out.Notices, policy.Notice{
		Kind: kind, To: c.out.Person, Ballot: r.Ballot, Refusal: r, Why: "You wrote to " + c.Org.Mailbox + ".",
	})
}

func (c *conversation) tellOperators(kind policy.NoticeKind, text string) {
	for _, address := range c.Operators {
		c.out.Notices = append(c.out.Notices, policy.Notice{Kind: kind, Address: address, Text: text, Why: "You are an operator of Countersign."})
	}
}

// excerpt is the beginning of what was typed, for answers that quote it.
func (c *conversation) excerpt() string {
	const most = 400
	text := strings.TrimSpace(c.out.Typed.Text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return text
}

func files(m *mailread.Message) []policy.File {
	var fs []policy.File
	for _, a := range m.Attachments {
		fs = append(fs, policy.File{Name: a.Name, Type: a.Type, Size: len(a.Bytes), SHA256: a.SHA256})
	}
	return fs
}

// otherNumbers lists the changes the typed text names besides this one.
func (c *conversation) otherNumbers() []string {
	return slices.DeleteFunc(slices.Clone(c.out.Answer.Others), func(n string) bool { return n == c.out.Change.Name() })
}
