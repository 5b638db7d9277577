package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/countersign/countersign/daemon/desk"
)

// batch is how many mails are decided before they are moved together.
const batch = 50

// headerLimit is how much is fetched of a mail that is too big: its header, and
// of a header that is too big, the beginning.
const headerLimit = 1 << 20

// sweep brings every mail of the inbox to its disposition, in UID order, and
// moves it. A mail the desk could not decide stays for the next sweep.
func (i *Intake) sweep(ctx context.Context, s *session) (decided int, err error) {
	i.sweeping.Lock()
	defer i.sweeping.Unlock()
	begun := i.Now()
	uids, err := i.open(s)
	if err != nil {
		return 0, err
	}
	whole := true
	for some := range slices.Chunk(uids, batch) {
		n, err := i.decide(ctx, s, some)
		decided += n
		if errors.Is(err, errUnheard) {
			whole, err = false, nil
		}
		if err != nil {
			return decided, err
		}
		if err := i.move(s, some); err != nil {
			return decided, err
		}
		if ctx.Err() != nil {
			return decided, ctx.Err()
		}
	}
	if whole {
		i.mu.Lock()
		i.swept = begun
		i.mu.Unlock()
	}
	return decided, nil
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

// decide brings the mails to the desk. The error is errUnheard when only some
// stayed undecided.
func (i *Intake) decide(ctx context.Context, s *session, uids []uint32) (decided int, err error) {
	undecided := slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return i.filed[uid] != "" })
	mails, err := s.sizes(undecided)
	if err != nil {
		return 0, fmt.Errorf("asking for sizes: %w", s.explain(err))
	}
	var unheard error
	for _, in := range mails {
		if ctx.Err() != nil {
			return decided, errUnheard
		}
		in.Folder, in.UIDValidity = i.Folders.Inbox, i.validity
		there, err := s.fetch(&in)
		switch {
		case refused(err):
			i.Log.Error("mail cannot be fetched", "uid", in.UID, "size", in.Size, "error", err)
			unheard = errUnheard
			continue
		case err != nil:
			return decided, fmt.Errorf("fetching mail %d: %w", in.UID, s.explain(err))
		case !there:
			continue
		}
		if !i.receive(ctx, s, in) {
			unheard = errUnheard
			continue
		}
		decided++
	}
	return decided, unheard
}

// receive hands one mail to the desk. The mail in hand is finished even when ctx
// ends, and the server may be silent as long as the desk needs.
func (i *Intake) receive(ctx context.Context, s *session, in desk.Incoming) bool {
	s.conn.expect(0)
	began := time.Now()
	filing, err := i.desk.Receive(context.WithoutCancel(ctx), in)
	if err != nil {
		i.Log.Error("mail left in the inbox", "uid", in.UID, "size", in.Size, "error", err)
		return false
	}
	i.filed[in.UID] = filing
	i.Log.Debug("mail filed", "uid", in.UID, "size", in.Size, "filing", filing, "took", time.Since(began).Round(time.Millisecond))
	return true
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

// fetch fills in the raw mail, or its header when it is over the limit; there
// says that the mail still exists.
func (s *session) fetch(in *desk.Incoming) (there bool, err error) {
	in.Oversize = in.Size > s.Limit
	if !in.Oversize {
		whole := &imap.FetchItemBodySection{Peek: true}
		in.Raw, there, err = s.section(in.UID, whole, s.Limit)
		if !errors.Is(err, errTooBig) {
			return there, err
		}
		in.Oversize = true // the server had the size wrong
	}
	header := &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader, Partial: &imap.SectionPartial{Size: headerLimit},
	}
	in.Raw, there, err = s.section(in.UID, header, headerLimit)
	return there, err
}

var errTooBig = errors.New("more than was asked for")

// section fetches one section of one mail, and no more than limit bytes of it.
func (s *session) section(uid uint32, section *imap.FetchItemBodySection, limit int64) (raw []byte, there bool, err error) {
	s.conn.expect(s.CommandTimeout)
	cmd := s.client.Fetch(set([]uint32{uid}), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			literal, ok := literalOf(item)
			if !ok {
				continue
			}
			there = true
			if raw, err = readLiteral(literal, limit); err != nil {
				break
			}
		}
	}
	if closing := cmd.Close(); err == nil || !errors.Is(err, errTooBig) {
		err = errors.Join(err, closing)
	}
	return raw, there, err
}

func readLiteral(literal imap.LiteralReader, limit int64) ([]byte, error) {
	if literal == nil { // BODY[] NIL: the server has the mail but nothing of it
		return nil, nil
	}
	if literal.Size() > limit {
		return nil, errTooBig
	}
	return io.ReadAll(literal)
}
