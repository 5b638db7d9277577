package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A company has a database, a mailbox on the Dovecot and a configuration.
type company struct {
	*rig
	db   *database
	dir  string // of the configuration
	user string // of the mailbox
	keys paper.Keys
	uid  int // of the last mail brought to the desk by hand
}

// found founds a company on a database.
func (r *rig) found(db *database) *company {
	r.Helper()
	r.made++
	c := &company{rig: r, db: db, dir: r.TempDir(), user: fmt.Sprintf("changes-%d@example.com", r.made)}
	r.must(r.dovecot.AddUser(c.user, stage.Password))
	r.must(stage.Settings{
		IMAP: "imap+insecure://" + r.dovecot.IMAP, SMTP: "smtp+insecure://" + r.sink.address, User: c.user,
		AppURL: c.db.app, OwnerURL: c.db.owner,
	}.Write(c.dir))
	var err error
	c.keys, err = c.config().Tokens.Load()
	r.must(err)
	c.uid = r.count(db, `select coalesce(max(uid), 0) from messages`)
	return c
}

// say tells the database something, as its superuser.
func (c *company) say(statement string) {
	c.Helper()
	_, err := c.db.Exec(statement)
	c.must(err)
}

func (c *company) configPath() string { return c.dir + "/" + stage.ConfigName }

func (c *company) config() *config.Config {
	c.Helper()
	loaded, err := config.Load(c.configPath())
	c.must(err)
	return loaded
}

// open opens the company's desk.
func (c *company) open() *daemon.Daemon {
	c.Helper()
	d, err := daemon.New(c.Context(), c.config(), daemon.Options{})
	c.must(err)
	c.must(d.Load(c.Context()))
	return d
}

// together is how many mails are brought to the desk at a time.
const together = 50

// decide brings mails to the desk by hand; all must be filed as done.
func (c *company) decide(d *daemon.Daemon, mails [][]byte) {
	c.Helper()
	for some := range slices.Chunk(mails, together) {
		var in []desk.Incoming
		for _, raw := range some {
			c.uid++
			in = append(in, desk.Incoming{Folder: "by hand", UIDValidity: 1, UID: uint32(c.uid), Received: time.Now(), Size: int64(len(raw)), Raw: raw})
		}
		filings, err := d.Desk.ReceiveAll(c.Context(), in)
		c.must(err)
		if slices.ContainsFunc(filings, func(f desk.Filing) bool { return f != desk.FileDone }) {
			c.Fatalf("mails were filed as %q", filings)
		}
	}
}

// propose has so many changes proposed, and gives for each the answer by which
// it is authorized. The mails owed meanwhile count as sent.
func (c *company) propose(n int) (answers [][]byte) {
	c.Helper()
	d := c.open()
	defer d.Close() //nolint:errcheck // all is committed
	var proposals [][]byte
	for i := range n {
		proposals = append(proposals, c.proposal(c.uid+i))
	}
	c.decide(d, proposals)
	answers = c.answers()
	c.markSent()
	if len(answers) != n {
		c.Fatalf("%d proposals led to %d ballots", n, len(answers))
	}
	return answers
}

func (c *company) markSent() {
	c.Helper()
	c.say(`update outbox set state = 'sent', attempts = 1, ended_at = at where state = 'pending'`)
}

func (c *company) proposal(n int) []byte {
	title := fmt.Sprintf("Upgrade PostgreSQL 15 to 17 on cluster %d", n)
	return stage.Letter{From: "lead@example.com", To: stage.Mailbox, Subject: title, Body: "Title: " + title + `
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027; 17 halves our vacuum windows
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
`}.Bytes(fmt.Sprintf("proposal-%d@%s", n, c.user), time.Now())
}

const approval = `APPROVE

Justification: support ends; agreed
Security impact: none: same network, same TLS
Risk: medium: the rebuild is rehearsed
Rollback: adequate, 20 minutes is within the window
`

// answers approves what waits to be sent to an authorizer, quoting it in full
// as mail programs do.
func (c *company) answers() (all [][]byte) {
	c.Helper()
	rows, err := c.db.Query(`
		select message_id, change, kid, token_ballot, token_person, generation, recipient, body
		from outbox where state = 'pending' and notice = $1 order by id`, policy.AskAuthorization)
	c.must(err)
	defer rows.Close()
	for rows.Next() {
		var m storage.OutMail
		c.must(rows.Scan(&m.MessageID, &m.Change, &m.KeyID, &m.TokenBallot, &m.TokenPerson, &m.Generation, &m.Recipient, &m.Body))
		answer := stage.Letter{From: m.Recipient, Body: approval}.Reply(c.received(m))
		all = append(all, answer.Bytes("answer-"+m.MessageID, time.Now()))
	}
	c.must(rows.Err())
	return all
}

// received is the mail as it reached its reader.
func (c *company) received(m storage.OutMail) stage.Received {
	c.Helper()
	mail := c.letter(m)
	token, err := outbox.Fill(c.keys, m, mailtmpl.SlotToken)
	c.must(err)
	fill := func(s mailtmpl.Segments) string {
		text, err := s.Fill(map[string]string{mailtmpl.SlotToken: token})
		c.must(err)
		return text
	}
	return stage.Received{
		MessageID: m.MessageID, Subject: mail.Subject, ReplyTo: fill(mail.ReplyTo), Text: fill(mail.Text),
		References: mail.References,
	}
}

func (c *company) letter(m storage.OutMail) mailtmpl.Mail {
	c.Helper()
	mail, err := mailtmpl.Decode(m.Body)
	c.must(err)
	return mail
}

// crlf is the text as it stands in a mail.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
