package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/postfix"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// A postOffice is a company's mail as companies have it: Postfix takes mail in,
// from those who log in and from elsewhere, and Dovecot keeps it. It is a
// stage's post, for one play at a time.
type postOffice struct {
	postfix  *postfix.Server
	dovecot  *dovecot.Server
	implicit bool // people submit over TLS from the first byte

	inboxes map[string]*dovecot.Inbox // of everybody with an account
}

// patience is how long a mail may be on its way: longer than a machine that has
// much else to do needs.
const patience = time.Minute

func openPostOffice(ctx context.Context) (*postOffice, error) {
	o := &postOffice{inboxes: map[string]*dovecot.Inbox{}}
	var err error
	if o.dovecot, err = dovecot.Start(ctx); err != nil {
		return nil, err
	}
	if o.postfix, err = postfix.Start(ctx, o.dovecot); err != nil {
		o.dovecot.Stop()
		return nil, err
	}
	return o, nil
}

func (o *postOffice) close() {
	for _, inbox := range o.inboxes {
		inbox.Close()
	}
	o.postfix.Stop()
	o.dovecot.Stop()
}

// AddUser gives the address a mailbox and a login.
func (o *postOffice) AddUser(address, password string) error {
	if err := o.postfix.AddUser(address, password); err != nil || o.inboxes[address] != nil {
		return err
	}
	var err error
	o.inboxes[address], err = o.dovecot.Open(address)
	return err
}

// Refuse has mail to the address refused: Postfix no longer knows it.
func (o *postOffice) Refuse(address string) { o.postfix.Forget(address) }

// Deliver submits what somebody wrote, or has it arrive from elsewhere if they
// have no account, and waits for it in the change mailbox.
func (o *postOffice) Deliver(user string, raw []byte, _ time.Time) ([]byte, error) {
	letter := enveloped(user, raw)
	send := func() error { return o.postfix.Submit(letter, stage.Password, o.implicit) }
	if o.inboxes[letter.From] == nil {
		send = func() error { return o.postfix.Arrive(letter) }
	}
	if err := send(); err != nil {
		return nil, err
	}
	mails, err := o.await(context.Background(), user, 1)
	if err != nil {
		return nil, err
	}
	if len(mails) > 1 {
		return nil, fmt.Errorf("%d mails came to %s, and one was sent", len(mails), user)
	}
	return mails[0].Raw, nil
}

// enveloped puts a mail into its envelope, as its sender's program does. The
// Return-Path is the envelope's.
func enveloped(user string, raw []byte) postfix.Letter {
	l := postfix.Letter{To: []string{user}, Raw: raw}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || m.Header.Get("Return-Path") == "<>" {
		return l
	}
	if from, err := m.Header.AddressList("From"); err == nil {
		l.From = from[0].Address
	}
	if to, err := m.Header.AddressList("To"); err == nil {
		l.To = []string{to[0].Address}
	}
	return l
}

// Collect waits for the mails the outbox has handed over.
func (o *postOffice) Collect(ctx context.Context, handed []storage.OutRow) ([]mailbox.Sent, error) {
	count := map[string]int{}
	for _, row := range handed {
		count[row.Recipient]++
	}
	come := map[string][]mailbox.Message{}
	for address, n := range count {
		var err error
		if come[address], err = o.await(ctx, address, n); err != nil {
			return nil, err
		}
	}
	var sent []mailbox.Sent
	for _, row := range handed {
		raw, err := take(come, row)
		if err != nil {
			return nil, err
		}
		sent = append(sent, mailbox.Sent{To: row.Recipient, Raw: raw})
	}
	return sent, leftOver(come)
}

// await waits for n mails to the address.
func (o *postOffice) await(ctx context.Context, address string, n int) ([]mailbox.Message, error) {
	inbox := o.inboxes[address]
	if inbox == nil {
		return nil, fmt.Errorf("nobody here has the address %s", address)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	mails, err := inbox.Await(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, o.postfix.Log())
	}
	return mails, nil
}

// take takes the mail of the row out of those that came; Postfix need not keep
// their order.
func take(come map[string][]mailbox.Message, row storage.OutRow) ([]byte, error) {
	for i, m := range come[row.Recipient] {
		if bytes.Contains(m.Raw, []byte("\r\nMessage-ID: <"+row.MessageID+">\r\n")) {
			come[row.Recipient] = append(come[row.Recipient][:i:i], come[row.Recipient][i+1:]...)
			return m.Raw, nil
		}
	}
	return nil, fmt.Errorf("%s to %s did not come", row.Notice, row.Recipient)
}

// leftOver is an error if there are mails that nobody has taken.
func leftOver(come map[string][]mailbox.Message) error {
	var errs []error
	for address, mails := range come {
		for _, m := range mails {
			errs = append(errs, fmt.Errorf("%s got a mail the outbox did not send:\n%s", address, m.Raw))
		}
	}
	return errors.Join(errs...)
}

// quiet waits until nothing is on its way, and fails if anybody has got
// something that nobody waited for.
func (o *postOffice) quiet(t *testing.T) {
	t.Helper()
	if err := o.postfix.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	come := map[string][]mailbox.Message{}
	for address, inbox := range o.inboxes {
		var err error
		if come[address], err = inbox.Fresh(); err != nil {
			t.Fatal(err)
		}
	}
	if err := leftOver(come); err != nil {
		t.Error(err)
	}
}
