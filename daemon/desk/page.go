package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A Sheet is a ballot as its person sees it on a page: what the mail says that
// asks for it, and why it can be answered no more, where it cannot.
type Sheet struct {
	Change policy.Change
	Ballot policy.Ballot
	Person policy.Person
	Closed *policy.Refusal
	Letter mailtmpl.Letter
	Data   mailtmpl.Data // what the letter was written from

	directory policy.Directory
}

var errNoSheet = fmt.Errorf("opening a page: %w", storage.ErrNotFound)

// ByLink gives the sheet of the ballot to whoever holds the link to it: the end
// of the link is the token of that ballot's page. It is [storage.ErrNotFound]
// for any other.
func (d *Desk) ByLink(ctx context.Context, ballot policy.BallotID, token string) (Sheet, error) {
	change, b, err := d.Store.Ballot(ctx, ballot)
	if err != nil {
		return Sheet{}, err
	}
	p := paper.Paper{Change: string(change.ID), Ballot: string(b.ID), Person: string(b.Person), Generation: generation}
	if !d.Keys.Is(token, paper.Page, p) {
		return Sheet{}, errNoSheet
	}
	return d.sheet(ctx, change, b)
}

// Of gives the sheet of a ballot to its own person, who has signed in.
func (d *Desk) Of(ctx context.Context, ballot policy.BallotID, person policy.PersonID) (Sheet, error) {
	change, b, err := d.Store.Ballot(ctx, ballot)
	if err != nil {
		return Sheet{}, err
	}
	if b.Person != person {
		return Sheet{}, errNoSheet
	}
	return d.sheet(ctx, change, b)
}

// linkLife is for how long after its ballot was closed a link shows what became
// of it; then one has to sign in.
const linkLife = 90 * 24 * time.Hour

// Expired says whether a link to the ballot shows nothing any more.
func (s Sheet) Expired(now time.Time) bool {
	return !s.Ballot.Closed.IsZero() && now.Sub(s.Ballot.Closed) > linkLife
}

// sheet writes the sheet as the ballot's mail is written.
func (d *Desk) sheet(ctx context.Context, change policy.Change, b policy.Ballot) (s Sheet, err error) {
	dir, err := d.deputized(ctx, d.Store)
	if err != nil {
		return Sheet{}, err
	}
	s = Sheet{Change: change, Ballot: b, Closed: policy.Closed(change, dir, b.Person, b.ID, d.now()), directory: dir}
	s.Person, _ = dir.Person(b.Person)
	n := policy.Notice{Kind: policy.AskOf(b.Kind), To: b.Person, Ballot: b.ID, Cause: cause(change, b)}
	if b.Kind == policy.BallotCorrection {
		n.Problems = change.Problems
	}
	if s.Closed != nil {
		n.Kind = policy.AnswerStatus
	}
	s.Data = d.data(result{after: change}, n, s.Person, dir, "", true)
	s.Letter, err = mailtmpl.Compose(s.Data)
	return s, err
}

// cause is the answer by which the ballot came to be asked, where it was one to
// another ballot.
func cause(c policy.Change, b policy.Ballot) *policy.Answer {
	for _, other := range slices.Backward(c.Ballots) {
		if other.Answer != nil && other.ID != b.ID && other.Answer.At.Equal(b.Issued) {
			return other.Answer
		}
	}
	return nil
}

// About is what there is to say about the change to somebody who looks at it.
func (d *Desk) About(c policy.Change, reader policy.Person) mailtmpl.Data {
	return d.data(result{after: c}, policy.Notice{To: reader.ID}, reader, d.Directory(), "", false)
}
