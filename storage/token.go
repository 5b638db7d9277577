package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

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

// Unkeyed gives the mails that wait to be sent with a token of a key that is none
// of those known, and keeps everyone else from them.
func (t *Tx) Unkeyed(ctx context.Context, known []string) ([]OutMail, error) {
	var waiting []OutMail
	err := t.tx.SelectContext(ctx, &waiting, `
		select `+outMailColumns+` from outbox
		where state in ('pending', 'deferred') and kid <> '' and kid <> all($1) order by id for update`, known)
	return waiting, wrapped(err, "looking for mail that waits for a key")
}

// Rekey has a mail that waits sent with tokens of the key.
func (t *Tx) Rekey(ctx context.Context, id int64, kid string, now time.Time) error {
	_, err := t.tx.ExecContext(ctx, `update outbox set kid = $2, due = $3 where id = $1`, id, kid, micro(now))
	return wrapped(err, "giving a mail another key")
}

// Supersede has a mail that waits not sent.
func (t *Tx) Supersede(ctx context.Context, id int64, now time.Time) error {
	_, err := t.tx.ExecContext(ctx, `update outbox set state = 'superseded', ended_at = $2 where id = $1`, id, micro(now))
	return wrapped(err, "superseding a mail")
}

// Keyless counts the open ballots of which no token was made with one of the keys.
func (s *Store) Keyless(ctx context.Context, known []string) (n int, err error) {
	err = s.db.GetContext(ctx, &n, `
		select count(*) from ballots as b where status = 'open' and not exists (
			select from tokens as t where t.change = b.change and t.ballot = b.id and t.purpose = 'mail' and t.kid = any($1))`, known)
	return n, wrapped(err, "counting ballots without a token")
}
