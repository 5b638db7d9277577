package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// Facts are what a look at the mailbox tells.
type Facts struct {
	Capabilities []string
	Idle         bool     // announces new mail
	Move         bool     // can move a mail
	Expunge      bool     // can remove a single mail (UIDPLUS)
	Missing      []string // folders that Run will create
	UIDValidity  uint32   // of the inbox
	Mails        uint32   // waiting in the inbox
}

// Probe logs in and looks, and changes nothing.
func (i *Intake) Probe(ctx context.Context) (Facts, error) {
	s, err := i.connect(ctx)
	if err != nil {
		return Facts{}, err
	}
	defer s.close()
	missing, err := s.missing()
	if err != nil {
		return Facts{}, err
	}
	s.conn.expect(s.CommandTimeout)
	inbox, err := s.client.Select(i.Folders.Inbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return Facts{}, fmt.Errorf("opening folder %q: %w", i.Folders.Inbox, s.explain(err))
	}
	f := Facts{
		Idle: s.can(idling), Move: s.can(moving), Expunge: s.can(expunges),
		Missing: missing, UIDValidity: inbox.UIDValidity, Mails: inbox.NumMessages,
	}
	for c := range s.caps {
		f.Capabilities = append(f.Capabilities, string(c))
	}
	slices.Sort(f.Capabilities)
	return f, nil
}
