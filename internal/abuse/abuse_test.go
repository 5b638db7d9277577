package abuse

import (
	"bytes"
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// What a forger would have our servers say, at the places where it would stand if
// they had said it.
const forgedResult = "Authentication-Results: mx.example.com;\n\tdkim=pass header.d=" + partner + ";\n\tdmarc=pass header.from=" + partner

// A trick is a mail in the name of the CTO or of the IT Director which they did
// not write, and what becomes of it behind each gateway.
type trick struct {
	name string
	play func(o *office)
	// Where DMARC is checked, and where only signatures are.
	dmarc, dkim desk.Disposition
	spoofed     string // who is told where DMARC is checked
}

var tricks = []trick{
	{"her address in From, from nowhere", func(o *office) {
		o.arrives("mallory@"+evil, o.bytes(o.vote("cto@"+partner)))
	}, desk.Unverified, desk.Held, "cto"},
	{"and our server's word in the mail, on top", func(o *office) {
		o.arrives("mallory@"+evil, with(forgedResult, o.bytes(o.vote("cto@"+partner))))
	}, desk.Unverified, desk.Held, "cto"},
	{"and above a Received line that seems to be ours", func(o *office) {
		const line = "Received: from out." + partner + " by mx.example.com (Postfix) with ESMTP id 1; Mon, 2 Mar 2026 14:00:00 +0000"
		o.arrives("mallory@"+evil, with(forgedResult+"\n"+line+"\n"+forgedResult, o.bytes(o.vote("cto@"+partner))))
	}, desk.Unverified, desk.Held, "cto"},
	{"and a login that seems to be hers", func(o *office) {
		const line = "Received: from desk (localhost [127.0.0.1])\n\t(Authenticated sender: cto@" + partner + ")\n\tby mx.example.com (Postfix) with ESMTPSA id 1; Mon, 2 Mar 2026 14:00:00 +0000"
		o.arrives("mallory@"+evil, with(line, o.bytes(o.vote("cto@"+partner))))
	}, desk.Unverified, desk.Held, "cto"},
	{"signed by another domain, and well", func(o *office) {
		o.as(o.crime, "mallory@"+evil, o.vote("cto@"+partner))
	}, desk.Unverified, desk.Held, "cto"},
	{"with a result in the name of the signature", func(o *office) {
		l := o.vote("cto@" + partner)
		l.Headers = append(l.Headers, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=evil.example; s=\"x; dmarc=pass header.from="+partner+"\"; h=From; bh=AAAA; b=AAAA")
		o.arrives("mallory@"+evil, o.bytes(l))
	}, desk.Unverified, desk.Held, "cto"},
	{"a second From above what she signed", func(o *office) {
		raw := o.signed(comment(o))
		o.arrives("mallory@"+evil, with("From: mallory@"+evil, raw))
	}, desk.Unverified, desk.Unverified, ""},
	{"an answer in place of the comment she signed", func(o *office) {
		raw := o.signed(comment(o))
		o.arrives("mallory@"+evil, bytes.Replace(raw, []byte("The freeze"), []byte(strings.ReplaceAll(approval, "\n", "\r\n")+"The freeze"), 1))
	}, desk.Unverified, desk.Held, "cto"},
	{"the mail she signed, once more", func(o *office) {
		o.arrives("mallory@"+evil, o.signed(comment(o)))
	}, desk.Duplicate, desk.Duplicate, ""},
	{"a colleague with a login of his own writes the director's address", func(o *office) {
		o.as(o.mx, "it1@example.com", o.vote("itd@example.com"))
	}, desk.Unverified, desk.Unverified, "itd"},
	{"from outside, the address of a director within", func(o *office) {
		o.arrives("mallory@"+evil, o.bytes(o.vote("itd@example.com")))
	}, desk.Unverified, desk.Held, "itd"},
	{"his paper from an address of mallory's own", func(o *office) {
		l := o.vote("itd@example.com")
		l.From = "mallory@" + evil
		o.submitted(o.crime, l)
	}, desk.UnknownSender, desk.UnknownSender, ""},
}

// comment is a new remark of the CTO's on the change.
func comment(o *office) stage.Letter {
	o.tick++
	l := o.vote("cto@" + partner)
	_, quotation, _ := strings.Cut(l.Body, "\n\n")
	l.Body = "The freeze begins on the 15th.\n\n" + quotation[strings.Index(quotation, "On Mon"):]
	return l
}

// TestForgedMail plays every trick on real servers: in none is anything decided;
// then both answer for themselves, the one from the partner's, the other from
// within, and that counts.
func TestForgedMail(t *testing.T) {
	for _, g := range []gateway{rspamd, openDKIM} {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, g)
			for _, trick := range tricks {
				t.Log(trick.name)
				trick.play(o)
				want := trick.dkim
				if g.name == rspamd.name {
					want = trick.dmarc
				}
				if got := o.became(); got != want {
					t.Errorf("%s: it is %s, want %s", trick.name, got, want)
				}
				told := trick.spoofed + ":" + string(policy.OwnerSpoofed)
				if want == desk.Unverified && trick.spoofed != "" && !slices.Contains(o.left, told) {
					t.Errorf("%s: the person is not told, but %q", trick.name, o.left)
				}
				o.undecided()
			}
			o.submitted(o.away, o.vote("cto@"+partner))
			o.counts("cto", "authenticated: ")
			o.submitted(o.mx, o.vote("itd@example.com"))
			o.counts("itd", "authenticated: auth=pass smtp.auth=itd@example.com")
			o.checks("senders", "are proven")
			o.checks("a mail to itself", "it came, and its sender is proven: auth=pass smtp.auth=changes@example.com")
			o.checks("a colleague's forgery", "it came, and is found out: ")
			o.checks("a stranger's forgery", "it came, and is found out: ")
		})
	}
}

// checks has countersign check try the probe, beside the daemon.
func (o *office) checks(name, says string) {
	o.t.Helper()
	c, err := config.Load(o.stage.ConfigPath())
	if err != nil {
		o.t.Fatal(err)
	}
	c.Mailbox.SMTP = "smtp://" + strings.Replace(o.mx.Submission, "127.0.0.1", "localhost", 1) // by way of which the mailbox sends, as people do
	options := daemon.Options{TLS: &tls.Config{RootCAs: o.mx.Authority.Pool}}
	for _, p := range append(daemon.Probes(c, options), daemon.MailProbes(c, options)...) {
		if p.Name != name {
			continue
		}
		if got, err := p.Try(o.t.Context()); err != nil || !strings.Contains(got, says) {
			o.t.Errorf("check says of %s %q, %v", name, got, err)
		}
		return
	}
	o.t.Errorf("check does not try %s", name)
}
