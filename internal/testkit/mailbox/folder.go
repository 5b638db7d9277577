package mailbox

import (
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// An Account is one person's way into any IMAP server on loopback: a mail
// client without a face.
type Account struct {
	Address  string // host:port, in the clear
	Username string
	Password string
}

// A Message is one mail in a folder.
type Message struct {
	UID   uint32
	At    time.Time // INTERNALDATE
	Flags []string
	Raw   []byte
}

// Account is the way into the user's mailbox.
func (s *Server) Account(address string) Account {
	u, _ := s.user(address)
	return Account{Address: s.IMAP, Username: address, Password: u.password}
}

// Folder lists the mails of a folder in UID order; a folder that is not there
// has none.
func (a Account) Folder(name string) ([]Message, error) {
	var found []Message
	err := a.with(func(c *imapclient.Client) error {
		folders, err := c.List("", name, nil).Collect()
		if err != nil || len(folders) == 0 {
			return err
		}
		if _, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			return err
		}
		whole := &imap.FetchItemBodySection{Peek: true}
		all := imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}
		messages, err := c.Fetch(all, &imap.FetchOptions{
			UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{whole},
		}).Collect()
		for _, m := range messages {
			found = append(found, Message{uint32(m.UID), m.InternalDate, flags(m.Flags), m.FindBodySection(whole)})
		}
		return err
	})
	slices.SortFunc(found, func(a, b Message) int { return int(a.UID) - int(b.UID) })
	if err != nil {
		return nil, fmt.Errorf("reading folder %s of %s: %w", name, a.Username, err)
	}
	return found, nil
}

// Append puts a mail into the folder; at is its INTERNALDATE.
func (a Account) Append(folder string, raw []byte, at time.Time) error {
	err := a.with(func(c *imapclient.Client) error {
		cmd := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at})
		if _, err := cmd.Write(raw); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		_, err := cmd.Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("appending to %s of %s: %w", folder, a.Username, err)
	}
	return nil
}

func (a Account) with(use func(*imapclient.Client) error) error {
	c, err := imapclient.DialInsecure(a.Address, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(a.Username, a.Password).Wait(); err != nil {
		return err
	}
	return use(c)
}

func flags(in []imap.Flag) (out []string) {
	for _, f := range in {
		out = append(out, string(f))
	}
	return out
}
