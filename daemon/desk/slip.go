package desk

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A Slip is what a person entered on a page, as the browser it was entered in
// may see it again.
type Slip struct {
	Submission storage.Submission
	Sheet      Sheet
	Entry      Entry
	Letter     mailtmpl.Letter // the receipt, or what the code is for
}

// Slip gives what the id stands for; [storage.ErrNotFound] to any other browser.
func (d *Desk) Slip(ctx context.Context, id, browser string) (s Slip, err error) {
	s.Submission, err = d.Store.Submission(ctx, id)
	if err == nil && !hmac.Equal([]byte(s.Submission.Browser), []byte(browser)) {
		err = errNoSheet
	}
	if err != nil || s.Submission.Purpose != storage.ForAnswer {
		return s, err
	}
	if s.Sheet, err = d.Of(ctx, s.Submission.Ballot, s.Submission.Person); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(s.Submission.Entry), &s.Entry); err != nil {
		return s, fmt.Errorf("reading what was entered: %w", err)
	}
	answer, b, data := s.answer(), s.Sheet.Ballot, s.Sheet.Data
	data.Notice = policy.Notice{Kind: policy.CodeAnswer, To: s.Submission.Person, Ballot: b.ID}
	data.Code = mailtmpl.Code{ID: mailtmpl.CodeID(s.Submission.ID), Ballot: b.ID, Kind: b.Kind, Answer: answer, Until: s.Submission.Until}
	if s.Submission.Used {
		data.Code = mailtmpl.Code{}
		data.Notice.Kind, data.Notice.Receipt, data.Notice.ReceiptOf = policy.ReceiptCounted, &answer, b.Kind
	}
	s.Letter, err = mailtmpl.Compose(data)
	return s, err
}

// answer is what was entered as an answer: as it was counted, where it was.
func (s Slip) answer() policy.Answer {
	b := s.Sheet.Ballot
	if s.Submission.Used && b.Said(s.Entry.Keyword) {
		return *b.Answer
	}
	a := policy.Answer{Keyword: s.Entry.Keyword, Fields: s.Entry.Fields, Files: s.Entry.files(), By: s.Submission.Person, Proof: ProofPage}
	if s.Submission.Ended != nil {
		a.At = *s.Submission.Ended
	}
	return a
}
