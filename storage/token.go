package storage

import (
	"context"
	"fmt"
	"slices"

	"github.com/countersign/countersign/policy"
)

// A Token is what is kept of a token: its hash, and whose paper it is.
type Token struct {
	Hash       string          `db:"hash"`
	KeyID      string          `db:"kid"`
	Generation int             `db:"generation"`
	Purpose    string          `db:"purpose"`
	Change     policy.ChangeID `db:"change"`
	Ballot     policy.BallotID `db:"ballot"` // empty for a person's standing paper on a change
	Person     policy.PersonID `db:"person"`
}

// SaveToken keeps the token. Issuing the same one again, as a reminder does,
// changes nothing.
func (t *Tx) SaveToken(token Token) { t.queue.tokens = append(t.queue.tokens, token) }

// FindTokens gives those of our tokens that have one of the hashes.
func (t *Tx) FindTokens(ctx context.Context, hashes []string) ([]Token, error) {
	if t.seen.tokens == nil {
		t.seen.tokens = map[string][]Token{}
	}
	var unseen []string
	for _, h := range hashes {
		if _, known := t.seen.tokens[h]; !known {
			t.seen.tokens[h] = nil
			unseen = append(unseen, h)
		}
	}
	if len(unseen) > 0 {
		var rows []Token
		err := t.tx.SelectContext(ctx, &rows, `
			select hash, kid, generation, purpose, change, coalesce(ballot, '') as ballot, person
			from tokens where hash = any($1) order by change, ballot, purpose, generation`, unseen)
		if err != nil {
			return nil, fmt.Errorf("looking up tokens: %w", err)
		}
		for _, row := range rows {
			t.seen.tokens[row.Hash] = append(t.seen.tokens[row.Hash], row)
		}
	}
	var found []Token
	for _, h := range uniqueIn(slices.Clone(hashes)) {
		found = append(found, t.seen.tokens[h]...)
	}
	return found, nil
}
