package abuse

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/milter"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/postfix"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/internal/testkit/zone"
	"github.com/countersign/countersign/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The companies here: example.com, which runs Countersign; partner.example, whose
// people have roles in it; evil.example, which anybody may be.
const (
	partner = "partner.example"
	evil    = "evil.example"
)

// An office is the company with its mail: what comes from outside goes by mx, where
// a gateway looks at it; its own people submit to the same Postfix, where OpenDKIM
// signs. The partner has a Postfix and an OpenDKIM of its own.
type office struct {
	t     *testing.T
	stage *stage.Stage
	dns   *zone.Server
	box   *dovecot.Server // in which the change mailbox lies
	mx    *postfix.Server
	away  *postfix.Server // the partner's
	crime *postfix.Server // anybody's, at evil.example
	tick  int
	left  []string // who got what by the last mail that came

	records map[string]string // in the DNS
}

// people has the CTO at the partner's, and the IT Director in the company.
var people = strings.NewReplacer("cto@example.com", "cto@"+partner).Replace(stage.Company)

// A gateway is what looks at mail that comes in, and what that is worth.
type gateway struct {
	name, proof string
	start       func(o *office) (*milter.Server, error)
}

var (
	// rspamd checks DMARC. Its word stands below the line of Postfix; it removes
	// what others have written there.
	rspamd = gateway{"rspamd", "own-mta-clean", func(o *office) (*milter.Server, error) {
		return milter.Rspamd(o.t.Context(), o.dns.Address, "mx.example.com")
	}}
	// openDKIM checks signatures alone. Its word stands above the line of Postfix.
	openDKIM = gateway{"opendkim", "own-mta", func(o *office) (*milter.Server, error) {
		return milter.OpenDKIMChecks(o.t.Context(), "mx.example.com", o.records)
	}}
)

func newOffice(t *testing.T, g gateway) *office {
	t.Helper()
	o := &office{t: t, records: map[string]string{"_dmarc." + partner: "v=DMARC1; p=reject", "_dmarc.example.com": "v=DMARC1; p=none"}}
	var err error
	if o.dns, err = zone.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.dns.Stop)
	signers := map[string]string{}
	for _, domain := range []string{"example.com", partner, evil} {
		signers[domain] = o.signer(domain)
	}
	for name, text := range o.records {
		o.dns.Set(name, text)
	}
	checks, err := g.start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(checks.Stop)
	o.box = o.dovecot()
	o.mx = o.postfix(o.box, postfix.Options{Host: "mx.example.com", Checks: checks.Address, Signs: signers["example.com"], SaysWho: true})
	out := "[127.0.0.1]:" + o.mx.MX[strings.LastIndexByte(o.mx.MX, ':')+1:]
	o.away = o.postfix(o.dovecot(), postfix.Options{Host: "out." + partner, Domain: partner, Signs: signers[partner], Relay: out})
	o.crime = o.postfix(o.dovecot(), postfix.Options{Host: "out." + evil, Domain: evil, Signs: signers[evil], Relay: out})
	for server, addresses := range map[*postfix.Server][]string{
		o.mx: {stage.Mailbox, "itd@example.com", "lead@example.com", "it1@example.com"}, o.away: {"cto@" + partner}, o.crime: {"mallory@" + evil},
	} {
		for _, a := range addresses {
			if err := server.AddUser(a, stage.Password); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.open(g.proof)
	return o
}

func (o *office) dovecot() *dovecot.Server {
	d, err := dovecot.Start(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(d.Stop)
	return d
}

func (o *office) postfix(d *dovecot.Server, options postfix.Options) *postfix.Server {
	p, err := postfix.StartWith(o.t.Context(), d, options)
	if errors.Is(err, postfix.ErrNotRoot) {
		o.t.Skip("NOT TESTED: Postfix needs root; run the tests as root to have forged mail go through it")
	}
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(p.Stop)
	return p
}

// signer signs for the domain, whose key lies in the DNS.
func (o *office) signer(domain string) (address string) {
	key, err := milter.NewKey()
	if err != nil {
		o.t.Fatal(err)
	}
	s, err := milter.OpenDKIM(o.t.Context(), domain, key)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(s.Stop)
	o.records[milter.Selector+"._domainkey."+domain] = key.Record()
	return s.Address
}

// open opens the company, and has a change wait for both authorizers.
func (o *office) open(proof string) {
	s := stage.Options{Start: time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), Company: people, Proof: proof, IMAP: o.box, IMAPURL: "imap+insecure://" + o.box.IMAP}
	s.OwnerURL, s.AppURL = pgtest.Test(o.t)
	var err error
	if o.stage, err = stage.New(o.t.Context(), s); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		if err := o.stage.Close(); err != nil {
			o.t.Error(err)
		}
	})
	o.submitted(o.mx, stage.Letter{From: "lead@example.com", Subject: "A new database", Body: proposal})
	if got := o.became(); got != desk.Accepted {
		o.t.Fatalf("the proposal is %s", got)
	}
}

// submitted has somebody log in to their own server and submit.
func (o *office) submitted(server *postfix.Server, l stage.Letter) {
	o.as(server, l.From, l)
}

// as is submitted by whoever logs in as login, whatever the mail says.
func (o *office) as(server *postfix.Server, login string, l stage.Letter) {
	o.t.Helper()
	letter := postfix.Letter{From: login, To: []string{to(l)}, Raw: o.bytes(l)}
	if err := server.Submit(letter, stage.Password, true); err != nil {
		o.t.Fatal(err)
	}
	o.settle(server)
}

// arrives has bytes come to mx from outside.
func (o *office) arrives(from string, raw []byte) {
	o.t.Helper()
	if err := o.mx.Arrive(postfix.Letter{From: from, To: []string{stage.Mailbox}, Raw: raw}); err != nil {
		o.t.Fatal(err)
	}
	o.settle(o.mx)
}

func (o *office) settle(first *postfix.Server) {
	o.t.Helper()
	for _, s := range []*postfix.Server{first, o.mx} {
		if err := s.Idle(o.t.Context()); err != nil {
			o.t.Fatal(err)
		}
	}
}

func to(l stage.Letter) string {
	if l.To == "" {
		return stage.Mailbox
	}
	return l.To
}

func (o *office) bytes(l stage.Letter) []byte {
	o.tick++
	return l.Bytes(fmt.Sprintf("abuse-%d@mail.example", o.tick), time.Now())
}

// became is what became of the mail that lies in the mailbox now, and the notices
// that left for it.
func (o *office) became() desk.Disposition {
	o.t.Helper()
	left, err := o.stage.Step(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	o.left = nil
	for _, m := range left {
		o.left = append(o.left, strings.TrimSuffix(strings.TrimSuffix(m.To, "@example.com"), "@"+partner)+":"+string(m.Notice))
	}
	slices.Sort(o.left)
	mails, err := o.stage.Store.Mails(o.t.Context(), 1)
	if err != nil || len(mails) != 1 {
		o.t.Fatalf("the last mail: %v", err)
	}
	o.t.Logf("%s: %s", mails[0].Disposition, mails[0].Reason)
	return desk.Disposition(mails[0].Disposition)
}

// vote is an answer to the last mail that asks the address for one.
func (o *office) vote(address string) stage.Letter {
	o.t.Helper()
	ask, ok := o.stage.Latest(address, policy.AskAuthorization)
	if !ok {
		o.t.Fatalf("%s was not asked", address)
	}
	return stage.Letter{From: address, Body: approval}.Reply(ask)
}

// undecided fails if anything was decided.
func (o *office) undecided() {
	o.t.Helper()
	c, err := o.stage.Store.Change(o.t.Context(), "CHG-2026-0001")
	if err != nil {
		o.t.Fatal(err)
	}
	for _, b := range c.Ballots {
		if b.Answer != nil {
			o.t.Errorf("the ballot of %s was answered: %s", b.Person, b.Answer.Keyword)
		}
	}
}

// counts fails if the mail that lies in the mailbox is not the person's vote,
// proven so.
func (o *office) counts(person policy.PersonID, proof string) {
	o.t.Helper()
	if got := o.became(); got != desk.Counted {
		o.t.Errorf("the answer of %s is %s", person, got)
		return
	}
	c, err := o.stage.Store.Change(o.t.Context(), "CHG-2026-0001")
	if err != nil {
		o.t.Fatal(err)
	}
	for _, b := range c.Ballots {
		if b.Person == person && b.Kind == policy.BallotAuthorization && b.Answer != nil && strings.HasPrefix(b.Answer.Proof, proof) {
			return
		}
	}
	o.t.Errorf("no answer of %s is recorded as proven by %q", person, proof)
}

// signed is a mail as the partner signs it, which somebody got hold of; it has
// reached us too.
func (o *office) signed(l stage.Letter) []byte {
	o.t.Helper()
	inbox, err := o.box.Open(stage.Mailbox)
	if err != nil {
		o.t.Fatal(err)
	}
	defer inbox.Close()
	o.submitted(o.away, l)
	mails, err := inbox.Await(o.t.Context(), 1)
	if err != nil {
		o.t.Fatal(err)
	}
	if got := o.became(); got != desk.Answered { // it is no answer, and she has one to give
		o.t.Fatalf("a comment is %s", got)
	}
	raw := mails[0].Raw
	at := bytes.Index(raw, []byte("DKIM-Signature:"))
	if at < 0 {
		o.t.Fatalf("it is not signed:\n%s", raw)
	}
	return raw[at:]
}

// with puts a field above all others of a raw mail.
func with(field string, raw []byte) []byte {
	return append([]byte(strings.ReplaceAll(field, "\n", "\r\n")+"\r\n"), bytes.Clone(raw)...)
}

const proposal = `Category: software technology, network infrastructure
Systems: billing-db
Justification: version 15 gets no fixes from November on
Security impact: none; the same roles and rules
Risk: low, it was rehearsed twice
Rollback: promote the old standby, ten minutes
Test plan: restore the copy and run the month's invoices
Implementer: Dora Cote
Tester: Quinn Morin
`

const approval = `APPROVE

Justification: as proposed
Security impact: none that I can see; the roles stay as they are
Risk: low, because it was rehearsed
Rollback: as proposed
`
