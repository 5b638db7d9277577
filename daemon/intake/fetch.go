package intake

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/countersign/countersign/daemon/desk"
)

// headerLimit is how much is fetched of a mail that is too big: its header, and
// of a header that is too big, the beginning.
const headerLimit = 1 << 20

// A fetched mail is one with its bytes, or what the server said instead.
type fetched struct {
	desk.Incoming
	problem error
}

// fetch fetches the mails in the order of their UIDs, each whole or, over the
// limit, its header. Those that are gone are left out. An error means that the
// connection is lost.
func (s *session) fetch(mails []desk.Incoming) ([]fetched, error) {
	var whole []desk.Incoming
	var all []fetched
	for _, in := range mails {
		if in.Size > s.Limit {
			in.Oversize = true
			f, there, err := s.one(in)
			if err != nil {
				return nil, err
			}
			if there {
				all = append(all, f)
			}
			continue
		}
		whole = append(whole, in)
	}
	bodies, err := s.bodies(whole)
	if err != nil {
		return nil, err
	}
	for _, in := range whole {
		raw, there := bodies[in.UID]
		f := fetched{Incoming: in}
		f.Raw = raw
		if !there || int64(len(raw)) > s.Limit { // gone, refused, or its size was wrong
			in.Oversize = there
			if f, there, err = s.one(in); err != nil {
				return nil, err
			}
			if !there {
				continue
			}
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b fetched) int { return cmp.Compare(a.UID, b.UID) })
	return all, nil
}

// bodies fetches mails with one command, as far as the server gives them. A mail
// that is bigger than the server said is cut off just above the limit.
func (s *session) bodies(mails []desk.Incoming) (map[uint32][]byte, error) {
	bodies := map[uint32][]byte{}
	if len(mails) == 0 {
		return bodies, nil
	}
	var uids []uint32
	for _, in := range mails {
		uids = append(uids, in.UID)
	}
	err := s.sections(uids, &imap.FetchItemBodySection{Peek: true}, func(uid uint32, raw []byte) { bodies[uid] = raw })
	if refused(err) {
		return bodies, nil // they are asked for one by one
	}
	if err != nil {
		return nil, fmt.Errorf("fetching %d mails: %w", len(mails), s.explain(err))
	}
	return bodies, nil
}

// one fetches one mail by itself.
func (s *session) one(in desk.Incoming) (f fetched, there bool, err error) {
	f.Incoming = in
	section := &imap.FetchItemBodySection{Peek: true}
	if in.Oversize {
		section.Specifier, section.Partial = imap.PartSpecifierHeader, &imap.SectionPartial{Size: headerLimit}
	}
	err = s.sections([]uint32{in.UID}, section, func(_ uint32, raw []byte) { f.Raw, there = raw, true })
	switch {
	case refused(err):
		f.problem = err
		return f, true, nil
	case err != nil:
		return f, false, fmt.Errorf("fetching mail %d: %w", in.UID, s.explain(err))
	case int64(len(f.Raw)) > s.Limit && !in.Oversize: // the server had the size wrong
		in.Oversize = true
		return s.one(in)
	}
	return f, there, nil
}

// sections fetches one section of each of the mails, of each no more than a
// byte above the limit.
func (s *session) sections(uids []uint32, section *imap.FetchItemBodySection, each func(uid uint32, raw []byte)) error {
	s.Pulse.Within(s.CommandTimeout + slack)
	s.conn.expect(s.CommandTimeout)
	cmd := s.client.Fetch(set(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		var uid uint32
		var raw []byte
		there := false
		for item := m.Next(); item != nil; item = m.Next() {
			if known, ok := uidOf(item); ok {
				uid = known
			}
			if literal, ok := literalOf(item); ok {
				var err error
				if raw, err = readLiteral(literal, s.Limit+1); err != nil {
					// The command is not asked again, nor closed: the library would read on
					// in the literal, beside its own reader.
					return err
				}
				there = true
			}
		}
		if there && slices.Contains(uids, uid) {
			each(uid, raw)
		}
	}
	return cmd.Close()
}

// readLiteral reads what is wanted of a literal; the rest is passed over.
func readLiteral(literal imap.LiteralReader, limit int64) ([]byte, error) {
	if literal == nil { // BODY[] NIL: the server has the mail but nothing of it
		return nil, nil
	}
	raw := make([]byte, min(literal.Size(), limit))
	_, err := io.ReadFull(literal, raw)
	return raw, err
}
