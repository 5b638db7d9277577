package intake

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/storage"
)

// Recover connects and brings the mails [Intake.Unknown] has found to the desk,
// one by one in the order given, and tells of each that was decided; one that
// belongs in another folder is moved. When ctx ends, the mail in hand is
// finished. What is not decided then, or when there is an error, is found again
// the next time.
func (i *Intake) Recover(ctx context.Context, mails []desk.Incoming, decided func(desk.Incoming) error) error {
	s, err := i.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.prepare(); err != nil {
		return err
	}
	for p := (pass{Intake: i, left: mails}); len(p.left) > 0; {
		n := p.some()
		found, err := s.gather(p.left[:n])
		if err != nil {
			return err
		}
		p.left = p.left[n:]
		for _, in := range found {
			if err := ctx.Err(); err != nil {
				return err
			}
			filing, err := i.insist(ctx, in)
			if err != nil {
				return err
			}
			if err := s.refile(in, i.Folders.of(filing)); err != nil {
				return err
			}
			if err := decided(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// insist brings a mail to the desk until it is decided. What comes after it may
// rest on it, so it is not put off; what is wrong with the mail itself ends with
// the desk putting it aside unread.
func (i *Intake) insist(ctx context.Context, in desk.Incoming) (filing desk.Filing, err error) {
	const patience = 4 // three attempts, and one to put it aside
	in.Again = true
	for range patience {
		filing, err = i.desk.Receive(context.WithoutCancel(ctx), in)
		if err == nil || final(err) != nil || storage.Blameless(err) {
			break
		}
	}
	return filing, err
}

// gather fetches mails that lie in several folders. Those that are gone are left
// out.
func (s *session) gather(mails []desk.Incoming) ([]desk.Incoming, error) {
	type spot struct {
		folder string
		uid    uint32
	}
	byFolder := map[string][]desk.Incoming{}
	for _, in := range mails {
		byFolder[in.Folder] = append(byFolder[in.Folder], in)
	}
	found := map[spot]desk.Incoming{}
	for folder, some := range byFolder {
		if err := s.reopen(some[0]); err != nil {
			return nil, err
		}
		all, err := s.fetch(some)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if f.problem != nil {
				return nil, fmt.Errorf("fetching mail %d of folder %q: %w", f.UID, folder, f.problem)
			}
			found[spot{folder, f.UID}] = f.Incoming
		}
	}
	var all []desk.Incoming
	for _, in := range mails {
		if in, there := found[spot{in.Folder, in.UID}]; there {
			all = append(all, in)
		}
	}
	s.conn.expect(0) // as long as the desk needs
	return all, nil
}

// reopen opens the folder the mail was found in, which must be the same one.
func (s *session) reopen(in desk.Incoming) error {
	validity, err := s.examine(in.Folder)
	if err == nil && validity != in.UIDValidity {
		err = fmt.Errorf("folder %q was made anew meanwhile", in.Folder)
	}
	return err
}

// refile moves a mail that does not lie where it belongs. One that the server
// does not move lies there as well.
func (s *session) refile(in desk.Incoming, folder string) error {
	if in.Folder == folder {
		return nil
	}
	s.conn.expect(s.CommandTimeout)
	_, err := s.client.Select(in.Folder, nil).Wait()
	if err == nil {
		err = s.file(set([]uint32{in.UID}), folder)
	}
	if refused(err) {
		s.Log.Error("mail cannot be moved", "folder", folder, "mails", 1, "error", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("moving a mail to folder %q: %w", folder, s.explain(err))
	}
	s.conn.expect(0)
	return nil
}

// Headers connects and gives the header of each of the mails, in order; those
// that are gone are left out.
func (i *Intake) Headers(ctx context.Context, mails []desk.Incoming, each func(desk.Incoming) error) error {
	s, err := i.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	for _, in := range mails {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.reopen(in); err != nil {
			return err
		}
		in.Oversize = true // its header is all that is wanted
		f, there, err := s.one(in)
		if err != nil {
			return err
		}
		if there {
			if err := each(f.Incoming); err != nil {
				return err
			}
		}
	}
	return nil
}
