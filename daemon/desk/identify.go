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
	ambiguous bool            // tokens of several open ballots, and nothing to choose by
	foreign   []storage.Token // tokens in the mail that were issued to other people
}

// identify finds the paper the mail answers. Only tokens issued to the sender
// count; of several open ballots, the one the mail is a reply to.
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
		return nil
	}
	open, err := c.openOf(ctx, mine)
	if err != nil {
		return err
	}
	chosen := mine
	if len(open) > 0 {
		chosen = open
	}
	if len(chosen) > 1 {
		if chosen, err = c.repliedTo(ctx, m, chosen); err != nil {
			return err
		}
	}
	c.paper.change, c.paper.ballot = chosen[0].Change, chosen[0].Ballot
	c.paper.ambiguous = len(open) > 1 && len(chosen) > 1
	return nil
}

func (c *conversation) tokens(ctx context.Context, m *mailread.Message) ([]storage.Token, error) {
	var hashes []string
	for _, token := range m.Tokens() {
		hashes = append(hashes, paper.Hash(token))
	}
	if len(hashes) == 0 {
		return nil, nil
	}
	found, err := c.tx.FindTokens(ctx, hashes)
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

// repliedTo narrows tokens to the mail of ours that is being replied to, else
// gives them all.
func (c *conversation) repliedTo(ctx context.Context, m *mailread.Message, tokens []storage.Token) ([]storage.Token, error) {
	for _, id := range m.InReplyTo {
		sent, ok, err := c.tx.ByMessageID(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if ok && t.Change == sent.Change && t.Ballot == sent.Ballot && sent.Person == c.out.Person {
				return []storage.Token{t}, nil
			}
		}
	}
	return tokens, nil
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
