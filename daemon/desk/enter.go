package desk

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

var errNoSheet = fmt.Errorf("opening a page: %w", storage.ErrNotFound)

// An Entry is what a person entered on the page of a ballot.
type Entry struct {
	Keyword policy.Keyword `json:"keyword"`
	Fields  policy.Form    `json:"fields,omitempty"`
	Files   []PageFile     `json:"files,omitempty"`
	Agent   string         `json:"agent,omitempty"` // the browser, as it calls itself
}

// A PageFile is a file a person sent with it.
type PageFile struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes []byte `json:"bytes"`
}

// Entered is what became of an entry.
type Entered struct {
	Counted  bool             // it counts
	Answer   policy.Answer    // as it counts, or would
	ID       string           // of what was entered; without Counted, a code was mailed for it
	Refusal  *policy.Refusal  // it cannot count, and why
	Problems []policy.Problem // it lacks something; nothing was kept of it
}

// Enter takes what a person entered on the page of their ballot. It counts at
// once where the browser's session is theirs. Otherwise a code is mailed to
// them, and it counts when that is typed in the same browser ([Desk.Confirm]).
// Nothing is kept of what would not count.
func (d *Desk) Enter(ctx context.Context, s Sheet, browser string, session *storage.Session, e Entry) (entered Entered, err error) {
	if s.Closed != nil {
		return Entered{Refusal: s.Closed}, nil
	}
	e.clean()
	if entered = d.try(s, e); !entered.Counted {
		return entered, nil
	}
	sub := storage.Submission{
		ID: newID(), Purpose: storage.ForAnswer, KeyID: d.Keys.Current, Browser: browser, Person: s.Person.ID,
		Change: s.Change.ID, Ballot: s.Ballot.ID, Revision: s.Ballot.Revision, At: d.now(), Until: d.now().Add(codeLife),
	}
	entry, err := json.Marshal(e)
	if err != nil {
		return Entered{}, fmt.Errorf("encoding what was entered: %w", err)
	}
	sub.Entry = string(entry)
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		if session != nil && session.Person == s.Person.ID {
			sub.Address = session.Address
			entered, err = d.enterSignedIn(ctx, tx, sub, *session, e)
			return err
		}
		entered, err = d.enterByCode(ctx, tx, s, sub, entered.Answer)
		return err
	})
	return entered, err
}

// clean takes out of what was entered what no person types, as it is taken out of
// a mail.
func (e *Entry) clean() {
	for label, text := range e.Fields {
		e.Fields[label] = mailread.Clean(text)
	}
	for i := range e.Files {
		e.Files[i].Name = flat(e.Files[i].Name)
	}
	e.Agent = flat(e.Agent)
}

func flat(text string) string { return strings.Join(strings.Fields(mailread.Clean(text)), " ") }

// try says whether the entry would count now.
func (d *Desk) try(s Sheet, e Entry) Entered {
	decision := policy.Decide(s.Change, d.Directory(), d.pageCommand(s.Person.ID, s.Ballot.ID, e), d.now())
	return outcome(decision)
}

// outcome is what a decision comes to for the page: an answer that lacks
// something is kept by mail, but not here, where it stands in the form still.
func outcome(decision policy.Decision) Entered {
	switch {
	case decision.Refusal != nil:
		return Entered{Refusal: decision.Refusal}
	case keeps(decision.Events):
		for _, n := range decision.Notices {
			if n.Kind == policy.AskMissing {
				return Entered{Problems: n.Problems}
			}
		}
	case decision.Change.State == policy.StateDraft && len(decision.Change.Problems) > 0:
		return Entered{Problems: decision.Change.Problems}
	}
	return Entered{Counted: true, Answer: answerIn(decision.Events)}
}

// answerIn is the answer or act among the events.
func answerIn(events []policy.Event) policy.Answer {
	for _, e := range events {
		switch e := e.(type) {
		case *policy.Cast:
			return e.Answer
		case *policy.Acted:
			return e.Answer
		}
	}
	return policy.Answer{}
}

func (d *Desk) pageCommand(by policy.PersonID, ballot policy.BallotID, e Entry) policy.Command {
	return policy.Command{
		Kind: policy.CommandAnswer, By: by, Ballot: ballot, Keyword: e.Keyword, Form: e.Fields, Files: e.files(),
		Proof: ProofPage, Seed: "page", Draft: "D", Number: "CHG",
	}
}

// ProofPage stands in the record for an answer given on a page by a person who
// has proven their mailbox by a code.
const ProofPage = "page"

func (d *Desk) enterSignedIn(ctx context.Context, tx *storage.Tx, sub storage.Submission, session storage.Session, e Entry) (Entered, error) {
	if err := tx.Submit(ctx, sub); err != nil {
		return Entered{}, err
	}
	proof := fmt.Sprintf("page; signed in at %s by a code mailed to %s", session.Since.Format(time.RFC3339), session.Address)
	entered, err := d.count(ctx, tx, d.given(sub, e, proof))
	if err != nil {
		return Entered{}, err
	}
	ended := d.now()
	sub.Ended, sub.Used, entered.ID = &ended, entered.Counted, sub.ID
	return entered, tx.MarkSubmission(ctx, sub)
}

func (d *Desk) enterByCode(ctx context.Context, tx *storage.Tx, s Sheet, sub storage.Submission, a policy.Answer) (Entered, error) {
	data := s.Data
	data.Code = mailtmpl.Code{Ballot: s.Ballot.ID, Kind: s.Ballot.Kind, Answer: a}
	data.Notice = policy.Notice{Kind: policy.CodeAnswer, To: s.Person.ID, Ballot: s.Ballot.ID, Why: "You have entered an answer on a page."}
	switch err := d.mailCode(ctx, tx, sub, data); {
	case errors.Is(err, errTooMany):
		return Entered{Refusal: &policy.Refusal{
			Code:   policy.RefusedNotEligible,
			Reason: fmt.Sprintf("%d codes were mailed to you in a day, and that is as many as there are.", codesADay),
			Hint:   "Answer by a reply to the mail that asked you.",
		}}, nil
	case err != nil:
		return Entered{}, err
	}
	return Entered{ID: sub.ID, Answer: a}, nil
}

// A Confirmation is what became of a code that was typed.
type Confirmation struct {
	Entered
	State      CodeState
	Submission storage.Submission
	Session    string // what the browser is to hold from now on
}

// A CodeState says what is to be said of a code.
type CodeState string

// What can be the matter with a code.
const (
	CodeRight     CodeState = "right"
	CodeWrong     CodeState = "wrong"     // try again
	CodeSpent     CodeState = "spent"     // tried too often, or used
	CodeLapsed    CodeState = "lapsed"    // too late
	CodeElsewhere CodeState = "elsewhere" // not the browser it is for, or nothing there
)

// Confirm takes the code a person typed for what they had entered. Where it is
// right, the answer counts if it still can, and the browser is signed in.
func (d *Desk) Confirm(ctx context.Context, id, browser, code string) (c Confirmation, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		c = Confirmation{}
		sub, err := tx.LockSubmission(ctx, id)
		if isNotFound(err) {
			c.State = CodeElsewhere
			return nil
		}
		if err != nil {
			return err
		}
		c.State, err = d.judge(ctx, tx, &sub, browser, code)
		if c.Submission = sub; err != nil || c.State != CodeRight {
			return err
		}
		if sub.Purpose == storage.ForAnswer {
			if err := d.confirm(ctx, tx, sub, &c); err != nil {
				return err
			}
		}
		c.Session, err = d.signIn(ctx, tx, sub)
		return err
	})
	return c, err
}

// judge says whether the code is right, and writes down that it was tried.
func (d *Desk) judge(ctx context.Context, tx *storage.Tx, sub *storage.Submission, browser, code string) (CodeState, error) {
	now := d.now()
	switch {
	case !hmac.Equal([]byte(sub.Browser), []byte(browser)):
		return CodeElsewhere, nil
	case sub.Ended != nil:
		return CodeSpent, nil
	case !now.Before(sub.Until):
		return CodeLapsed, nil
	}
	right, err := d.Keys.Code(sub.KeyID, sub.ID)
	if err != nil {
		return "", err
	}
	state := CodeRight
	if !hmac.Equal([]byte(right), []byte(code)) {
		if state, sub.Tries = CodeWrong, sub.Tries+1; sub.Tries >= triesACode {
			state = CodeSpent
		}
	}
	if state != CodeWrong {
		sub.Ended, sub.Used = &now, state == CodeRight
	}
	return state, tx.MarkSubmission(ctx, *sub)
}

// confirm has the answer count that the code was for.
func (d *Desk) confirm(ctx context.Context, tx *storage.Tx, sub storage.Submission, c *Confirmation) error {
	var e Entry
	if err := json.Unmarshal([]byte(sub.Entry), &e); err != nil {
		return fmt.Errorf("reading what was entered: %w", err)
	}
	proof := fmt.Sprintf("page; a code mailed to %s at %s, typed at %s", sub.Address, sub.At.Format(time.RFC3339), d.now().Format(time.RFC3339))
	var err error
	if c.Entered, err = d.count(ctx, tx, d.given(sub, e, proof)); err != nil || c.Counted {
		return err
	}
	sub.Used = false
	return tx.MarkSubmission(ctx, sub)
}

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

func (e Entry) files() []policy.File {
	var files []policy.File
	for _, f := range e.Files {
		files = append(files, policy.File{Name: f.Name, Type: f.Type, Size: len(f.Bytes), SHA256: hashOf(f.Bytes)})
	}
	return files
}
