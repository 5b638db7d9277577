package daemon_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// TestRealServers tells what else happens between the daemon, Postfix and
// Dovecot, beside the conversations.
func TestRealServers(t *testing.T) {
	free := newPostOffices(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, *postOffice)
	}{
		{"trusted with reason", trustedWithReason},
		{"STARTTLS is taken out", startTLSTakenOut},
		{"mail returns", mailReturns},
		{"mail that cannot be read arrives", unreadableArrives},
	} {
		t.Run(story.name, func(t *testing.T) {
			o := free.take(t)
			defer free.giveBack(t, o)
			story.tell(t, o)
		})
	}
}

// stageBefore sets a stage before the post office.
func stageBefore(t *testing.T, o *postOffice) *stage.Stage {
	t.Helper()
	options := o.options(0)
	options.OwnerURL, options.AppURL = pgtest.Test(t)
	options.Start = start
	s, err := stage.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Step(t.Context()); err != nil { // the policy owner is told of the directory
		t.Fatal(err)
	}
	return s
}

// Postfix takes our mail, and only then Dovecot has nobody of that name: the
// mail returns to us. It is no answer; the operator is told, and the ballot is
// marked as not delivered, whether the return comes once or twice.
func mailReturns(t *testing.T, o *postOffice) {
	s := stageBefore(t, o)
	if err := o.dovecot.RemoveUser("cto@example.com"); err != nil {
		t.Fatal(err)
	}
	proposal, err := readScript(t, "01-closed").text("proposal", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(stage.Letter{From: "lead@example.com", Body: proposal}); err != nil {
		t.Fatal(err)
	}
	if err := s.Daemon.Step(t.Context()); err != nil { // what left reaches not everybody
		t.Fatal(err)
	}
	returned, err := o.await(t.Context(), stage.Mailbox, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Return-Path: <>", "Final-Recipient: rfc822; cto@example.com", "User doesn't exist"} {
		if !bytes.Contains(returned[0].Raw, []byte(want)) {
			t.Errorf("there is no %q in:\n%s", want, returned[0].Raw)
		}
	}
	told, err := s.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if is := names(told); !slices.Contains(is, "operator@example.com operator-notice-undelivered") {
		t.Errorf("these mails left: %q", is)
	}
	mails, err := s.Store.Mails(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if is := mails[0].Disposition + ": " + mails[0].Reason; is != "automatic: bounce: a mail of ours came back" {
		t.Errorf("the mail that returned was %s", is)
	}
	after := outbox(t, s)
	if !regexp.MustCompile(`(?m)^failed cto@example.com:authorizer-ask-authorization it came back: .*User doesn't exist`).MatchString(after) {
		t.Errorf("the ballot is not marked:\n%s", after)
	}
	if err := s.Deliver(returned[0].Raw); err != nil {
		t.Fatal(err)
	}
	if told, err = s.Step(t.Context()); err != nil || len(told) > 0 {
		t.Errorf("the second return led to %q, %v", names(told), err)
	}
	if again := outbox(t, s); again != after {
		t.Errorf("the second return did something:\n%s\nbefore\n%s", again, after)
	}
}

// names says to whom mails went, and what they are.
func names(mails []stage.Received) (all []string) {
	for _, m := range mails {
		all = append(all, m.To+" "+string(m.Notice))
	}
	return all
}

// outbox says what became of each mail owed.
func outbox(t *testing.T, s *stage.Stage) string {
	t.Helper()
	rows, err := s.Store.Outbox(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%s %s:%s %s\n", row.State, row.Recipient, row.Notice, row.LastError)
	}
	return b.String()
}

// A mail nested too deep arrives whole, and lies where a person looks after it.
func unreadableArrives(t *testing.T, o *postOffice) {
	s := stageBefore(t, o)
	if err := s.Deliver(nested(30)); err != nil {
		t.Fatal(err)
	}
	mails, err := s.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) != 1 || mails[0].To != "operator@example.com" {
		t.Errorf("these mails left: %+v", mails)
	}
	kept, err := o.dovecot.Account(stage.Mailbox).Folder("Attention")
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != 1 || !bytes.Contains(kept[0].Raw, []byte("--b29--")) {
		t.Errorf("%d mails lie in Attention", len(kept))
	}
}

// nested is a mail of multiparts within multiparts.
func nested(depth int) []byte {
	text := "Content-Type: text/plain\r\n\r\nAPPROVE\r\n"
	for i := range depth {
		text = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n", i, i, text, i)
	}
	return []byte("From: cto@example.com\r\nTo: " + stage.Mailbox + "\r\nSubject: Matryoshka\r\nMIME-Version: 1.0\r\n" + text)
}
