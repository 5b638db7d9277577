package desk

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// paperFound is which change, and which ballot, a mail is about, by the tokens
// in it: the visible number alone never decides anything.
type paperFound struct {
	change    policy.ChangeID
	ballot    policy.BallotID // empty: the person's standing paper on the change
	ambiguous bool            // tokens of several papers, and nothing to choose by;
	between   []string        // the changes these are about, where there are several
	ofAll     bool            // it is a reply to the weekly mail of all that waits
	foreign   []storage.Token // tokens in the mail that were issued to other people
}

// identify finds the paper the mail answers. Only tokens issued to the sender
// count; of several papers, the one the mail is a reply to or is addressed to.
// That only one of them is still open does not make it the one that is meant, if
// the mail is about several changes or a reply to the mail of all that waits.
func (c *conversation) identify(ctx context.Context, m *mailread.Message) error {
	tokens, err := c.tokens(ctx, m)
	if err != nil {
		return err
	}
	var mine []storage.Token
	for _, t := range tokens {
		if t.Person == c.out.Person {
			mine = append(mine, t)
		} else {
			c.paper.foreign = append(c.paper.foreign, t)
		}
	}
	if len(mine) == 0 {
		found, err := c.replied(ctx, m)
		c.paper.change, c.paper.ballot = found.change, found.ballot
		return err
	}
	open, err := c.openOf(ctx, mine)
	if err != nil {
		return err
	}
	chosen := mine
	if len(open) > 0 {
		chosen = open
	}
	if len(mine) > 1 {
		meant, ok, err := c.meant(ctx, m, chosen)
		if err != nil {
			return err
		}
		if c.paper.between, err = c.changesOf(ctx, mine); err != nil {
			return err
		}
		several := len(c.paper.between) > 1
		c.paper.ambiguous = !ok && (len(open) > 1 || several || c.paper.ofAll)
		if c.paper.ambiguous && several {
			return nil // about none of them; an answer about one might be taken for another's
		}
		chosen = []storage.Token{meant}
	}
	c.paper.change, c.paper.ballot = chosen[0].Change, chosen[0].Ballot
	return nil
}

func (c *conversation) tokens(ctx context.Context, m *mailread.Message) ([]storage.Token, error) {
	return c.tokensFor(ctx, m, paper.Mail)
}

// tokensFor are the tokens of the purpose that the mail carries, in its order; those
// of a key that is not configured any more are none.
func (c *conversation) tokensFor(ctx context.Context, m *mailread.Message, purpose paper.Purpose) ([]storage.Token, error) {
	var hashes []string
	for _, token := range m.Tokens() {
		hashes = append(hashes, paper.Hash(token))
	}
	if len(hashes) == 0 {
		return nil, nil
	}
	found, err := c.tx.FindTokens(ctx, hashes)
	found = slices.DeleteFunc(found, func(t storage.Token) bool { return t.Purpose != string(purpose) || c.Keys.Secrets[t.KeyID] == nil })
	slices.SortStableFunc(found, func(a, b storage.Token) int {
		return slices.Index(hashes, a.Hash) - slices.Index(hashes, b.Hash)
	})
	return found, err
}

// openOf keeps the tokens of ballots that are still open, each ballot once.
func (c *conversation) openOf(ctx context.Context, tokens []storage.Token) ([]storage.Token, error) {
	var open []storage.Token
	for _, t := range tokens {
		change, err := c.tx.LockChange(ctx, t.Change)
		if err != nil {
			return nil, err
		}
		b, ok := change.Ballot(t.Ballot)
		known := slices.ContainsFunc(open, func(o storage.Token) bool { return o.Ballot == t.Ballot })
		if ok && b.Open() && !known {
			open = append(open, t)
		}
	}
	return open, nil
}

// meant finds which of the papers the mail means: that of our mail it is a reply
// to, else the one in the address it was sent to. Otherwise it gives the first.
func (c *conversation) meant(ctx context.Context, m *mailread.Message, tokens []storage.Token) (_ storage.Token, ok bool, err error) {
	for _, id := range m.InReplyTo {
		sent, found, err := c.tx.ByMessageID(ctx, id)
		if err != nil {
			return storage.Token{}, false, err
		}
		found = found && sent.Person == c.out.Person
		c.paper.ofAll = c.paper.ofAll || found && sent.Notice == string(policy.NoticeWaiting)
		for _, t := range tokens {
			if found && t.Change == sent.Change && t.Ballot == sent.Ballot {
				return t, true, nil
			}
		}
	}
	t, ok := addressed(m, tokens)
	return t, ok, nil
}

// addressed is the only one of the tokens that the mail was sent to, or else the
// first of them.
func addressed(m *mailread.Message, tokens []storage.Token) (_ storage.Token, only bool) {
	var hashes []string
	for _, token := range m.Addressed() {
		hashes = append(hashes, paper.Hash(token))
	}
	to := slices.DeleteFunc(slices.Clone(tokens), func(t storage.Token) bool { return !slices.Contains(hashes, t.Hash) })
	if len(to) == 1 {
		return to[0], true
	}
	return tokens[0], false
}

// changesOf names the changes the tokens are about, each once.
func (c *conversation) changesOf(ctx context.Context, tokens []storage.Token) ([]string, error) {
	var names []string
	for _, t := range tokens {
		change, err := c.tx.LockChange(ctx, t.Change)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, change.Name()) {
			names = append(names, change.Name())
		}
	}
	return names, nil
}

var namedChange = regexp.MustCompile(`(?i)\b(?:CHG|D)-\d{4}-\d{4,}\b`)

// named finds the change a mail names in its subject or text, in the absence of
// a token. That is enough for a STATUS or a comment, never for a decision.
func (c *conversation) named(ctx context.Context, subject, typed string) (policy.ChangeID, error) {
	for _, name := range append(namedChange.FindAllString(subject, -1), namedChange.FindAllString(typed, -1)...) {
		id, err := c.tx.FindChange(ctx, strings.ToUpper(name))
		if err == nil {
			return id, nil
		}
		if !isNotFound(err) {
			return "", err
		}
	}
	return "", nil
}
