package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/storage"
)

// ErrUnknownMail says that decided mail lies in the mailbox which the database
// does not know, as after a restore.
var ErrUnknownMail = errors.New("decided mail lies there that this database does not know: was a backup restored?")

// Known says what a database knows of these mails: each time that one with their
// bytes was decided.
type Known func(ctx context.Context, mails []storage.LyingMail) ([]storage.KnownMail, error)

// A filed mail lies where decided mail does.
type filed struct {
	desk.Incoming        // without its bytes
	header        bool   // the header alone is hashed, not the whole mail
	hash          string // empty where the server did not give it
}

func (m *filed) key() storage.MailKey {
	return storage.MailKey{Folder: m.Folder, UIDValidity: m.UIDValidity, UID: m.UID}
}

// Unknown connects and looks for the decided mails the database does not know.
// It gives them in the order in which they are to be decided, without their
// bytes, and says how many mails it looked at; those that came before since are
// left aside. Nothing is changed.
func (i *Intake) Unknown(ctx context.Context, since time.Time, progress func(done, total int64)) (mails []desk.Incoming, looked int, err error) {
	s, err := i.connect(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer s.close()
	var all []*filed
	for _, p := range s.places() {
		there, err := s.lie(p, false)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, there...)
	}
	all = slices.DeleteFunc(all, func(m *filed) bool { return m.Received.Before(since) })
	unknown, err := i.unknown(ctx, s, all, progress)
	return i.inOrder(unknown), len(all), err
}

// remembers fails with [ErrUnknownMail] where the database does not know the
// mail that was filed last: nothing must be decided as if nothing were missing.
func (i *Intake) remembers(ctx context.Context, s *session) error {
	if i.Known == nil {
		return nil
	}
	i.Pulse.Within(2*i.CommandTimeout + slack)
	acted := s.places()[0]
	newest, err := s.lie(acted, true)
	if err != nil {
		return err
	}
	unknown, err := i.unknown(ctx, s, newest, func(_, _ int64) {})
	if err != nil || len(unknown) == 0 {
		return err
	}
	i.Log.Error("mailbox ahead of the database", "folder", acted.folder, "uid", unknown[0].UID, "received", unknown[0].Received,
		"remedy", "if a backup was restored, stop the daemon and run countersign recover")
	return fmt.Errorf("folder %q: %w", acted.folder, ErrUnknownMail)
}

// unknown picks the mails the database does not know. Of a mail over the limit
// it has the header alone, and the limit may have been another when the mail was
// decided: what it does not know one way is looked for the other way.
func (i *Intake) unknown(ctx context.Context, s *session, mails []*filed, progress func(done, total int64)) ([]*filed, error) {
	for _, m := range mails {
		m.header = m.Size > i.Limit
	}
	unknown, err := i.pick(ctx, s, mails, progress)
	if err != nil {
		return nil, err
	}
	var otherwise []*filed
	unknown = slices.DeleteFunc(unknown, func(m *filed) bool {
		doubtful := m.header || i.Folders.of(desk.Oversize.Filing()) == m.Folder
		if doubtful {
			m.header = !m.header
			otherwise = append(otherwise, m)
		}
		return doubtful
	})
	otherwise, err = i.pick(ctx, s, otherwise, func(_, _ int64) {})
	return append(unknown, otherwise...), err
}

// pick hashes the mails and leaves out those that are known, and those the
// server does not give.
func (i *Intake) pick(ctx context.Context, s *session, mails []*filed, progress func(done, total int64)) ([]*filed, error) {
	if err := s.hash(ctx, mails, progress); err != nil {
		return nil, err
	}
	mails = slices.DeleteFunc(slices.Clone(mails), func(m *filed) bool { return m.hash == "" })
	var lying []storage.LyingMail
	for _, m := range mails {
		lying = append(lying, storage.LyingMail{Received: m.Received, SHA256: m.hash})
	}
	known, err := i.Known(ctx, lying)
	return i.unmatched(mails, known), err
}

// unmatched leaves out the mails that something known stands for. Each of the
// known stands for one mail: a mail may be known, and its copy not.
//
// Where a mail lies says little, for people put mail elsewhere by hand. But one
// that lies with those that acted, while all that is known of it is that it did
// not, was decided once more: somebody moved it back to the inbox.
func (i *Intake) unmatched(mails []*filed, known []storage.KnownMail) []*filed {
	standing := map[string][]storage.KnownMail{}
	for _, k := range known {
		standing[k.SHA256] = append(standing[k.SHA256], k)
	}
	there := func(m *filed, k storage.KnownMail) bool {
		return i.Folders.of(desk.Disposition(k.Disposition).Filing()) == m.Folder
	}
	for _, stands := range []func(*filed, storage.KnownMail) bool{
		func(m *filed, k storage.KnownMail) bool { return k.Key == m.key() },
		there,
		func(m *filed, k storage.KnownMail) bool { return m.Folder != i.Folders.Done || there(m, k) },
	} {
		mails = slices.DeleteFunc(mails, func(m *filed) bool {
			n := slices.IndexFunc(standing[m.hash], func(k storage.KnownMail) bool { return stands(m, k) })
			if n >= 0 {
				standing[m.hash] = slices.Delete(standing[m.hash], n, n+1)
			}
			return n >= 0
		})
	}
	return mails
}

// inOrder puts the mails into the order in which they were decided, as far as
// the mailbox tells: those of a folder as they came into it, and the folders
// among each other as their mails arrived.
func (i *Intake) inOrder(mails []*filed) []desk.Incoming {
	folders := []string{i.Folders.Done, i.Folders.Ignored, i.Folders.Attention, i.Folders.Inbox}
	waiting := map[string][]desk.Incoming{}
	slices.SortFunc(mails, func(a, b *filed) int { return int(int64(a.UID) - int64(b.UID)) })
	for _, m := range mails {
		waiting[m.Folder] = append(waiting[m.Folder], m.Incoming)
	}
	ordered := make([]desk.Incoming, 0, len(mails))
	for range mails {
		var next string
		for _, folder := range folders {
			if len(waiting[folder]) > 0 && (next == "" || waiting[folder][0].Received.Before(waiting[next][0].Received)) {
				next = folder
			}
		}
		ordered = append(ordered, waiting[next][0])
		waiting[next] = waiting[next][1:]
	}
	return ordered
}
