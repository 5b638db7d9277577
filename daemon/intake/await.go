package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Await looks for the mail with the Message-ID in every folder of ours until it
// is there or ctx ends, and gives it as it lies there.
func (i *Intake) Await(ctx context.Context, messageID string) (raw []byte, err error) {
	s, err := i.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for {
		for _, folder := range []string{i.Folders.Inbox, i.Folders.Ignored, i.Folders.Attention, i.Folders.Done} {
			if raw, err = s.byMessageID(folder, messageID); raw != nil || err != nil {
				return raw, err
			}
		}
		if sleep(ctx, time.Second); ctx.Err() != nil {
			return nil, fmt.Errorf("looking for a mail: %w", ctx.Err())
		}
	}
}

// byMessageID gives the mail of the folder with the Message-ID; nil where there is
// none, nor the folder.
func (s *session) byMessageID(folder, messageID string) (raw []byte, err error) {
	if _, err := s.examine(folder); err != nil {
		if refused(err) {
			return nil, nil
		}
		return nil, err
	}
	criteria := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-Id", Value: messageID}}}
	s.conn.expect(s.CommandTimeout)
	found, err := s.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("searching folder %q: %w", folder, s.explain(err))
	}
	for _, uid := range found.AllUIDs() {
		err := s.sections([]uint32{uint32(uid)}, &imap.FetchItemBodySection{Peek: true}, func(_ uint32, body []byte) { raw = body })
		if err != nil {
			return nil, fmt.Errorf("fetching mail %d: %w", uid, s.explain(err))
		}
	}
	return raw, nil
}
