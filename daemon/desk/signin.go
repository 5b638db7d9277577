package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// What limits codes. Signing in and answering are counted apart, so that nobody
// who merely knows an address can keep its owner from answering.
const (
	codeLife   = 15 * time.Minute
	triesACode = 5
	codesADay  = 10
)

// SessionLife is for how long a browser stays signed in.
const SessionLife = 12 * time.Hour

var errTooMany = errors.New("as many codes were mailed today as there are")

// newID draws an id of 128 bits: nobody can guess another browser's.
func newID() string {
	return strings.ToLower(rand.Text())
}

// HashOf is what is kept of a secret that a browser holds.
func HashOf(secret string) string {
	sum := sha256.Sum256([]byte("countersign browser " + secret))
	return hex.EncodeToString(sum[:])
}

// mailCode keeps the submission and mails its code to the person, at their own
// registered address.
func (d *Desk) mailCode(ctx context.Context, tx *storage.Tx, sub storage.Submission, data mailtmpl.Data) error {
	n, err := tx.CodesSince(ctx, sub.Person, sub.Purpose, sub.At.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if n >= codesADay {
		return errTooMany
	}
	sub.Address = data.Reader.Addresses[0]
	if err := tx.Submit(ctx, sub); err != nil {
		return err
	}
	data.MessageID = "code-" + sub.ID + "@" + d.domain()
	data.Code.ID, data.Code.Until = mailtmpl.CodeID(sub.ID), sub.Until
	data.Papered = false
	return d.post(ctx, tx, []draft{{data: data, out: storage.OutMail{
		MessageID: data.MessageID, Change: sub.Change, Ballot: sub.Ballot, Notice: string(data.Notice.Kind),
		Person: sub.Person, Recipient: sub.Address, At: sub.At, Asks: sub.Ballot != "",
		KeyID: sub.KeyID, TokenPerson: string(sub.Person), Generation: generation,
	}}})
}

// AskToSignIn mails a code and a link to the person whose address it is. Whoever
// asks is told the same whether there is one or not.
func (d *Desk) AskToSignIn(ctx context.Context, address, browser string) (id string, err error) {
	id = newID()
	person, known := d.Directory().ByAddress(strings.TrimSpace(address))
	if !known || len(person.Addresses) == 0 {
		return id, nil
	}
	sub := storage.Submission{
		ID: id, Purpose: storage.ForSignIn, KeyID: d.Keys.Current, Browser: browser, Person: person.ID,
		At: d.now(), Until: d.now().Add(codeLife),
	}
	data := mailtmpl.Data{
		Notice:    policy.Notice{Kind: policy.CodeSignIn, To: person.ID, Why: "Somebody, probably you, asked to sign in with your address."},
		Directory: d.Directory(), Reader: person, Org: d.Org, Now: d.now(), Location: d.location(),
	}
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error { return d.mailCode(ctx, tx, sub, data) })
	if errors.Is(err, errTooMany) {
		d.Log.Warn("no code to sign in was mailed: the person was sent as many as there are for a day", "person", string(person.ID))
		return id, nil
	}
	return id, err
}

// FollowLink signs the browser in that comes by the mailed link, whichever it is:
// whoever has the link has the mailbox. It is good once.
func (d *Desk) FollowLink(ctx context.Context, id, token string) (c Confirmation, err error) {
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		c = Confirmation{State: CodeElsewhere}
		sub, err := tx.LockSubmission(ctx, id)
		if isNotFound(err) || err == nil && sub.Purpose != storage.ForSignIn {
			return nil
		}
		if err != nil {
			return err
		}
		right, err := d.Keys.Token(sub.KeyID, paper.SignIn, paper.Paper{Ballot: sub.ID, Person: string(sub.Person), Generation: generation})
		if err != nil || !hmac.Equal([]byte(right), []byte(token)) {
			return err
		}
		c.Submission = sub
		switch now := d.now(); {
		case sub.Ended != nil:
			c.State = CodeSpent
			return nil
		case !now.Before(sub.Until):
			c.State = CodeLapsed
			return nil
		default:
			sub.Ended, sub.Used = &now, true
		}
		if err := tx.MarkSubmission(ctx, sub); err != nil {
			return err
		}
		c.State = CodeRight
		c.Session, err = d.signIn(ctx, tx, sub)
		return err
	})
	return c, err
}

// signIn opens a session for the person who has proven their mailbox, and gives
// what the browser is to hold.
func (d *Desk) signIn(ctx context.Context, tx *storage.Tx, sub storage.Submission) (string, error) {
	secret := newID() + newID()
	return secret, tx.OpenSession(ctx, storage.Session{
		Hash: HashOf(secret), Person: sub.Person, Address: sub.Address, Since: d.now(), Until: d.now().Add(SessionLife),
	})
}

// Session is the session of the browser that holds the secret, and its person:
// the zero session where there is none, or where the person or their address is
// no longer in the directory.
func (d *Desk) Session(ctx context.Context, secret string) (*storage.Session, policy.Person, error) {
	s, err := d.Store.Session(ctx, HashOf(secret), d.now())
	if isNotFound(err) {
		return nil, policy.Person{}, nil
	}
	if err != nil {
		return nil, policy.Person{}, err
	}
	person, known := d.Directory().Person(s.Person)
	if !known || !slices.Contains(person.Addresses, s.Address) {
		return nil, policy.Person{}, nil
	}
	return &s, person, nil
}

// SignOut ends the session of the browser that holds the secret.
func (d *Desk) SignOut(ctx context.Context, secret string) error {
	err := d.Store.Tx(ctx, func(tx *storage.Tx) error { return tx.CloseSession(ctx, HashOf(secret), d.now()) })
	if err != nil {
		return fmt.Errorf("signing out: %w", err)
	}
	return nil
}
