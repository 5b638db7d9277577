package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// A place is a folder of decided mail or, where the server can neither move a
// mail nor remove a single one, the inbox with its marked mail.
type place struct {
	folder string
	marked bool
}

// places are all there are; that of the mail that acted comes first.
func (s *session) places() []place {
	var all []place
	if !s.can(moving) && !s.can(expunges) {
		all = append(all, place{folder: s.Folders.Inbox, marked: true})
	}
	return append(all, place{folder: s.Folders.Done}, place{folder: s.Folders.Ignored}, place{folder: s.Folders.Attention})
}

// lie lists what lies in the place, or the newest of it, in the order of the
// UIDs. In a folder that is not there lies nothing.
func (s *session) lie(p place, newest bool) ([]*filed, error) {
	validity, err := s.examine(p.folder)
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	uids, err := s.search(p, newest)
	if err != nil {
		return nil, fmt.Errorf("searching folder %q: %w", p.folder, s.explain(err))
	}
	var all []*filed
	for some := range slices.Chunk(uids, sizedTogether) {
		mails, err := s.sizes(some)
		if err != nil {
			return nil, fmt.Errorf("asking for sizes: %w", s.explain(err))
		}
		for _, in := range mails {
			in.Folder, in.UIDValidity = p.folder, validity
			all = append(all, &filed{Incoming: in})
		}
	}
	return all, nil
}

// sizedTogether is for how many mails the sizes are asked together: UIDs with
// gaps between them must fit into a line that every server takes.
const sizedTogether = 500

// examine opens a folder to look at it.
func (s *session) examine(folder string) (validity uint32, err error) {
	s.conn.expect(s.CommandTimeout)
	opened, err := s.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return 0, fmt.Errorf("opening folder %q: %w", folder, s.explain(err))
	}
	return opened.UIDValidity, nil
}

func (s *session) search(p place, newest bool) ([]uint32, error) {
	criteria := &imap.SearchCriteria{}
	switch {
	case p.marked:
		criteria.Flag = []imap.Flag{decidedFlag}
	case newest:
		criteria.UID = []imap.UIDSet{{imap.UIDRange{}}} // "*"
	}
	found, err := s.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, err
	}
	var uids []uint32
	for _, uid := range found.AllUIDs() {
		uids = append(uids, uint32(uid))
	}
	slices.Sort(uids)
	if newest && len(uids) > 0 {
		return uids[len(uids)-1:], nil
	}
	return uids, nil
}

// hash hashes the mails as they pass by: none is kept. One the server does not
// give has no hash.
func (s *session) hash(ctx context.Context, mails []*filed, progress func(done, total int64)) error {
	type batch struct {
		folder string
		header bool
	}
	batches := map[batch][]*filed{}
	for _, m := range mails {
		b := batch{m.Folder, m.header}
		batches[b] = append(batches[b], m)
	}
	var done int64
	for b, all := range batches {
		if _, err := s.examine(b.folder); err != nil {
			return err
		}
		for some := range slices.Chunk(all, together) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.hashAll(some); err != nil {
				return err
			}
			done += int64(len(some))
			progress(done, int64(len(mails)))
		}
	}
	return nil
}

// hashAll hashes mails of the folder that is open; if the server refuses, each
// by itself.
func (s *session) hashAll(mails []*filed) error {
	hashes, err := s.hashes(mails)
	switch {
	case refused(err) && len(mails) == 1:
		s.Log.Error("mail cannot be fetched", "folder", mails[0].Folder, "uid", mails[0].UID, "size", mails[0].Size, "error", err)
	case refused(err):
		for n := range mails {
			if err := s.hashAll(mails[n : n+1]); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		return fmt.Errorf("fetching %d mails: %w", len(mails), s.explain(err))
	}
	for _, m := range mails {
		m.hash = hashes[m.UID]
	}
	return nil
}

func (s *session) hashes(mails []*filed) (map[uint32]string, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	if mails[0].header {
		section.Specifier, section.Partial = imap.PartSpecifierHeader, &imap.SectionPartial{Size: headerLimit}
	}
	var uids []uint32
	for _, m := range mails {
		uids = append(uids, m.UID)
	}
	s.conn.expect(s.CommandTimeout)
	cmd := s.client.Fetch(set(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	hashes := map[uint32]string{}
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		var uid uint32
		var hash string
		for item := m.Next(); item != nil; item = m.Next() {
			if known, ok := uidOf(item); ok {
				uid = known
			}
			if literal, ok := literalOf(item); ok {
				var err error
				if hash, err = hashOf(literal); err != nil {
					return nil, err // and no more of the command: see sections
				}
			}
		}
		hashes[uid] = hash
	}
	return hashes, cmd.Close()
}

func hashOf(literal imap.LiteralReader) (string, error) {
	sum := sha256.New()
	if literal != nil {
		if _, err := io.CopyN(sum, literal, literal.Size()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
