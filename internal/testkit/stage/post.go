package stage

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/storage"
)

// A Post carries mail between the people and the change mailbox.
type Post interface {
	// AddUser gives the address a mailbox; one that has it keeps it.
	AddUser(address, password string) error
	// Deliver carries what somebody wrote into the change mailbox, the user's,
	// and gives it as it lies there.
	Deliver(user string, raw []byte, at time.Time) ([]byte, error)
	// Collect gives the mails that have come to people since the last time, one
	// for each the outbox says it has handed over, and in that order.
	Collect(ctx context.Context, handed []storage.OutRow) ([]mailbox.Sent, error)
	// Refuse has mail to the address refused from now on.
	Refuse(address string)
}

// A local post is the provider in process, before the change mailbox there or
// elsewhere.
type local struct {
	provider *mailbox.Server
	imap     IMAP
	seen     int // how many of the provider's sent mails were collected
}

func (p *local) AddUser(address, password string) error {
	if err := p.imap.AddUser(address, password); err != nil || p.imap == IMAP(p.provider) {
		return err
	}
	return p.provider.AddUser(address, password) // to log in for sending
}

func (p *local) Deliver(user string, raw []byte, at time.Time) ([]byte, error) {
	return raw, p.imap.Deliver(user, raw, at)
}

func (p *local) Collect(context.Context, []storage.OutRow) ([]mailbox.Sent, error) {
	sent := p.provider.Sent()
	fresh := sent[p.seen:]
	p.seen = len(sent)
	return fresh, nil
}

func (p *local) Refuse(address string) { p.provider.Refuse(address, 550, 0) }

// settle gives everybody the configuration names a mailbox.
func settle(p Post, c *config.Config) error {
	d := c.Directory()
	addresses := slices.Concat(slices.Collect(maps.Values(d.Lists))...)
	addresses = append(addresses, c.Operator.Addresses...)
	for _, person := range d.People {
		addresses = append(addresses, person.Addresses...)
	}
	for _, address := range addresses {
		if err := p.AddUser(address, Password); err != nil {
			return err
		}
	}
	return nil
}

// handed lists what the outbox has handed over since the last time.
func (s *Stage) handed(ctx context.Context) ([]storage.OutRow, error) {
	rows, err := s.Store.Outbox(ctx, "")
	if err != nil {
		return nil, err
	}
	var handed []storage.OutRow
	for _, row := range rows {
		if row.State == "sent" && !s.collected[row.ID] {
			s.collected[row.ID] = true
			handed = append(handed, row)
		}
	}
	return handed, nil
}

// onClock is a desk to which mail comes at the time the clock shows: a real
// server writes down its own.
type onClock struct {
	intake.Desk
	clock *Clock
}

func (d onClock) ReceiveAll(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error) {
	for i := range mails {
		mails[i].Received = d.clock.Now()
	}
	return d.Desk.ReceiveAll(ctx, mails)
}

func (d onClock) Receive(ctx context.Context, in desk.Incoming) (desk.Filing, error) {
	in.Received = d.clock.Now()
	return d.Desk.Receive(ctx, in)
}
