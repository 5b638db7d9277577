package intake

import (
	"fmt"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/internal/failpoint"
)

// decidedFlag marks mail that stays in the inbox because the server can neither
// move a mail nor expunge a single one.
const decidedFlag imap.Flag = "$CountersignDone"

// wanted are the mails to look at. The mark is heeded only where nothing better
// exists: it is a convenience, never the truth.
func (s *session) wanted() *imap.SearchCriteria {
	if s.can(moving) || s.can(expunges) {
		return &imap.SearchCriteria{}
	}
	return &imap.SearchCriteria{NotFlag: []imap.Flag{decidedFlag}}
}

// move puts the decided mails into their folders, those of one folder together.
// A server that refuses keeps them; the next sweep tries again.
func (p *pass) move(uids []uint32) error {
	byFolder := map[string][]uint32{}
	for _, uid := range uids {
		folder := p.Folders.of(p.filed[uid])
		byFolder[folder] = append(byFolder[folder], uid)
	}
	if len(uids) > 0 {
		failpoint.Here(failpoint.BeforeMove)
		defer failpoint.Here(failpoint.Moved)
	}
	for _, folder := range slices.Sorted(maps.Keys(byFolder)) {
		some := byFolder[folder]
		p.Pulse.Within(p.CommandTimeout + slack)
		err := p.s.file(set(some), folder)
		if refused(err) && p.s.prepare() == nil { // somebody may have deleted it
			err = p.s.file(set(some), folder)
		}
		if refused(err) {
			p.Log.Error("mail cannot be moved", "folder", folder, "mails", len(some), "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("moving %d mails to folder %q: %w", len(some), folder, p.s.explain(err))
		}
	}
	return nil
}

// file moves the mails by the safest means the server has. The library's own
// fallback would send the expunge without waiting for the copy, and lose mail.
func (s *session) file(mails imap.UIDSet, folder string) error {
	s.conn.expect(s.CommandTimeout)
	switch {
	case s.can(moving):
		_, err := s.client.Move(mails, folder).Wait()
		return err
	case s.can(expunges):
		if _, err := s.client.Copy(mails, folder).Wait(); err != nil {
			return err
		}
		if err := s.mark(mails, imap.FlagDeleted); err != nil {
			return err
		}
		return s.client.UIDExpunge(mails).Close()
	default:
		return s.mark(mails, decidedFlag)
	}
}

func (s *session) mark(mails imap.UIDSet, flag imap.Flag) error {
	return s.client.Store(mails, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
}

func set(uids []uint32) imap.UIDSet {
	var s imap.UIDSet
	for _, uid := range uids {
		s.AddNum(imap.UID(uid))
	}
	return s
}

// uidOf is the UID in a piece of a FETCH response.
func uidOf(item imapclient.FetchItemData) (uint32, bool) {
	known, ok := item.(imapclient.FetchItemDataUID)
	return uint32(known.UID), ok
}

// literalOf is the body in a piece of a FETCH response.
func literalOf(item imapclient.FetchItemData) (imap.LiteralReader, bool) {
	body, ok := item.(imapclient.FetchItemDataBodySection)
	return body.Literal, ok
}
