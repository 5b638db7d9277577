package desk

import (
	"context"
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

// count has an answer given on a page count, if it does: as one that came by
// mail. It is archived as a mail too, so that every answer in the record has a
// paper that can be looked at, and that its hash can be held against.
func (d *Desk) count(ctx context.Context, tx *storage.Tx, sub storage.Submission, e Entry, proof string) (Entered, error) {
	tx.Under(d.inForce())
	before, err := tx.LockChange(ctx, sub.Change)
	if err != nil {
		return Entered{}, err
	}
	raw, err := d.evidence(before, sub, e, proof)
	if err != nil {
		return Entered{}, fmt.Errorf("writing down what was entered: %w", err)
	}
	r := result{before: before, seed: hashOf(raw), at: d.now()}
	cmd := d.pageCommand(sub.Person, sub.Ballot, e)
	cmd.Seed, cmd.Mail = r.seed, r.seed
	if before.Number == "" {
		if r.number, err = d.number(ctx, tx, r.at); err != nil {
			return Entered{}, err
		}
		cmd.Draft, cmd.Number = r.number.draftNumber(), r.number.changeNumber()
	}
	decision := policy.Decide(before, d.Directory(), cmd, r.at)
	entered := outcome(decision)
	d.Log.Info("answer on a page", "change", before.Name(), "ballot", string(sub.Ballot), "counted", entered.Counted)
	if !entered.Counted {
		return entered, nil
	}
	r.after, r.events, r.notices = decision.Change, decision.Events, decision.Notices
	if err := d.archive(tx, sub, e, raw, r.at); err != nil {
		return Entered{}, err
	}
	return entered, d.publish(ctx, tx, r)
}

func (d *Desk) archive(tx *storage.Tx, sub storage.Submission, e Entry, raw []byte, at time.Time) error {
	m := storage.Mail{
		Key:    storage.MailKey{Folder: PageFolder, UIDValidity: 1, UID: uint32(sub.N)}, //nolint:gosec // four billion pages
		SHA256: hashOf(raw), MessageID: d.pageID(sub), Sender: sub.Address, Person: sub.Person, Change: sub.Change, Ballot: sub.Ballot,
		Disposition: string(Counted), Reason: "answered on the page", Received: at, Decided: at, Size: int64(len(raw)), Raw: raw,
	}
	for _, f := range e.Files {
		m.Attachments = append(m.Attachments, storage.Attachment{Name: f.Name, Type: f.Type, SHA256: hashOf(f.Bytes), Bytes: f.Bytes})
	}
	tx.SaveMail(m)
	return recordMail(tx, m.SHA256, at, dispositionEvent{
		Disposition: Counted, Reason: m.Reason, Person: sub.Person, Change: sub.Change, Ballot: sub.Ballot,
		Folder: m.Key.Folder, UIDValidity: m.Key.UIDValidity, UID: m.Key.UID, Received: at,
	})
}

func (d *Desk) pageID(sub storage.Submission) string { return "page-" + sub.ID + "@" + d.domain() }

// evidence writes what was entered as a mail: what an answer by mail would have
// said, and how its sender was proven. It holds no token, so it can decide nothing
// if somebody sends it.
func (d *Desk) evidence(c policy.Change, sub storage.Submission, e Entry, proof string) ([]byte, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", e.Keyword)
	for _, l := range e.Fields.Labels() {
		fmt.Fprintf(&text, "%s: %s\n", l, strings.ReplaceAll(e.Fields.Get(l), "\n", "\n  "))
	}
	l := mailread.Letter{
		FromName: d.Directory().Name(sub.Person), From: sub.Address, To: d.Org.Mailbox, Date: d.now(),
		Subject: strings.TrimSpace(string(e.Keyword) + " " + c.Name()), MessageID: d.pageID(sub), Text: text.String(),
		Headers: []mailread.Header{
			{Name: "User-Agent", Value: e.Agent}, {Name: "X-Countersign-Proof", Value: proof}, {Name: "X-Countersign-Ballot", Value: string(sub.Ballot)},
			{Name: "X-Countersign-Revision", Value: strconv.Itoa(sub.Revision) + " " + c.Hash},
		},
	}
	for _, f := range e.Files {
		l.Files = append(l.Files, mailread.Attachment{Name: f.Name, Type: f.Type, Bytes: f.Bytes})
	}
	return l.Bytes()
}
