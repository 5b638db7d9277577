package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A result is what a decision leaves to be written: the same for a mail, a
// firing of the clock, a directory and an operator's verb.
type result struct {
	before, after policy.Change
	dir           *policy.Directory // under which it was decided; nil: as configured
	events        []policy.Event
	notices       []policy.Notice
	number        *numbering
	seed          string // what Message-IDs derive from
	at            time.Time
	answering     answering
	waiting       []storage.Waiting // what a mail about all of them lists
	copy          []byte            // an answer given on a page, for our own mailbox
}

// answering is the mail that is being answered, if there is one.
type answering struct {
	person     policy.PersonID
	messageID  string
	references []string
	given      mailtmpl.Given
}

func (c *conversation) result() result {
	r := result{
		before: c.before, after: c.out.Change, dir: &c.dir, events: c.out.Events, notices: c.out.Notices,
		number: c.number, seed: c.sha, at: c.now,
	}
	if m := c.out.Message; m != nil && c.out.Person != "" {
		r.answering = answering{person: c.out.Person, messageID: m.MessageID, references: m.References, given: c.given()}
	}
	return r
}

// given is the mail that is answered: the held one, where this is the word on
// it.
func (c *conversation) given() mailtmpl.Given {
	if c.about != nil {
		return c.about.given()
	}
	m := c.out.Message
	return mailtmpl.Given{From: mailread.Shown(m.From.Address), Subject: m.Subject, Excerpt: c.excerpt(), At: c.in.Received, Others: strings.Join(c.otherNumbers(), ", ")}
}

// publish hands the change, its record and the mails that are owed over to the
// transaction.
func (d *Desk) publish(ctx context.Context, tx *storage.Tx, r result) error {
	drafts, err := d.draft(tx, r)
	if err != nil {
		return err
	}
	return d.post(ctx, tx, drafts)
}

// draft is publish, but for the mails: these are yet to be rendered and posted.
func (d *Desk) draft(tx *storage.Tx, r result) ([]draft, error) {
	if len(r.events) > 0 {
		if err := r.number.spend(r.before, r.after); err != nil {
			return nil, err
		}
		if err := tx.SaveChange(r.after); err != nil {
			return nil, err
		}
	}
	var drafts []draft
	for i, n := range r.notices {
		mail, owed, err := d.address(tx, r, n, i)
		if err != nil {
			return nil, fmt.Errorf("writing mail %s: %w", n.Kind, err)
		}
		if owed {
			drafts = append(drafts, mail)
		}
	}
	return drafts, record(tx, r, d.now())
}

func record(tx *storage.Tx, r result, at time.Time) error {
	entries := make([]storage.Entry, len(r.events))
	for i, e := range r.events {
		payload, err := policy.EncodeEvent(e)
		if err != nil {
			return fmt.Errorf("encoding event %s: %w", e.Kind(), err)
		}
		entries[i] = storage.Entry{Kind: e.Kind(), Payload: payload, At: at}
	}
	tx.Append(storage.SubjectChange, string(r.after.ID), entries...)
	return nil
}

// A draft is a mail that is owed, before it is rendered.
type draft struct {
	out  storage.OutMail
	data mailtmpl.Data
}

// address makes the draft of a notice, and issues the token it will carry.
func (d *Desk) address(tx *storage.Tx, r result, n policy.Notice, i int) (mail draft, owed bool, err error) {
	dir := d.Directory()
	if r.dir != nil {
		dir = *r.dir
	}
	reader, known := dir.Person(n.To)
	if n.To != "" && (!known || len(reader.Addresses) == 0) {
		d.Log.Warn("nobody to write to: the person is no longer in the directory", "notice", string(n.Kind), "change", r.after.Name())
		return draft{}, false, nil
	}
	recipient := n.Address
	if known {
		recipient = reader.Addresses[0]
	}
	out := storage.OutMail{
		MessageID: d.messageID(r, n, i), Change: r.after.ID, Ballot: n.Ballot, Notice: string(n.Kind),
		Person: n.To, Recipient: recipient, At: d.now(),
		Rationed: rationed(n.Kind) && len(r.events) == 0,
		Asks:     n.Ballot != "" && n.Kind == askKind(r.after, n.Ballot) && n.Receipt == nil,
	}
	papered, err := d.givePapers(tx, &out, n, r.waiting)
	return draft{out, d.data(r, n, reader, dir, out.MessageID, papered)}, err == nil, err
}

// render writes the mail out.
func (m *draft) render() error {
	mail, err := mailtmpl.Render(m.data)
	if err != nil {
		return fmt.Errorf("writing mail %s: %w", m.out.Notice, err)
	}
	mail.To = m.out.Recipient
	if m.out.Body, err = mail.Encode(); err != nil {
		return fmt.Errorf("writing mail %s: %w", m.out.Notice, err)
	}
	return nil
}

// post renders the drafts, on every processor there is, and puts the mails into
// the outbox.
func (d *Desk) post(ctx context.Context, tx *storage.Tx, drafts []draft) error {
	if err := remindOfDuties(ctx, tx, drafts); err != nil {
		return err
	}
	if err := d.tellAbsences(ctx, tx, drafts); err != nil {
		return err
	}
	errs := make([]error, len(drafts))
	each(len(drafts), func(i int) { errs[i] = drafts[i].render() })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, mail := range drafts {
		tx.Enqueue(mail.out)
	}
	return nil
}

// askKind is the mail that first presents the ballot.
func askKind(c policy.Change, id policy.BallotID) policy.NoticeKind {
	b, _ := c.Ballot(id)
	return policy.AskOf(b.Kind)
}

// generation is that of all tokens.
const generation = 1

// givePapers issues the tokens a mail carries, and says whether one of them is the
// mail's own.
func (d *Desk) givePapers(tx *storage.Tx, out *storage.OutMail, n policy.Notice, waiting []storage.Waiting) (own bool, err error) {
	if len(waiting) > 0 {
		return false, d.giveOthersPapers(tx, out, waiting)
	}
	return d.givePaper(tx, out, n)
}

// givePaper issues the token a mail carries: the ballot it asks about, or the
// reader's standing paper on the change. Mail to lists and mail about no change
// carries none; nor does a report (7), whose answers go to a person, unless it
// acknowledges an answer that the reader may want to correct.
func (d *Desk) givePaper(tx *storage.Tx, out *storage.OutMail, n policy.Notice) (bool, error) {
	report := slices.Contains(policy.Distribution, n.Kind) && n.Receipt == nil
	if out.Person == "" || out.Change == "" && n.Kind != policy.AskConfirmation || report {
		return false, nil
	}
	p := paper.Paper{Change: string(out.Change), Ballot: string(out.Ballot), Person: string(out.Person), Generation: generation}
	out.KeyID, out.TokenBallot, out.TokenPerson, out.Generation = d.Keys.Current, p.Ballot, p.Person, p.Generation
	return true, d.issue(tx, mailtmpl.PurposeOf(n.Kind), p)
}

// issue makes the token of the paper with the current key, and keeps its hash.
func (d *Desk) issue(tx *storage.Tx, purpose paper.Purpose, p paper.Paper) error {
	token, err := d.Keys.Token(d.Keys.Current, purpose, p)
	if err != nil {
		return fmt.Errorf("making a token: %w", err)
	}
	tx.SaveToken(storage.Token{
		Hash: paper.Hash(token), KeyID: d.Keys.Current, Generation: p.Generation, Purpose: string(purpose),
		Change: policy.ChangeID(p.Change), Ballot: policy.BallotID(p.Ballot), Person: policy.PersonID(p.Person),
	})
	return nil
}

// messageID derives a mail's id from what caused it, so that deciding the same
// mail again after a restore sends the same mails. It begins with the day the
// change was proposed, and all mails of one cause go on alike, so that they lie
// together in the index of the outbox.
func (d *Desk) messageID(r result, n policy.Notice, i int) string {
	cause := sha256.Sum256([]byte(r.seed))
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d", r.seed, n.Kind, n.To, n.Address, n.Ballot.Mail(), i))
	return r.after.ID.Day() + hex.EncodeToString(cause[:6]) + hex.EncodeToString(sum[:6]) + "@" + d.domain()
}

func (d *Desk) data(r result, n policy.Notice, reader policy.Person, dir policy.Directory, id string, papered bool) mailtmpl.Data {
	data := mailtmpl.Data{
		Notice: n, Change: r.after, Directory: dir, Reader: reader, Org: d.Org, Now: d.now(),
		Location: d.location(), MessageID: id, Papered: papered, Waiting: waiting(r.waiting), Thread: d.thread(r, n),
	}
	if r.answering.person != "" && r.answering.person == n.To {
		data.Given = r.answering.given
	}
	if n.Kind == policy.CopyAnswer {
		data.Copy = r.copy
	}
	if n.Kind == policy.AskAuthorization {
		data.Changed, data.Earlier = earlier(r.after, n.To)
	}
	return data
}

// thread puts every mail about a change under one root, and an answer under
// the mail it answers.
func (d *Desk) thread(r result, n policy.Notice) mailtmpl.Thread {
	var t mailtmpl.Thread
	if r.after.ID != "" {
		t.Root = "change-" + string(r.after.ID) + "@" + d.domain()
		t.Parent = t.Root
	}
	if r.answering.person == n.To && r.answering.messageID != "" && n.To != "" {
		t.Parent = r.answering.messageID
		t.References = append(slices.Clone(r.answering.references), r.answering.messageID)
		t.References = slices.DeleteFunc(t.References, func(ref string) bool { return ref == t.Root || strings.TrimSpace(ref) == "" })
	}
	return t
}

// earlier is the person's own assessment of an earlier revision, and what has
// changed since.
func earlier(c policy.Change, person policy.PersonID) ([]policy.Label, *policy.Answer) {
	for _, b := range slices.Backward(c.Ballots) {
		if b.Kind == policy.BallotAuthorization && b.Person == person && b.Revision < c.Revision && b.Answer != nil {
			return policy.Changed(c.Revisions[b.Revision-1].Proposal, c.Proposal), b.Answer
		}
	}
	if c.Revision > 1 {
		return policy.Changed(c.Revisions[c.Revision-2].Proposal, c.Proposal), nil
	}
	return nil, nil
}
