package desk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// PageFolder is where answers given on pages lie in the archive, beside the
// folders of the mailbox.
const PageFolder = "page"

// A pageAnswer is an answer given on a page: all by which it can be decided, and
// decided once more.
type pageAnswer struct {
	ID       string          `json:"id"`
	Person   policy.PersonID `json:"person"`
	Address  string          `json:"address"` // whose mailbox was proven
	Change   policy.ChangeID `json:"change"`
	Ballot   policy.BallotID `json:"ballot"`
	Revision int             `json:"revision"`
	Entry    Entry           `json:"entry"`
	Proof    string          `json:"proof"`
	At       time.Time       `json:"at"`
	Raw      []byte          `json:"raw,omitempty"` // the answer as a mail
}

func (d *Desk) given(sub storage.Submission, e Entry, proof string) pageAnswer {
	return pageAnswer{
		ID: sub.ID, Person: sub.Person, Address: sub.Address, Change: sub.Change, Ballot: sub.Ballot, Revision: sub.Revision,
		Entry: e, Proof: proof, At: d.now(),
	}
}

// count has an answer given on a page count, if it does: as one that came by
// mail. It is archived as a mail too, so that every answer in the record has a
// paper that can be looked at, and that its hash can be held against; and a copy
// goes to our own mailbox, where all other answers lie.
func (d *Desk) count(ctx context.Context, tx *storage.Tx, a pageAnswer) (Entered, error) {
	tx.Under(d.inForce())
	before, err := tx.LockChange(ctx, a.Change)
	if err != nil {
		return Entered{}, err
	}
	if a.Raw == nil {
		if a.Raw, err = d.evidence(before, a); err != nil {
			return Entered{}, fmt.Errorf("writing down what was entered: %w", err)
		}
	}
	r := result{before: before, seed: hashOf(a.Raw), at: a.At}
	cmd := d.pageCommand(a.Person, a.Ballot, a.Entry)
	cmd.Seed, cmd.Mail = r.seed, r.seed
	if before.Number == "" {
		if r.number, err = d.number(ctx, tx, r.at); err != nil {
			return Entered{}, err
		}
		cmd.Draft, cmd.Number = r.number.draftNumber(), r.number.changeNumber()
	}
	dir, err := d.deputized(ctx, tx)
	if err != nil {
		return Entered{}, err
	}
	r.dir = &dir
	decision := policy.Decide(before, dir, cmd, r.at)
	entered := outcome(decision)
	d.Log.Info("answer on a page", "change", before.Name(), "ballot", string(a.Ballot), "counted", entered.Counted)
	if !entered.Counted {
		return entered, nil
	}
	if r.copy, err = d.sealed(a); err != nil {
		return Entered{}, err
	}
	r.after, r.events = decision.Change, decision.Events
	r.notices = append(decision.Notices, policy.Notice{
		Kind: policy.CopyAnswer, Address: d.Org.Mailbox, Cause: &entered.Answer, Why: "It is the mailbox in which all answers lie.",
	})
	if err := d.archive(tx, a); err != nil {
		return Entered{}, err
	}
	return entered, d.publish(ctx, tx, r)
}

func (d *Desk) archive(tx *storage.Tx, a pageAnswer) error {
	m := storage.Mail{
		Key: a.key(), SHA256: hashOf(a.Raw), MessageID: d.pageID(a), Sender: a.Address, Person: a.Person, Change: a.Change, Ballot: a.Ballot,
		Disposition: string(Counted), Reason: "answered on the page", Received: a.At, Decided: d.now(), Size: int64(len(a.Raw)), Raw: a.Raw,
	}
	for _, f := range a.Entry.Files {
		m.Attachments = append(m.Attachments, storage.Attachment{Name: f.Name, Type: f.Type, SHA256: hashOf(f.Bytes), Bytes: f.Bytes})
	}
	tx.SaveMail(m)
	return recordMail(tx, m.SHA256, d.now(), dispositionEvent{
		Disposition: Counted, Reason: m.Reason, Person: a.Person, Change: a.Change, Ballot: a.Ballot,
		Folder: m.Key.Folder, UIDValidity: m.Key.UIDValidity, UID: m.Key.UID, Received: a.At,
	})
}

// key is where the answer lies in the archive: as if in a folder of its own, at a
// place that derives from its id. Nothing counts there twice.
func (a pageAnswer) key() storage.MailKey {
	sum := sha256.Sum256([]byte(a.ID))
	return storage.MailKey{Folder: PageFolder, UIDValidity: binary.BigEndian.Uint32(sum[:]), UID: binary.BigEndian.Uint32(sum[4:])}
}

func (d *Desk) pageID(a pageAnswer) string { return "page-" + a.ID + "@" + d.domain() }

// evidence writes what was entered as a mail: what an answer by mail would have
// said, and how its sender was proven. It holds no token, so it can decide nothing
// if somebody sends it.
func (d *Desk) evidence(c policy.Change, a pageAnswer) ([]byte, error) {
	e := a.Entry
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", e.Keyword)
	for _, l := range e.Fields.Labels() {
		fmt.Fprintf(&text, "%s: %s\n", l, strings.ReplaceAll(e.Fields.Get(l), "\n", "\n  "))
	}
	l := mailread.Letter{
		FromName: d.Directory().Name(a.Person), From: a.Address, To: d.Org.Mailbox, Date: a.At,
		Subject: strings.TrimSpace(string(e.Keyword) + " " + c.Name()), MessageID: d.pageID(a), Text: text.String(),
		Headers: []mailread.Header{
			{Name: "User-Agent", Value: e.Agent}, {Name: "X-Countersign-Proof", Value: a.Proof}, {Name: "X-Countersign-Ballot", Value: string(a.Ballot)},
			{Name: "X-Countersign-Revision", Value: strconv.Itoa(a.Revision) + " " + c.Hash},
		},
	}
	for _, f := range e.Files {
		l.Files = append(l.Files, mailread.Attachment{Name: f.Name, Type: f.Type, Bytes: f.Bytes})
	}
	return l.Bytes()
}
