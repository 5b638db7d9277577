package postfix_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
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

func letter(from, to string) postfix.Letter {
	return postfix.Letter{From: from, To: []string{to}, Raw: []byte("From: " + from + "\r\nTo: " + to + "\r\nSubject: hello\r\n\r\nbody\r\n")}
}

// The CTO submits mail, securely either way, and a stranger's server brings
// some; all of it lies in the mailbox it is for, as it was written.
func TestMailArrives(t *testing.T) {
	p, d := start(t)
	inbox, err := d.Open(changes)
	if err != nil {
		t.Fatal(err)
	}
	defer inbox.Close()
	const sub = "changes+b-TOKEN@example.com"
	for _, from := range []struct {
		who  string
		send func(postfix.Letter) error
	}{
		{cto, func(l postfix.Letter) error { return p.Submit(l, secret, false) }},
		{cto, func(l postfix.Letter) error { return p.Submit(l, secret, true) }},
		{"stranger@elsewhere.example", p.Arrive},
	} {
		if err := from.send(letter(from.who, sub)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		mails, err := inbox.Await(ctx, 1)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Return-Path: <" + from.who + ">", "Delivered-To: " + sub, "Received: ", "\r\n\r\nbody\r\n"} {
			if len(mails) != 1 || !bytes.Contains(mails[0].Raw, []byte(want)) {
				t.Errorf("there is no %q in %d mails:\n%s", want, len(mails), mails[0].Raw)
			}
		}
	}
	if err := p.Idle(t.Context()); err != nil {
		t.Error(err)
	}
}

// What a company's server refuses, this one does, in its own words.
func TestRefusals(t *testing.T) {
	p, _ := start(t)
	for _, refused := range []struct {
		err  error
		want string
	}{
		{p.Submit(letter(cto, changes), "a guess", true), "535"},
		{p.Submit(letter(cto, "nobody@example.com"), secret, false), "550: <nobody@example.com>: Recipient address rejected: User unknown"},
		{p.Arrive(letter("stranger@elsewhere.example", "someone@elsewhere.example")), "554: <someone@elsewhere.example>: Relay access denied"},
		{p.Submit(postfix.Letter{From: cto, To: []string{changes}, As: changes}, secret, true), "553: <cto@example.com>: Sender address rejected: not owned by user changes@example.com"},
	} {
		if refused.err == nil || !strings.Contains(refused.err.Error(), refused.want) {
			t.Errorf("the error is %v, want %s", refused.err, refused.want)
		}
	}
}

// Nothing is left of a server that was stopped.
func TestStop(t *testing.T) {
	p, _ := start(t)
	p.Stop()
	for _, address := range []string{p.MX, p.Submission, p.SMTPS} {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			c.Close()
			t.Errorf("%s still listens", address)
		}
	}
	if said := p.Log(); said != "" {
		t.Errorf("its log is still there:\n%s", said)
	}
}
