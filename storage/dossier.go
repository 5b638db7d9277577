package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// What lies about one change beside what was decided: the mails that came and
// left, and the files that came with them.

// A CameIn is a mail about a change that was taken in, and its attachments, where
// they are part of the change: somebody known sent them, and the mail acted.
type CameIn struct {
	ID          int64           `db:"id"`
	Folder      string          `db:"folder"`
	Disposition string          `db:"disposition"`
	Reason      string          `db:"reason"`
	Person      policy.PersonID `db:"person"`
	Received    time.Time       `db:"received_at"`
	Size        int64           `db:"size"`
	SHA256      string          `db:"sha256"` // of the raw mail, in hex
	Attachments []policy.File
}

// CameIn lists the mails about the change that were taken in, oldest first.
func (s *Store) CameIn(ctx context.Context, change policy.ChangeID) (mails []CameIn, err error) {
	err = s.again(ctx, func() error {
		mails = nil // a second try begins anew
		return s.db.SelectContext(ctx, &mails, `
			select id, folder, disposition, reason, person, received_at, size, sha256
			from messages where change = $1 and change <> '' order by id`, change)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the mails about change %s: %w", change, inTime(ctx, err))
	}
	for i := range mails {
		inUTC(&mails[i].Received)
	}
	return mails, s.readAttachments(ctx, mails)
}

func (s *Store) readAttachments(ctx context.Context, mails []CameIn) error {
	var ids []int64
	for _, m := range mails {
		if m.Person != "" && slices.Contains(acted, m.Disposition) {
			ids = append(ids, m.ID)
		}
	}
	type row struct {
		Message int64  `db:"message"`
		Name    string `db:"name"`
		Type    string `db:"type"`
		Size    int    `db:"size"`
		SHA256  string `db:"sha256"`
	}
	var rows []row
	err := s.again(ctx, func() error {
		rows = nil // a second try begins anew
		return s.db.SelectContext(ctx, &rows, `
			select message, name, type, octet_length(bytes) as size, sha256
			from attachments where message = any($1) order by message, n`, ids)
	})
	if err != nil {
		return fmt.Errorf("reading the attachments of %d mails: %w", len(mails), inTime(ctx, err))
	}
	for _, r := range rows {
		i := slices.IndexFunc(mails, func(m CameIn) bool { return m.ID == r.Message })
		mails[i].Attachments = append(mails[i].Attachments, policy.File{Name: r.Name, Type: r.Type, Size: r.Size, SHA256: r.SHA256})
	}
	return nil
}

// Attachment gives the file with the SHA-256 that is part of the change;
// ErrNotFound where it has none.
func (s *Store) Attachment(ctx context.Context, change policy.ChangeID, sha256 string) (Attachment, error) {
	var row struct {
		Name  string `db:"name"`
		Type  string `db:"type"`
		Bytes []byte `db:"bytes"`
	}
	err := s.again(ctx, func() error {
		return s.db.GetContext(ctx, &row, `
			select a.name, a.type, a.bytes from messages as m join attachments as a on a.message = m.id
			where m.change = $1 and m.change <> '' and m.person <> '' and m.disposition = any($3) and a.sha256 = $2
			order by m.id, a.n limit 1`, change, clean(sha256), acted)
	})
	if err != nil {
		return Attachment{}, fmt.Errorf("reading an attachment of change %s: %w", change, inTime(ctx, orNotFound(err)))
	}
	return Attachment{Name: row.Name, Type: row.Type, SHA256: sha256, Bytes: row.Bytes}, nil
}

// A WentOut is a mail we owe or have sent, its words aside.
type WentOut struct {
	Notice    policy.NoticeKind `db:"notice"`
	Person    policy.PersonID   `db:"person"` // empty for a list
	Recipient string            `db:"recipient"`
	State     string            `db:"state"` // as in the outbox
	At        time.Time         `db:"at"`    // when it was owed
	Ended     *time.Time        `db:"ended_at"`
	LastError string            `db:"last_error"`
}

// WentOut lists the mails about the change that are owed or were sent, oldest
// first.
func (s *Store) WentOut(ctx context.Context, change policy.ChangeID) (mails []WentOut, err error) {
	err = s.again(ctx, func() error {
		mails = nil // a second try begins anew
		return s.db.SelectContext(ctx, &mails, `
			select notice, person, recipient, state, at, ended_at, last_error
			from outbox where change = $1 and change <> '' order by id`, change)
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was written about change %s: %w", change, inTime(ctx, err))
	}
	for i := range mails {
		inUTC(&mails[i].At, mails[i].Ended)
	}
	return mails, nil
}
