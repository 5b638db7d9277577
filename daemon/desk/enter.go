package desk

import (
	"cmp"
	"context"
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
		e.Files[i].Name = cmp.Or(mailread.FileName(e.Files[i].Name), "file")
	}
	e.Agent = flat(e.Agent)
}

func flat(text string) string { return strings.Join(strings.Fields(mailread.Clean(text)), " ") }

// try says whether the entry would count now.
func (d *Desk) try(s Sheet, e Entry) Entered {
	decision := policy.Decide(s.Change, s.directory, d.pageCommand(s.Person.ID, s.Ballot.ID, e), d.now())
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

func (e Entry) files() []policy.File {
	var files []policy.File
	for _, f := range e.Files {
		files = append(files, policy.File{Name: f.Name, Type: f.Type, Size: len(f.Bytes), SHA256: hashOf(f.Bytes)})
	}
	return files
}
