package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A mail is known by its bytes, each time it was decided, wherever it lay and
// whenever the mailbox says that it came; and many are asked for at once.
func TestKnownMails(t *testing.T) {
	s := open(t)
	in(t, s, func(tx *storage.Tx) error {
		for uid, m := range []struct {
			folder, raw, disposition string
		}{{"INBOX", "one", "accepted"}, {"INBOX", "one", "duplicate"}, {"Done", "two", "counted"}} {
			tx.SaveMail(storage.Mail{
				Key: storage.MailKey{Folder: m.folder, UIDValidity: 7, UID: uint32(uid + 1)}, SHA256: sha(m.raw),
				Disposition: m.disposition, Received: noon, Decided: noon, Raw: []byte(m.raw),
			})
		}
		return nil
	})
	asked := []storage.LyingMail{{noon, sha("one")}, {noon, sha("one")}, {noon.Add(time.Hour), sha("two")}}
	for n := range 2500 {
		asked = append(asked, storage.LyingMail{Received: noon, SHA256: fmt.Sprintf("%064x", n)})
	}
	known, err := s.KnownMails(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, k := range known {
		told = append(told, fmt.Sprintf("%s %s %s", k.Key, k.SHA256[:4], k.Disposition))
	}
	slices.Sort(told)
	want := []string{"Done/7/3 " + sha("two")[:4] + " counted", "INBOX/7/1 " + sha("one")[:4] + " accepted", "INBOX/7/2 " + sha("one")[:4] + " duplicate"}
	if !slices.Equal(told, want) {
		t.Errorf("known are\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if none, err := s.KnownMails(t.Context(), nil); err != nil || len(none) > 0 {
		t.Errorf("of no mails, %v are known: %v", none, err)
	}
}

// What has left is no longer owed, nor what asks about a ballot that is closed.
func TestOwed(t *testing.T) {
	s, owner := openBoth(t)
	owed := func(want int) {
		t.Helper()
		if n, err := s.Owed(t.Context()); err != nil || n != want {
			t.Errorf("%d mails are owed, want %d: %v", n, want, err)
		}
	}
	owed(0)
	begin(t, s, 1, policy.StateProposed) // one open ballot: the authorization; the correction is cast
	ask := func(id string, ballot policy.BallotID) storage.OutMail {
		m := out(id, "c1", "cto")
		m.Asks, m.Ballot = true, ballot
		return m
	}
	enqueue(t, s,
		out("m1", "c1", "lead"), out("m2", "c1", "dev"),
		ask("m3", ballotID("c1", policy.BallotAuthorization)), ask("m4", ballotID("c1", policy.BallotCorrection)))
	owed(3)
	exec(t, owner, `update outbox set state = 'sent', attempts = 1, ended_at = now() where message_id = 'm1'`)
	owed(2)
}
