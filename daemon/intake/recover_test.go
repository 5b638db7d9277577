package intake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/storage"
)

// A memory is what a database knows of mails, once for each time it was told.
type memory []storage.KnownMail

// of remembers that a mail became something, when it lay in the inbox.
func (m *memory) of(raw []byte, became desk.Disposition) {
	sum := sha256.Sum256(raw)
	*m = append(*m, storage.KnownMail{
		Key:    storage.MailKey{Folder: "INBOX", UIDValidity: 1, UID: uint32(len(*m) + 1000)},
		SHA256: hex.EncodeToString(sum[:]), Disposition: string(became),
	})
}

func (m *memory) known(_ context.Context, mails []storage.LyingMail) ([]storage.KnownMail, error) {
	var known []storage.KnownMail
	for _, k := range *m {
		if slices.ContainsFunc(mails, func(l storage.LyingMail) bool { return l.SHA256 == k.SHA256 }) {
			known = append(known, k)
		}
	}
	return known, nil
}

// A letter lies in a folder since so many minutes after nine.
type letter struct {
	folder, subject string
	minute          int
}

// An archive is a mailbox whose mail was decided, by a database that knows what
// the memory says.
type archive struct {
	t       *testing.T
	account mailbox.Account
	options intake.Options
	memory  memory
	clerk   *clerk
}

func newArchive(t *testing.T, p provider, user string, letters ...letter) *archive {
	t.Helper()
	a := &archive{t: t, account: p.Account(user), clerk: newClerk()}
	a.options = options(t, a.account)
	a.options.Known = a.memory.known
	sweep(t, a.intake(), 0) // makes the folders
	for _, l := range letters {
		a.put(l.folder, mail(l.subject), l.minute)
	}
	return a
}

func (a *archive) intake() *intake.Intake { return intake.New(a.options, a.clerk) }

func (a *archive) put(folder string, raw []byte, minute int) {
	a.t.Helper()
	if err := a.account.Append(folder, raw, nine.Add(time.Duration(minute)*time.Minute)); err != nil {
		a.t.Fatal(err)
	}
}

// unknown looks for what is not known, from the minute on.
func (a *archive) unknown(since int) []desk.Incoming {
	a.t.Helper()
	mails, _, err := a.intake().Unknown(a.t.Context(), nine.Add(time.Duration(since)*time.Minute), func(_, _ int64) {})
	if err != nil {
		a.t.Fatal(err)
	}
	return mails
}

// recover decides what is not known, and gives the subjects in the order in
// which they came to the desk.
func (a *archive) recover() (subjects []string) {
	a.t.Helper()
	err := a.intake().Recover(a.t.Context(), a.unknown(0), func(in desk.Incoming) error {
		subjects = append(subjects, subject(in.Raw))
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
	if len(a.clerk.got) != len(subjects) {
		a.t.Errorf("the desk got %d mails and %d were told of", len(a.clerk.got), len(subjects))
	}
	return subjects
}

func subject(raw []byte) string {
	_, after, _ := bytes.Cut(raw, []byte("Subject: "))
	line, _, _ := bytes.Cut(after, []byte("\r\n"))
	return string(line)
}

// subjects lists what lies in a folder.
func (a *archive) subjects(folder string) (subjects []string) {
	a.t.Helper()
	mails, err := a.account.Folder(folder)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, m := range mails {
		subjects = append(subjects, subject(m.Raw))
	}
	return subjects
}

func same(t *testing.T, what string, is, want []string) {
	t.Helper()
	if !slices.Equal(is, want) {
		t.Errorf("%s: %v, want %v", what, is, want)
	}
}

// What the database does not know comes to the desk in the order in which it was
// decided before: a folder's mail as it came into it, and that of the folders as
// it arrived. The inbox, and what is known, stay out of it.
func TestRecoverInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := newArchive(t, p, user,
			letter{"Done", "known", 0}, letter{"Done", "first", 1}, letter{"Done", "fifth", 7}, letter{"Done", "moved back to the inbox at last", 3},
			letter{"Ignored", "third", 5}, letter{"Ignored", "same minute, ignored", 7}, letter{"Attention", "second", 2}, letter{"Attention", "fourth", 6},
			letter{"INBOX", "not decided yet", 4},
		)
		a.memory.of(mail("known"), desk.Counted)
		want := []string{"first", "second", "third", "fourth", "fifth", "moved back to the inbox at last", "same minute, ignored"}
		same(t, "decided", a.recover(), want)
		in := a.clerk.got[1]
		if in.Folder != "Attention" || in.UID != 1 || in.UIDValidity == 0 || !in.Received.Equal(nine.Add(2*time.Minute)) || !bytes.Equal(in.Raw, mail("second")) {
			t.Errorf("the desk got %+v", in)
		}
		same(t, "the inbox", a.subjects("INBOX"), []string{"not decided yet"})
	})
}

// Many mails are fetched some at a time, in order all the same.
func TestRecoverMany(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := newArchive(t, p, user)
		var want []string
		for n := range 130 {
			l := letter{[]string{"Done", "Done", "Ignored"}[n%3], fmt.Sprint("mail ", n), n}
			a.put(l.folder, mail(l.subject), l.minute)
			want = append(want, l.subject)
		}
		same(t, "decided", a.recover(), want)
	})
}

// A mail that becomes something else than its folder says is moved.
func TestRecoveredMailIsFiled(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := newArchive(t, p, user, letter{"Done", "stays", 1}, letter{"Done", "put there by hand", 2}, letter{"Attention", "counts", 3})
		a.clerk.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
			if subject(in.Raw) == "put there by hand" {
				return desk.FileIgnored, nil
			}
			return desk.FileDone, nil
		}
		a.recover()
		same(t, "Done", a.subjects("Done"), []string{"stays", "counts"})
		same(t, "Ignored", a.subjects("Ignored"), []string{"put there by hand"})
	})
}

// What arrived before a day can be left aside.
func TestRecoverSince(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Done", "old", 1}, letter{"Ignored", "just in time", 5}, letter{"Done", "new", 9})
	if mails := a.unknown(5); len(mails) != 2 || mails[0].Folder != "Ignored" || mails[1].UID != 2 {
		t.Errorf("found %+v", mails)
	}
}

// What is known of a mail stands for one mail, and says whether it acted.
func TestWhatIsKnownStandsForOneMail(t *testing.T) {
	raw := mail("it")
	for _, c := range []struct {
		name    string
		known   []desk.Disposition
		lies    []string
		unknown []string // where
	}{
		{"a mail and its copy", []desk.Disposition{desk.Counted, desk.Duplicate}, []string{"Done", "Ignored"}, nil},
		{"its copy is not known", []desk.Disposition{desk.Counted}, []string{"Done", "Ignored"}, []string{"Ignored"}},
		{"one copy of two is not known", []desk.Disposition{desk.Counted, desk.Duplicate}, []string{"Ignored", "Done", "Ignored"}, []string{"Ignored"}},
		{"neither is known", nil, []string{"Done", "Ignored"}, []string{"Done", "Ignored"}},
		{"decided twice, because it was moved back to the inbox", []desk.Disposition{desk.Unreadable, desk.Counted}, []string{"Done"}, nil},
		{"the second time is not known", []desk.Disposition{desk.Unreadable}, []string{"Done"}, []string{"Done"}},
		{"put elsewhere by hand", []desk.Disposition{desk.Counted}, []string{"Ignored"}, nil},
		{"put with the ignored by hand", []desk.Disposition{desk.Unverified}, []string{"Ignored"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newArchive(t, inProcess(t), changes)
			for _, d := range c.known {
				a.memory.of(raw, d)
			}
			for minute, folder := range c.lies {
				a.put(folder, raw, minute)
			}
			var folders []string
			for _, in := range a.unknown(0) {
				folders = append(folders, in.Folder)
			}
			same(t, "unknown", folders, c.unknown)
		})
	}
}

// A mail that recover itself decided, where it lay, is known by that.
func TestRecoveredMailIsKnown(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Done", "by hand", 1})
	a.memory.of(mail("by hand"), desk.UnknownSender)
	found := a.unknown(0)
	if len(found) != 1 {
		t.Fatalf("found %+v", found)
	}
	a.memory[0].Key = storage.MailKey{Folder: "Done", UIDValidity: found[0].UIDValidity, UID: found[0].UID}
	if found := a.unknown(0); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// big is a mail of so many lines, and its header.
func big(lines int) (raw, header []byte) {
	header = []byte("From: cto@example.com\r\nSubject: big\r\n\r\n")
	return append(slices.Clone(header), strings.Repeat("a line of it\r\n", lines)...), header
}

// Of a mail over the limit the database has the header alone. It is known
// again, whatever the limit was when it was decided and is now.
func TestRecoverOversize(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := newArchive(t, p, user)
		raw, header := big(100)
		a.put("Attention", raw, 1)
		for _, limit := range []int64{1000, 1 << 20} {
			a.options.Limit = limit
			a.memory = nil
			if n := len(a.unknown(0)); n != 1 {
				t.Errorf("limit %d: %d mails are not known, want 1", limit, n)
			}
			for _, known := range [][]byte{raw, header} {
				a.memory = nil
				a.memory.of(known, desk.Oversize)
				if n := len(a.unknown(0)); n != 0 {
					t.Errorf("limit %d, %d bytes known: %d mails are not", limit, len(known), n)
				}
			}
		}
		a.options.Limit, a.memory = 1000, nil
		a.clerk.decides = func(context.Context, desk.Incoming) (desk.Filing, error) { return desk.FileAttention, nil }
		a.recover()
		if in := a.clerk.got[0]; !in.Oversize || in.Size != int64(len(raw)) || !bytes.Equal(in.Raw, header) {
			t.Errorf("the desk got %+v", in)
		}
	})
}

// A server that can neither move nor remove a single mail keeps them all in the
// inbox; those marked are the decided ones.
func TestRecoverMarkedMail(t *testing.T) {
	s := inProcess(t, mailbox.WithoutMove(), mailbox.WithoutUIDPlus())
	a := newArchive(t, s, changes)
	deliver(t, s, changes, "known", "one", "two")
	sweep(t, a.intake(), 3)
	deliver(t, s, changes, "not decided yet")
	a.memory.of(mail("known"), desk.Counted)
	a.clerk = newClerk()
	same(t, "decided", a.recover(), []string{"one", "two"})
	if err := a.intake().Run(t.Context()); !errors.Is(err, intake.ErrUnknownMail) {
		t.Errorf("Run ended with %v", err)
	}
}

// The intake decides nothing as long as the database does not know the mail that
// was filed last.
func TestNothingIsDecidedOnAnOldDatabase(t *testing.T) {
	everywhere(t, func(t *testing.T, p provider, user string) {
		a := newArchive(t, p, user, letter{"Done", "known", 1}, letter{"Done", "not known", 2}, letter{"INBOX", "waiting", 3})
		a.memory.of(mail("known"), desk.Counted)
		if err := a.intake().Run(t.Context()); !errors.Is(err, intake.ErrUnknownMail) || !strings.Contains(err.Error(), `folder "Done"`) {
			t.Errorf("Run ended with %v", err)
		}
		if len(a.clerk.got) > 0 {
			t.Errorf("the desk got %v", a.clerk.uids())
		}
		same(t, "decided", a.recover(), []string{"not known"})
		a.memory.of(mail("not known"), desk.Counted)
		run(t, a.intake())
		if a.clerk.next(t); subject(a.clerk.next(t).Raw) != "waiting" {
			t.Error("the mail that waited is not decided")
		}
	})
}

// A database that cannot be asked is asked again.
func TestDatabaseIsAwayAtTheStart(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Done", "known", 1}, letter{"INBOX", "waiting", 3})
	a.memory.of(mail("known"), desk.Counted)
	away := true
	a.options.Known = func(ctx context.Context, mails []storage.LyingMail) ([]storage.KnownMail, error) {
		if away {
			away = false
			return nil, errors.New("away")
		}
		return a.memory.known(ctx, mails)
	}
	run(t, a.intake())
	a.clerk.next(t)
}

// A mail the desk fails at is brought again at once, for what follows may rest on
// it; a desk that cannot decide at all ends it, with the rest undecided.
func TestRecoverInsists(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Done", "hard", 1}, letter{"Done", "easy", 2})
	a.clerk.decides = func(_ context.Context, in desk.Incoming) (desk.Filing, error) {
		if len(a.clerk.got) < 4 {
			return "", errors.New("it is too hard")
		}
		return desk.FileDone, nil
	}
	var told []string
	err := a.intake().Recover(t.Context(), a.unknown(0), func(in desk.Incoming) error {
		told = append(told, subject(in.Raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "decided", told, []string{"hard", "easy"})
	same(t, "brought", fmtAll(a.clerk.uids()), []string{"1", "1", "1", "1", "2"})

	a.clerk = newClerk()
	a.clerk.decides = func(context.Context, desk.Incoming) (desk.Filing, error) { return "", storage.ErrDirectoryChanged }
	if err := a.intake().Recover(t.Context(), a.unknown(0), nil); !errors.Is(err, storage.ErrDirectoryChanged) {
		t.Errorf("Recover ended with %v", err)
	}
	same(t, "brought", fmtAll(a.clerk.uids()), []string{"1"})
}

func fmtAll[T any](values []T) (texts []string) {
	for _, v := range values {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}

// Told to stop, recover finishes the mail in hand and leaves the rest.
func TestRecoverIsStopped(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Done", "in hand", 1}, letter{"Done", "not yet", 2})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a.clerk.decides = func(deciding context.Context, _ desk.Incoming) (desk.Filing, error) {
		stop()
		return desk.FileDone, deciding.Err()
	}
	n := 0
	err := a.intake().Recover(ctx, a.unknown(0), func(desk.Incoming) error { n++; return nil })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("Recover told of %d mails and ended with %v", n, err)
	}
}

// A folder that was made anew after it was looked through holds other mails.
func TestFolderIsMadeAnewMeanwhile(t *testing.T) {
	s := inProcess(t)
	a := newArchive(t, s, changes, letter{"Done", "it", 1})
	found := a.unknown(0)
	if err := s.Renumber(changes, "Done"); err != nil {
		t.Fatal(err)
	}
	err := a.intake().Recover(t.Context(), found, nil)
	if err == nil || !strings.Contains(err.Error(), "made anew") || len(a.clerk.got) > 0 {
		t.Errorf("Recover ended with %v, and the desk got %v", err, a.clerk.uids())
	}
}

// Headers gives what a list needs.
func TestHeaders(t *testing.T) {
	a := newArchive(t, inProcess(t), changes, letter{"Attention", "two", 2}, letter{"Done", "one", 1})
	var subjects []string
	err := a.intake().Headers(t.Context(), a.unknown(0), func(in desk.Incoming) error {
		subjects = append(subjects, subject(in.Raw))
		if bytes.Contains(in.Raw, []byte("The body")) {
			t.Errorf("the body was fetched:\n%s", in.Raw)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the list", subjects, []string{"one", "two"})
}
