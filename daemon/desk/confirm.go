package desk

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"time"

	"github.com/countersign/countersign/storage"
)

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
