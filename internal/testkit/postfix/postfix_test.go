package postfix_test

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/postfix"
)

const (
	changes = "changes@example.com"
	cto     = "cto@example.com"
	secret  = "open sesame"
)

func start(t *testing.T) (*postfix.Server, *dovecot.Server) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: Postfix needs root; run the tests as root to have mail go through it")
	}
	d, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	p, err := postfix.Start(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.Log())
		}
	})
	for _, address := range []string{changes, cto} {
		if err := p.AddUser(address, secret); err != nil {
			t.Fatal(err)
		}
	}
	return p, d
}

// await waits for the next mail to the address.
func await(t *testing.T, d *dovecot.Server, address string) mailbox.Message {
	t.Helper()
	inbox, err := d.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	defer inbox.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mails, err := inbox.Await(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	return mails[len(mails)-1]
}

func letter(from, to, subject string) postfix.Letter {
	return postfix.Letter{From: from, To: []string{to}, Raw: []byte("From: " + from + "\r\nTo: " + to + "\r\nSubject: " + subject + "\r\n\r\nbody\r\n")}
}

// The CTO submits mail, securely either way, and a stranger's server brings
// some; all of it lies in the mailbox it is for, as it was written.
func TestMailArrives(t *testing.T) {
	p, d := start(t)
	const sub = "changes+b-TOKEN@example.com"
	for name, send := range map[string]func() error{
		"STARTTLS": func() error { return p.Submit(letter(cto, sub, "STARTTLS"), secret, false) },
		"TLS":      func() error { return p.Submit(letter(cto, sub, "TLS"), secret, true) },
		"stranger": func() error { return p.Arrive(letter("stranger@elsewhere.example", sub, "stranger")) },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
		inbox, err := d.Open(changes)
		if err != nil {
			t.Fatal(err)
		}
		var m mailbox.Message
		for m.Raw == nil || !bytes.Contains(m.Raw, []byte("Subject: "+name)) {
			m = next(t, inbox)
		}
		inbox.Close()
		for _, want := range []string{"Return-Path: <", "Delivered-To: " + sub, "Received: ", "\r\n\r\nbody\r\n"} {
			if !bytes.Contains(m.Raw, []byte(want)) {
				t.Errorf("there is no %q in:\n%s", want, m.Raw)
			}
		}
	}
}

func next(t *testing.T, inbox *dovecot.Inbox) mailbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mails, err := inbox.Await(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	return mails[len(mails)-1]
}
