package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/countersign/countersign/policy"
)

// A Submission is what a person entered on a page, until they have proven by a
// code that it was them; or that they want to sign in.
type Submission struct {
	ID       string          `db:"id"`
	Purpose  string          `db:"purpose"`
	KeyID    string          `db:"kid"`
	Browser  string          `db:"browser"` // a hash
	Person   policy.PersonID `db:"person"`
	Address  string          `db:"address"` // that the code goes to
	Change   policy.ChangeID `db:"change"`
	Ballot   policy.BallotID `db:"ballot"`
	Revision int             `db:"revision"`
	Entry    string          `db:"entry"` // JSON
	At       time.Time       `db:"at"`
	Until    time.Time       `db:"until"` // when the code lapses
	Tries    int             `db:"tries"` // wrong codes so far
	Ended    *time.Time      `db:"ended_at"`
	Used     bool            `db:"used"`
}

// The purposes of submissions.
const (
	ForAnswer = "answer"
	ForSignIn = "sign-in"
)

const submissionColumns = `id, purpose, kid, browser, person, address, change, ballot, revision,
	entry, at, until, tries, ended_at, used`

// kept is how long what is over is kept: the codes of a day are counted.
const kept = 48 * time.Hour

// Submit keeps the submission, and lets go of those of days past.
func (t *Tx) Submit(ctx context.Context, s Submission) error {
	if _, err := t.tx.ExecContext(ctx, `delete from submissions where at < $1`, micro(s.At.Add(-kept))); err != nil {
		return fmt.Errorf("letting go of old submissions: %w", err)
	}
	_, err := t.tx.ExecContext(ctx, `
		insert into submissions (id, purpose, kid, browser, person, address, change, ballot, revision, entry, at, until)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		s.ID, s.Purpose, s.KeyID, s.Browser, s.Person, s.Address, s.Change, s.Ballot, s.Revision, s.Entry, micro(s.At), micro(s.Until))
	if err != nil {
		return fmt.Errorf("keeping a submission: %w", err)
	}
	return nil
}

// CodesSince counts how many codes the person was mailed for the purpose since then.
// Until the transaction ends no other is counted or kept for them.
func (t *Tx) CodesSince(ctx context.Context, person policy.PersonID, purpose string, since time.Time) (n int, err error) {
	if _, err := t.tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtextextended('codes ' || $1, 0))`, person); err != nil {
		return 0, fmt.Errorf("counting codes: %w", err)
	}
	err = t.tx.GetContext(ctx, &n, `
		select count(*) from submissions where person = $1 and purpose = $2 and at > $3`, person, purpose, micro(since))
	if err != nil {
		return 0, fmt.Errorf("counting codes: %w", err)
	}
	return n, nil
}

// Submission gives the submission; ErrNotFound where there is none.
func (s *Store) Submission(ctx context.Context, id string) (sub Submission, err error) {
	err = s.again(ctx, func() error {
		return s.db.GetContext(ctx, &sub, `select `+submissionColumns+` from submissions where id = $1`, clean(id))
	})
	return inOrder(sub, err)
}

// LockSubmission gives the submission and keeps everyone else from it until the
// transaction ends.
func (t *Tx) LockSubmission(ctx context.Context, id string) (sub Submission, err error) {
	err = t.tx.GetContext(ctx, &sub, `select `+submissionColumns+` from submissions where id = $1 for update`, id)
	return inOrder(sub, err)
}

func inOrder(sub Submission, err error) (Submission, error) {
	if err != nil {
		return Submission{}, fmt.Errorf("reading a submission: %w", orNotFound(err))
	}
	inUTC(&sub.At, &sub.Until, sub.Ended)
	return sub, nil
}

// MarkSubmission writes how often the submission was tried, when it ended, and
// whether it was used.
func (t *Tx) MarkSubmission(ctx context.Context, s Submission) error {
	var ended *time.Time
	if s.Ended != nil {
		ended = microOrNil(*s.Ended)
	}
	_, err := t.tx.ExecContext(ctx, `
		update submissions set tries = $2, ended_at = $3, used = $4 where id = $1`, s.ID, s.Tries, ended, s.Used)
	if err != nil {
		return fmt.Errorf("marking a submission: %w", err)
	}
	return nil
}
