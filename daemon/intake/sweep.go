package intake

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/storage"
)

// How many mails are fetched and decided together, how many bytes they may have
// together, and how many are moved together: a server takes about as long to
// move a hundred mails as to move one.
const (
	together      = 50
	bytesTogether = 8 << 20
	movedTogether = 200
)

// deciding is the longest the desk may need for the mails in hand, with a
// database that makes it wait and try again.
const deciding = 6 * time.Minute

// A pass is one pass over the inbox: every mail is brought to its disposition,
// in UID order, and moved. While the desk decides some mails, the next are
// fetched and those decided before are moved.
type pass struct {
	*Intake
	s      *session
	left   []desk.Incoming // without their bytes
	next   []desk.Incoming // fetched
	moving []uint32        // decided, and still in the inbox
	putOff []desk.Incoming // to be tried last, one by one

	decided int
	whole   bool // no mail stayed undecided
}

// sweep passes over the inbox once. A mail the desk could not decide stays for
// the next sweep; whole says that there is none.
func (i *Intake) sweep(ctx context.Context, s *session) (decided int, whole bool, err error) {
	i.sweeping.Lock()
	defer i.sweeping.Unlock()
	begun := i.Now()
	p := &pass{Intake: i, s: s, whole: true}
	err = p.run(ctx)
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil && p.whole {
		i.mu.Lock()
		i.swept = begun
		i.mu.Unlock()
	}
	return p.decided, p.whole, err
}

func (p *pass) run(ctx context.Context) error {
	if err := p.look(); err != nil {
		return err
	}
	if len(p.left) > together {
		defer roomy()()
	}
	if err := p.ahead(ctx); err != nil {
		return err
	}
	for len(p.next) > 0 && ctx.Err() == nil {
		mails := p.next
		p.next = nil
		fetched := make(chan error, 1)
		go func() { fetched <- p.ahead(ctx) }()
		filings, err := p.decide(ctx, mails)
		lost := <-fetched
		p.settle(mails, filings)
		if err := errors.Join(err, lost); err != nil {
			return err
		}
	}
	if err := p.decideLast(ctx); err != nil {
		return err
	}
	return p.move(p.moving)
}

// roomy lets the heap grow for as long as a backlog lasts: a small one is
// collected so often that it costs a tenth of the work. GOMEMLIMIT still holds.
func roomy() (over func()) {
	before := debug.SetGCPercent(400)
	return func() {
		debug.SetGCPercent(before)
		debug.FreeOSMemory()
	}
}

// look selects the inbox and finds out what is there.
func (p *pass) look() error {
	p.Pulse.Within(p.CommandTimeout + slack)
	uids, err := p.open(p.s)
	if err != nil {
		return err
	}
	var fresh []uint32
	for _, uid := range uids {
		if p.filed[uid] == "" {
			fresh = append(fresh, uid)
		} else {
			p.moving = append(p.moving, uid)
		}
	}
	if p.left, err = p.s.sizes(fresh); err != nil {
		return fmt.Errorf("asking for sizes: %w", p.s.explain(err))
	}
	return nil
}

// ahead moves what has gathered, and fetches the next mails. Nothing else uses
// the connection meanwhile.
func (p *pass) ahead(ctx context.Context) error {
	defer func() { // as long as the desk needs
		p.s.conn.expect(0)
		p.Pulse.Within(deciding)
	}()
	if len(p.moving) >= movedTogether {
		if err := p.move(p.moving); err != nil {
			return err
		}
		p.moving = nil
	}
	if ctx.Err() != nil {
		return nil
	}
	for len(p.next) == 0 && len(p.left) > 0 {
		n := p.some()
		mails := p.left[:n]
		p.left = p.left[n:]
		if err := p.fetch(mails); err != nil {
			return err
		}
	}
	return nil
}

// some is how many of the mails left are fetched together.
func (p *pass) some() int {
	var bytes int64
	for n, in := range p.left {
		bytes += min(in.Size, p.Limit)
		if n > 0 && bytes > bytesTogether || n == together {
			return n
		}
	}
	return len(p.left)
}

// fetch fetches mails for the desk. One that the server does not give stays.
func (p *pass) fetch(mails []desk.Incoming) error {
	found, err := p.s.fetch(mails)
	if err != nil {
		return err
	}
	for _, in := range found {
		if in.problem != nil {
			p.Log.Error("mail cannot be fetched", "uid", in.UID, "size", in.Size, "error", in.problem)
			p.whole = false
			continue
		}
		in.Folder, in.UIDValidity = p.Folders.Inbox, p.validity
		p.next = append(p.next, in.Incoming)
	}
	if len(p.next) > 0 {
		failpoint.Here(failpoint.Fetched)
	}
	return nil
}

// decide hands mails to the desk. Those in hand are finished even when ctx
// ends. The error says that nothing more must be decided.
func (p *pass) decide(ctx context.Context, mails []desk.Incoming) ([]desk.Filing, error) {
	p.Pulse.Within(deciding)
	filings, err := p.desk.ReceiveAll(context.WithoutCancel(ctx), mails)
	if err != nil {
		p.Log.Error("mail left in the inbox", "error", err)
	}
	return filings, final(err)
}

// settle notes where the mails belong.
func (p *pass) settle(mails []desk.Incoming, filings []desk.Filing) {
	for n, filing := range filings {
		switch in := mails[n]; filing {
		case "":
			p.whole = false
		case desk.PutOff:
			in.Raw = nil
			p.putOff = append(p.putOff, in)
		default:
			p.filed[in.UID] = filing
			p.moving = append(p.moving, in.UID)
			p.decided++
		}
	}
}

// decideLast decides the mails that were put off, each by itself, when every
// other mail has been decided.
func (p *pass) decideLast(ctx context.Context) error {
	for _, in := range p.putOff {
		if ctx.Err() != nil {
			return nil
		}
		if err := p.fetch([]desk.Incoming{in}); err != nil {
			return err
		}
		mails := p.next
		p.next = nil
		for _, in := range mails {
			p.Pulse.Within(deciding)
			p.s.conn.expect(0)
			filing, err := p.desk.Receive(context.WithoutCancel(ctx), in)
			if err != nil {
				p.Log.Error("mail left in the inbox", "uid", in.UID, "size", in.Size, "error", err)
			}
			p.settle([]desk.Incoming{in}, []desk.Filing{filing})
			if err := final(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// final is the error if it means that this instance must decide nothing more.
func final(err error) error {
	if errors.Is(err, storage.ErrDirectoryChanged) || errors.Is(err, storage.ErrSchemaTooNew) || errors.Is(err, ErrUnknownMail) {
		return fmt.Errorf("deciding mail: %w", err)
	}
	return nil
}

// open selects the inbox and lists the mails to look at, in order.
func (i *Intake) open(s *session) ([]uint32, error) {
	select {
	case <-s.news: // what it told of will be seen now
	default:
	}
	s.conn.expect(s.CommandTimeout)
	inbox, err := s.client.Select(i.Folders.Inbox, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("opening folder %q: %w", i.Folders.Inbox, s.explain(err))
	}
	if inbox.UIDValidity != i.validity {
		i.validity, i.filed = inbox.UIDValidity, map[uint32]desk.Filing{}
	}
	found, err := s.client.UIDSearch(s.wanted(), nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("searching folder %q: %w", i.Folders.Inbox, s.explain(err))
	}
	var uids []uint32
	for _, uid := range found.AllUIDs() {
		uids = append(uids, uint32(uid))
	}
	slices.Sort(uids)
	i.forget(uids)
	return uids, nil
}

// forget drops what is known of mails that are no longer there.
func (i *Intake) forget(present []uint32) {
	for uid := range i.filed {
		if _, there := slices.BinarySearch(present, uid); !there {
			delete(i.filed, uid)
		}
	}
}

// sizes asks for what must be known before a body is fetched. Nothing more is
// asked for: an odd ENVELOPE would cost the connection.
func (s *session) sizes(uids []uint32) ([]desk.Incoming, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	s.conn.expect(s.CommandTimeout)
	found, err := s.client.Fetch(set(uids), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, err
	}
	var mails []desk.Incoming
	for _, m := range found {
		mails = append(mails, desk.Incoming{UID: uint32(m.UID), Size: m.RFC822Size, Received: m.InternalDate})
	}
	slices.SortFunc(mails, func(a, b desk.Incoming) int { return int(int64(a.UID) - int64(b.UID)) })
	return mails, nil
}
