package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// An OutMail is one mail owed to one recipient.
type OutMail struct {
	ID          int64           `db:"id"`
	MessageID   string          `db:"message_id"` // without angle brackets; the same on every try
	Change      policy.ChangeID `db:"change"`     // empty for mail about no change
	Ballot      policy.BallotID `db:"ballot"`
	Notice      string          `db:"notice"`
	Person      policy.PersonID `db:"person"` // empty for a list
	Recipient   string          `db:"recipient"`
	Asks        bool            `db:"asks"`         // void once Ballot is no longer open
	KeyID       string          `db:"kid"`          // empty for mail without a token, as are
	TokenBallot string          `db:"token_ballot"` // the paper the token stands for: this ballot,
	TokenPerson string          `db:"token_person"` // of this person,
	Generation  int             `db:"generation"`   // in this generation
	Body        []byte          `db:"body"`         // the rendered mail as JSON
	At          time.Time       `db:"at"`           // when it was decided that the mail is owed
	Attempt     int             `db:"attempts"`     // which try this is; set by Claim
	Rationed    bool            `db:"rationed"`     // of its kind nobody gets more than so many
}

const outMailColumns = `id, message_id, change, ballot, notice, person, recipient, asks, kid,
	token_ballot, token_person, generation, body, at, attempts, rationed`

// Enqueue puts the mail into the outbox. A mail with the same Message-ID that
// is there already stays as it is.
func (t *Tx) Enqueue(m OutMail) {
	m.At = micro(m.At)
	t.queue.out = append(t.queue.out, m)
}

// SentTexts gives the bodies of our latest mails to the person on the change,
// newest first: what an answer of theirs may quote.
func (t *Tx) SentTexts(ctx context.Context, change policy.ChangeID, person policy.PersonID) ([][]byte, error) {
	c := correspondence{change, person}
	if err := t.readTexts(ctx, []correspondence{c}); err != nil {
		return nil, err
	}
	return t.seen.texts[c], nil
}

// ByMessageID finds the mail of ours that has the Message-ID.
func (t *Tx) ByMessageID(ctx context.Context, messageID string) (OutMail, bool, error) {
	var m OutMail
	err := t.tx.GetContext(ctx, &m, `select `+outMailColumns+` from outbox where message_id = $1`, clean(messageID))
	if errors.Is(err, sql.ErrNoRows) {
		return OutMail{}, false, nil
	}
	if err != nil {
		return OutMail{}, false, fmt.Errorf("looking for our mail %s: %w", messageID, err)
	}
	inUTC(&m.At)
	return m, true, nil
}
