package storage

import (
	"context"
	"fmt"

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
func (t *Tx) SaveToken(ctx context.Context, token Token) error {
	_, err := t.tx.NamedExecContext(ctx, `
		insert into tokens (hash, kid, generation, purpose, change, ballot, person)
		values (:hash, :kid, :generation, :purpose, :change, nullif(:ballot, ''), :person)
		on conflict (hash) do nothing`, token)
	if err != nil {
		return fmt.Errorf("saving a token of %s on %s: %w", token.Person, token.Change, err)
	}
	return nil
}

// FindTokens gives those of our tokens that have one of the hashes.
func (t *Tx) FindTokens(ctx context.Context, hashes []string) ([]Token, error) {
	var tokens []Token
	err := t.tx.SelectContext(ctx, &tokens, `
		select hash, kid, generation, purpose, change, coalesce(ballot, '') as ballot, person
		from tokens where hash = any($1) order by change, ballot, purpose, generation`, hashes)
	if err != nil {
		return nil, fmt.Errorf("looking up tokens: %w", err)
	}
	return tokens, nil
}
