package intake_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// Five mails wait. Each comes to the desk whole, with the server's own time, in
// order; each ends in the folder the desk named, and the inbox is empty.
func TestMailIsDecidedInOrderAndFiled(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		subjects := []string{"one", "two", "three", "four", "five"}
		deliver(t, p, user, subjects...)
		c := newClerk()
		filings := []desk.Filing{desk.FileDone, desk.FileIgnored, desk.FileAttention, desk.FileDone, "unheard of"}
		c.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) { return filings[in.UID-1], nil }
		i := intake.New(options(t, p.Account(user)), c)
		sweep(t, i, 5)

		if !slices.Equal(c.uids(), []uint32{1, 2, 3, 4, 5}) {
			t.Errorf("the desk got mails %v", c.uids())
		}
		for n, in := range c.got {
			want := mail(subjects[n])
			if !bytes.Equal(in.Raw, want) || in.Size != int64(len(want)) || in.Oversize {
				t.Errorf("mail %d came as %d bytes, said to be %d:\n%s", in.UID, len(in.Raw), in.Size, in.Raw)
			}
			if !in.Received.Equal(nine.Add(time.Duration(n) * time.Minute)) {
				t.Errorf("mail %d was received %v", in.UID, in.Received)
			}
			if in.Folder != "INBOX" || in.UIDValidity == 0 {
				t.Errorf("mail %d is known as %s/%d", in.UID, in.Folder, in.UIDValidity)
			}
		}
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": 2, "Ignored": 1, "Attention": 2})
		sweep(t, i, 0)
	})
}

// More mails wait than are moved at once, and none is left or decided twice.
func TestManyMails(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		const many = 120
		for range many {
			deliver(t, p, user, "again")
		}
		c := newClerk()
		c.heard = make(chan desk.Incoming, many)
		sweep(t, intake.New(options(t, p.Account(user)), c), many)
		if uids := c.uids(); len(uids) != many || !slices.IsSorted(uids) {
			t.Errorf("the desk got mails %v", uids)
		}
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": many})
	})
}

// A mail over the limit comes to the desk as its header; its body stays away.
func TestTooBigMail(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		big := slices.Concat(mail("big"), bytes.Repeat([]byte("And on it goes.\r\n"), 1000))
		if err := p.Deliver(user, big, nine); err != nil {
			t.Fatal(err)
		}
		deliver(t, p, user, "small")
		c := newClerk()
		o := options(t, p.Account(user))
		o.Limit = 1000
		sweep(t, intake.New(o, c), 2)
		got := c.got[0]
		if !got.Oversize || got.Size != int64(len(big)) {
			t.Errorf("oversize %v, size %d", got.Oversize, got.Size)
		}
		if !strings.Contains(string(got.Raw), "Subject: big") || strings.Contains(string(got.Raw), "body") {
			t.Errorf("the desk got:\n%s", got.Raw)
		}
		if c.got[1].Oversize || !bytes.Equal(c.got[1].Raw, mail("small")) {
			t.Errorf("the mail after it came as %+v", c.got[1])
		}
	})
}

// A server that is wrong about a size does not make us take in more than the limit.
func TestSizeThatIsWrong(t *testing.T) {
	s := inProcess(t)
	if err := s.Deliver(changes, slices.Concat(mail("big"), bytes.Repeat([]byte("x"), 5000)), nine); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, changes, "small")
	a := s.Account(changes)
	a.Address = rewrite(t, s.IMAP, "RFC822.SIZE 5", "RFC822.SIZE ")
	c := newClerk()
	o := options(t, a)
	o.Limit = 2000
	sweep(t, intake.New(o, c), 2)
	if got := c.got[0]; !got.Oversize || len(got.Raw) > 1000 || got.Size > o.Limit {
		t.Errorf("oversize %v, %d bytes, said to be %d", got.Oversize, len(got.Raw), got.Size)
	}
}

// Servers differ in how a mail can be moved; it gets where it belongs with
// MOVE, and with UIDPLUS alone, and nobody else's deleted mail is expunged.
func TestMoving(t *testing.T) {
	for name, opts := range map[string][]mailbox.Option{
		"MOVE": nil, "UIDPLUS": {mailbox.WithoutMove()}, "MOVE, no UIDPLUS": {mailbox.WithoutUIDPlus()},
	} {
		t.Run(name, func(t *testing.T) {
			s := inProcess(t, opts...)
			deliver(t, s, changes, "one", "two", "broken")
			c := newClerk()
			c.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
				if in.UID == 3 { // the desk cannot, and a person marks it deleted
					markDeleted(t, s.Account(changes), 3)
					return "", errors.New("no database")
				}
				return desk.FileDone, nil
			}
			sweep(t, intake.New(options(t, s.Account(changes)), c), 2)
			lies(t, s.Account(changes), map[string]int{"INBOX": 1, "Done": 2})
		})
	}
}

func markDeleted(t *testing.T, a mailbox.Account, uid imap.UID) {
	c := otherClient(t, a)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Error(err)
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(imap.UIDSetNum(uid), deleted, nil).Close(); err != nil {
		t.Error(err)
	}
}

// Where a mail can neither be moved nor expunged it stays, marked; neither this
// intake nor the next takes it for new.
func TestServerThatCannotMove(t *testing.T) {
	s := inProcess(t, mailbox.WithoutMove(), mailbox.WithoutUIDPlus())
	deliver(t, s, changes, "one", "two")
	c := newClerk()
	i := intake.New(options(t, s.Account(changes)), c)
	sweep(t, i, 2)
	sweep(t, i, 0)
	sweep(t, intake.New(options(t, s.Account(changes)), c), 0)
	lies(t, s.Account(changes), map[string]int{"INBOX": 2, "Done": 0})

	deliver(t, s, changes, "three")
	sweep(t, i, 1)
	mails, err := s.Account(changes).Folder("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		if !slices.ContainsFunc(m.Flags, func(f string) bool { return strings.EqualFold(f, "$CountersignDone") }) {
			t.Errorf("mail %d bears %v", m.UID, m.Flags)
		}
	}
}

// The inbox is made anew by the provider and numbers start again: the first
// mail of the new inbox is not taken for the first of the old one.
func TestInboxMadeAnew(t *testing.T) {
	s := inProcess(t, mailbox.WithoutMove(), mailbox.WithoutUIDPlus())
	deliver(t, s, changes, "old")
	c := newClerk()
	i := intake.New(options(t, s.Account(changes)), c)
	sweep(t, i, 1)
	other := otherClient(t, s.Account(changes))
	if err := other.Delete("INBOX").Wait(); err != nil {
		t.Fatal(err)
	}
	if err := other.Create("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, changes, "new")
	sweep(t, i, 1)
	if c.got[0].UID != c.got[1].UID || c.got[0].UIDValidity == c.got[1].UIDValidity {
		t.Errorf("the story did not happen: %d/%d and %d/%d",
			c.got[0].UIDValidity, c.got[0].UID, c.got[1].UIDValidity, c.got[1].UID)
	}
}

// The desk cannot decide one mail. It stays and is tried again, the others go
// on, and no deadline may pass meanwhile.
func TestDeskThatFails(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		deliver(t, p, user, "one", "two", "three")
		c := newClerk()
		failing := true
		c.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
			if in.UID == 2 && failing {
				return "", errors.New("the database is away")
			}
			return desk.FileDone, nil
		}
		o := options(t, p.Account(user))
		now := nine
		o.Now = func() time.Time { return now }
		i := intake.New(o, c)
		sweep(t, i, 2)
		lies(t, p.Account(user), map[string]int{"INBOX": 1, "Done": 2})
		if !i.Swept().IsZero() {
			t.Errorf("the mailbox counts as swept at %v", i.Swept())
		}
		failing = false
		now = nine.Add(time.Hour)
		sweep(t, i, 1)
		if !i.Swept().Equal(now) {
			t.Errorf("the mailbox counts as swept at %v, want %v", i.Swept(), now)
		}
		if !slices.Equal(c.uids(), []uint32{1, 2, 3, 2}) {
			t.Errorf("the desk got mails %v", c.uids())
		}
	})
}

// A mail the server cannot give out is left; the others go on.
func TestMailThatCannotBeFetched(t *testing.T) {
	s := inProcess(t)
	deliver(t, s, changes, "one", "two", "three")
	a := s.Account(changes)
	for _, mails := range []string{"1:3", "2"} {
		a.Address = rewrite(t, a.Address, "FETCH "+mails+" (UID BODY.PEEK[])", "FETCH "+mails+" (UID BODY.PEEK[ODD])")
	}
	c := newClerk()
	i := intake.New(options(t, a), c)
	sweep(t, i, 2)
	if !slices.Equal(c.uids(), []uint32{1, 3}) || !i.Swept().IsZero() {
		t.Errorf("the desk got mails %v, swept at %v", c.uids(), i.Swept())
	}
}

// Somebody takes a mail out of the inbox while the sweep is on its way. (Dovecot
// would still give it to a session that has seen it.)
func TestMailThatVanishes(t *testing.T) {
	s := inProcess(t)
	deliver(t, s, changes, slices.Repeat([]string{"mail"}, 101)...) // more than are fetched by then
	c := newClerk()
	c.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
		if in.UID == 1 {
			other := otherClient(t, s.Account(changes))
			if _, err := other.Select("INBOX", nil).Wait(); err != nil {
				t.Error(err)
			}
			if _, err := other.Move(imap.UIDSetNum(101), "Attention").Wait(); err != nil {
				t.Error(err)
			}
		}
		return desk.FileDone, nil
	}
	i := intake.New(options(t, s.Account(changes)), c)
	sweep(t, i, 100)
	if len(c.uids()) != 100 || slices.Contains(c.uids(), 101) || i.Swept().IsZero() {
		t.Errorf("the desk got mails %v, swept at %v", c.uids(), i.Swept())
	}
	lies(t, s.Account(changes), map[string]int{"INBOX": 0, "Done": 100, "Attention": 1})
}

// The folder goes away before the mail can be moved: it is made anew.
func TestFolderThatGoesAway(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		deliver(t, p, user, "one")
		c := newClerk()
		c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) {
			return desk.FileDone, otherClient(t, p.Account(user)).Delete("Done").Wait()
		}
		sweep(t, intake.New(options(t, p.Account(user)), c), 1)
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": 1})
	})
}

// The folder is gone and cannot be made anew: the mail is decided and stays, and
// is moved by the next sweep that can, without being decided again.
func TestMoveThatIsRefused(t *testing.T) {
	s := inProcess(t)
	s.RefuseCreate(true)
	deliver(t, s, changes, "one")
	i := intake.New(options(t, s.Account(changes)), newClerk())
	sweep(t, i, 1)
	lies(t, s.Account(changes), map[string]int{"INBOX": 1, "Done": 0})
	s.RefuseCreate(false)
	sweep(t, i, 0)
	lies(t, s.Account(changes), map[string]int{"INBOX": 0, "Done": 1})
}

// The connection breaks after the desk decided and before the mail is moved. The
// same process moves it without asking again; a new one asks again, and files
// it as it is told.
func TestDecidedButNotMoved(t *testing.T) {
	for name, restart := range map[string]bool{"same process": false, "new process": true} {
		t.Run(name, func(t *testing.T) {
			s := inProcess(t)
			deliver(t, s, changes, "one")
			c := newClerk()
			c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) {
				s.Cut()
				return desk.FileIgnored, nil
			}
			i := intake.New(options(t, s.Account(changes)), c)
			if _, err := i.Sweep(t.Context()); err == nil {
				t.Fatal("the sweep did not notice that the connection broke")
			}
			lies(t, s.Account(changes), map[string]int{"INBOX": 1})
			c.decides = func(context.Context, desk.Incoming) (desk.Filing, error) { return desk.FileIgnored, nil }
			asked := 0
			if restart {
				i, asked = intake.New(options(t, s.Account(changes)), c), 1
			}
			sweep(t, i, asked)
			lies(t, s.Account(changes), map[string]int{"INBOX": 0, "Ignored": 1})
		})
	}
}

// A look at the mailbox tells what the server can do and changes nothing.
func TestProbe(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		deliver(t, p, user, "one")
		i := intake.New(options(t, p.Account(user)), newClerk())
		f, err := i.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !f.Idle || !f.Move || !f.Expunge || f.Mails != 1 || f.UIDValidity == 0 || len(f.Missing) != 3 {
			t.Errorf("the probe tells %+v", f)
		}
		if !slices.Contains(f.Capabilities, "IDLE") {
			t.Errorf("the capabilities are %v", f.Capabilities)
		}
		sweep(t, i, 1)
		if f, err = i.Probe(t.Context()); err != nil || len(f.Missing) != 0 || f.Mails != 0 {
			t.Errorf("after a sweep the probe tells %+v, %v", f, err)
		}
	})
}

// A mail that the desk puts off is brought once more, by itself, when all others
// are decided; nothing waits for it.
func TestPutOff(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		deliver(t, p, user, "odd", "two", "three")
		c := newClerk()
		tries := 0
		c.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
			if in.UID != 1 {
				return desk.FileDone, nil
			}
			tries++
			if tries == 1 {
				return desk.PutOff, nil
			}
			return desk.FileAttention, nil
		}
		i := intake.New(options(t, p.Account(user)), c)
		sweep(t, i, 3)
		if !slices.Equal(c.uids(), []uint32{1, 2, 3, 1}) || len(c.got[3].Raw) == 0 {
			t.Errorf("the desk got mails %v", c.uids())
		}
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": 2, "Attention": 1})
	})
}

// Many mails are brought in order, whatever their sizes, one of them over the
// limit.
func TestManySizes(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		texts := slices.Repeat([]string{"small"}, 240)
		texts[70] = strings.Repeat("big ", 1<<19)
		texts[120] = strings.Repeat("too big ", 1<<19)
		deliver(t, p, user, texts...)
		o := options(t, p.Account(user))
		o.Limit = 6 << 20
		c := &clerk{heard: make(chan desk.Incoming, len(texts))}
		sweep(t, intake.New(o, c), len(texts))
		for n, in := range c.got {
			if in.UID != uint32(n+1) || in.Oversize != (n == 120) || !in.Oversize && !strings.Contains(string(in.Raw), texts[n][:5]) {
				t.Errorf("mail %d came as %d, oversize %v, %d bytes", n+1, in.UID, in.Oversize, len(in.Raw))
			}
		}
		lies(t, p.Account(user), map[string]int{"INBOX": 0, "Done": len(texts)})
	})
}
