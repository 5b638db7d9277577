package desk

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
)

// A copyOf is the file in which our mailbox keeps an answer given on a page.
// After a restore from a backup it is decided again from there, like all mail;
// the seal says that it is ours.
type copyOf struct {
	KeyID  string `json:"key"`
	Seal   string `json:"seal"`
	Answer []byte `json:"answer"` // a pageAnswer
}

// sealed is the copy of the answer. What was attached lies in the mail it
// holds.
func (d *Desk) sealed(a pageAnswer) ([]byte, error) {
	a.Entry.Files = nil
	answer, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("copying an answer: %w", err)
	}
	seal, err := d.Keys.Seal(d.Keys.Current, answer)
	if err != nil {
		return nil, fmt.Errorf("sealing the copy of an answer: %w", err)
	}
	return json.Marshal(copyOf{KeyID: d.Keys.Current, Seal: seal, Answer: answer})
}

// unsealed is the answer that a mail of ours is the copy of.
func (d *Desk) unsealed(m *mailread.Message) (a pageAnswer, ok bool) {
	for _, f := range slices.Concat(m.Attachments, m.LeftOut) {
		var c copyOf
		if f.Name != mailtmpl.CopyName || json.Unmarshal(f.Bytes, &c) != nil {
			continue
		}
		seal, err := d.Keys.Seal(c.KeyID, c.Answer)
		if err == nil && hmac.Equal([]byte(seal), []byte(c.Seal)) && json.Unmarshal(c.Answer, &a) == nil {
			return a, true
		}
	}
	return pageAnswer{}, false
}

// own settles mail that we have sent ourselves: a copy of an answer given on a page is
// kept with what acted. Where that is decided once more, so is the answer, if
// this database does not know it.
func (c *conversation) own(ctx context.Context) error {
	a, is := c.unsealed(c.out.Message)
	if !is {
		c.end(Own, "it comes from our own mailbox")
		return nil
	}
	if c.in.Again {
		if err := c.countAgain(ctx, a); err != nil {
			return err
		}
	}
	if err := c.lock(ctx, a.Change); err != nil && !isNotFound(err) {
		return err
	}
	c.end(NotedDown, "the copy of an answer given on a page")
	return nil
}

func (c *conversation) countAgain(ctx context.Context, a pageAnswer) error {
	if _, known, err := c.tx.Twin(ctx, hashOf(a.Raw), ""); known || err != nil {
		return err
	}
	limits := c.Limits
	limits.File, limits.Files = 0, 0 // what was kept then is kept now
	m, err := mailread.Read(a.Raw, limits)
	if err != nil {
		return fmt.Errorf("reading the copy of an answer: %w", err)
	}
	for _, f := range m.Attachments {
		a.Entry.Files = append(a.Entry.Files, PageFile{Name: f.Name, Type: f.Type, Bytes: f.Bytes})
	}
	_, err = c.count(ctx, c.tx, a)
	return err
}
