package dovecot

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// An Inbox is an INBOX that stays open, as in a mail client: it gives each mail
// once, when it has come.
type Inbox struct {
	address string
	client  *imapclient.Client
	news    atomic.Bool // the server has told of mail we have not asked for
	seen    imap.UID
}

// Open opens the INBOX of the address. What lies in it has come, too.
func (s *Server) Open(address string) (*Inbox, error) {
	a := s.Account(address)
	i := &Inbox{address: address}
	told := imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) { i.news.Store(true) }}
	var err error
	if i.client, err = imapclient.DialInsecure(a.Address, &imapclient.Options{UnilateralDataHandler: &told}); err != nil {
		return nil, fmt.Errorf("opening the inbox of %s: %w", address, err)
	}
	if err = i.client.Login(a.Username, a.Password).Wait(); err == nil {
		_, err = i.client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	}
	if err != nil {
		i.Close()
		return nil, fmt.Errorf("opening the inbox of %s: %w", address, err)
	}
	i.news.Store(true)
	return i, nil
}

// Close closes the connection.
func (i *Inbox) Close() { i.client.Close() }

// Await waits until n mails have come since the last time, and gives all that
// have.
func (i *Inbox) Await(ctx context.Context, n int) ([]mailbox.Message, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var come []mailbox.Message
	for {
		fresh, err := i.Fresh()
		if err != nil {
			return come, err
		}
		if come = append(come, fresh...); len(come) >= n {
			return come, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return come, fmt.Errorf("waiting for %d mails to %s, of which %d have come: %w", n, i.address, len(come), ctx.Err())
		}
	}
}

// Fresh gives the mails that have come since the last time, in UID order.
func (i *Inbox) Fresh() ([]mailbox.Message, error) {
	if err := i.client.Noop().Wait(); err != nil {
		return nil, fmt.Errorf("asking for mail to %s: %w", i.address, err)
	}
	if !i.news.Swap(false) {
		return nil, nil
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	all := imap.UIDSet{imap.UIDRange{Start: i.seen + 1}}
	found, err := i.client.Fetch(all, &imap.FetchOptions{
		UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{whole},
	}).Collect()
	if err != nil {
		return nil, fmt.Errorf("reading the inbox of %s: %w", i.address, err)
	}
	var fresh []mailbox.Message
	for _, m := range found {
		if m.UID > i.seen { // the last mail is always among those asked for
			fresh = append(fresh, mailbox.Message{UID: uint32(m.UID), At: m.InternalDate, Raw: m.FindBodySection(whole)})
		}
	}
	slices.SortFunc(fresh, func(a, b mailbox.Message) int { return int(a.UID) - int(b.UID) })
	if len(fresh) > 0 {
		i.seen = imap.UID(fresh[len(fresh)-1].UID)
	}
	return fresh, nil
}
