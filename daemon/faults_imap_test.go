package daemon_test

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/fault"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// A keeper is a server that keeps the change mailbox, and what its
// administrator can do there.
type keeper struct {
	setting
	renumber func(o *ordeal) error // another UIDVALIDITY for the INBOX
	remake   func(o *ordeal) error // another INBOX, with nothing in it
}

// onBoth tells a story on the server in process and on a real Dovecot.
func onBoth(t *testing.T, story func(*testing.T, keeper)) {
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		story(t, keeper{
			renumber: func(o *ordeal) error { return o.mail.Renumber(o.user, "INBOX") },
			remake: func(o *ordeal) error {
				if err := o.mail.Delete(o.user, "INBOX"); err != nil {
					return err
				}
				return o.mail.Create(o.user, "INBOX")
			},
		})
	})
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		server, err := dovecot.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		story(t, keeper{
			setting: setting{dovecot: server},
			renumber: func(o *ordeal) error {
				return server.Admin(t.Context(), "mailbox", "update", "-u", o.user, "--uid-validity", "2000000000", "INBOX")
			},
			remake: func(o *ordeal) error { return server.Admin(t.Context(), "mailbox", "delete", "-u", o.user, "INBOX") },
		})
	})
}

// The line to the mailbox is cut again and again, each time a little later.
func TestMailboxCut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		o.imap.Script(func(conn int) fault.Plan {
			if conn > 2 { // the pauses grow
				return fault.Plan{}
			}
			return fault.Plan{Direction: fault.ToClient, CutAfter: int64(700 * conn * conn)}
		})
		o.imap.Cut()
		o.meanwhile()
		o.isOver()
		if o.imap.Struck() == 0 {
			t.Error("nothing was cut")
		}
	})
}

// The line breaks when mails are decided and about to be moved: they are moved
// later, and not decided again.
func TestMailboxCutAtMove(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		o.cutBeforeMove()
		o.meanwhile()
		o.decidedInInbox()
		o.imap.Script(nil)
		o.isOver()
	})
}

// cutBeforeMove cuts the line to the mailbox whenever mails are to be moved.
func (o *ordeal) cutBeforeMove() {
	o.imap.Script(func(int) fault.Plan { return fault.Plan{Direction: fault.ToServer, Text: " MOVE ", CutAfter: 1} })
	o.imap.Cut()
}

// decidedInInbox waits until all mails are decided, while some still lie in the
// inbox.
func (o *ordeal) decidedInInbox() {
	o.t.Helper()
	o.until("all mails to be decided", func() string {
		if n := o.undecided(); n > 0 {
			return fmt.Sprintf("%d are not", n)
		}
		return ""
	})
	if o.inbox() == 0 {
		o.t.Fatal("they were filed as well")
	}
}

// The server says nothing any more; so it does to whoever comes anew.
func TestMailboxStalled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		o.log.turn()
		o.imap.Stall()
		o.meanwhile()
		o.says("mailbox connection lost")
		o.imap.Resume()
		o.isOver()
	})
}

// Bytes from the server are garbled; over TLS that is noticed.
func TestMailboxGarbled(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{tls: true})
	o.imap.Script(func(conn int) fault.Plan {
		if conn > 2 { // the pauses grow
			return fault.Plan{}
		}
		return fault.Plan{GarbleAt: int64(700 * conn * conn)}
	})
	o.imap.Cut()
	o.meanwhile()
	o.isOver()
	if o.imap.Struck() == 0 {
		t.Error("nothing was garbled")
	}
}

// Mails that were decided still lie in the inbox when the server numbers them
// anew, so that nothing is known of them. Nothing acts twice.
func TestMailboxRenumbered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		o.cutBeforeMove()
		o.meanwhile()
		o.decidedInInbox()
		o.twins = o.inbox()
		if err := k.renumber(o); err != nil {
			t.Fatal(err)
		}
		o.imap.Script(nil)
		o.isOver()
	})
}

// The inbox is deleted and made anew, with the old mails lost.
func TestMailboxMadeAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		o.log.turn()
		if err := k.remake(o); err != nil {
			t.Fatal(err)
		}
		o.says("mailbox connected") // Dovecot may lose what comes while somebody has the old one open
		o.meanwhile()
		o.isOver()
	})
}

// Somebody deletes the folder for decided mail while the daemon is connected.
func TestFolderDeleted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, k keeper) {
		o := midst(t, k.setting)
		if err := o.asClient(func(c *imapclient.Client) error { return c.Delete("Done").Wait() }); err != nil {
			t.Fatal(err)
		}
		o.meanwhile()
		o.isOver()
	})
}

// asClient does something with a mail client of the change mailbox.
func (o *ordeal) asClient(do func(*imapclient.Client) error) error {
	c, err := imapclient.DialInsecure(o.account().Address, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(o.user, stage.Password).Wait(); err != nil {
		return err
	}
	return do(c)
}

// The folder for decided mail is gone and cannot be made. Mail is decided all
// the same; it stays in the inbox and is not decided again.
func TestFolderCannotBeMade(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.mail.RefuseCreate(true)
	if err := o.mail.Delete(o.user, "Done"); err != nil {
		t.Fatal(err)
	}
	o.meanwhile()
	o.decidedInInbox()
	o.mail.RefuseCreate(false)
	o.isOver()
}

// The folder for decided mail is over quota. Mail is decided all the same; it
// stays in the inbox and is not decided again.
func TestFolderFull(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]mailbox.Option{"move": nil, "copy": {mailbox.WithoutMove()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := midst(t, setting{mail: options})
			o.mail.Full("Done", true)
			o.log.turn()
			o.meanwhile()
			o.decidedInInbox()
			o.says("mail cannot be moved")
			o.mail.Full("Done", false)
			o.isOver()
		})
	}
}

// What servers need not have. Without MOVE and UIDPLUS decided mail stays in the
// inbox, marked.
func TestMissingExtensions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []mailbox.Option
		stays   bool
	}{
		"no IDLE":             {[]mailbox.Option{mailbox.WithoutIdle()}, false},
		"no MOVE":             {[]mailbox.Option{mailbox.WithoutMove()}, false},
		"no UIDPLUS":          {[]mailbox.Option{mailbox.WithoutUIDPlus()}, false},
		"no MOVE, no UIDPLUS": {[]mailbox.Option{mailbox.WithoutMove(), mailbox.WithoutUIDPlus()}, true},
		"none at all":         {[]mailbox.Option{mailbox.WithoutIdle(), mailbox.WithoutMove(), mailbox.WithoutUIDPlus()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := begin(t, setting{mail: c.options})
			o.stays = c.stays
			o.proposes(2)
			o.settles()
			o.meanwhile()
			o.imap.Cut() // another session knows the mails as well
			o.isOver()
			if c.stays && o.inbox() != len(o.written) {
				t.Errorf("%d of %d mails lie in the inbox", o.inbox(), len(o.written))
			}
		})
	}
}

// Without MOVE and UIDPLUS, the mails that stay in the inbox are numbered anew:
// nothing acts twice even where the marks are lost with the numbers.
func TestRenumberedWithMarksLost(t *testing.T) {
	t.Parallel()
	o := begin(t, setting{mail: []mailbox.Option{mailbox.WithoutMove(), mailbox.WithoutUIDPlus()}})
	o.stays = true
	o.proposes(2)
	o.settles()
	o.twins = o.inbox()
	if err := o.mail.Renumber(o.user, "INBOX"); err != nil {
		t.Fatal(err)
	}
	o.meanwhile()
	o.until("the old mails to be known again", func() string {
		if n := o.count(`select disposition, count(*) from messages group by 1`)["duplicate"]; n != o.twins {
			return fmt.Sprintf("%d are", n)
		}
		return ""
	})
	o.isOver()
}
