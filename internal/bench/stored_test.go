package bench

import (
	"bytes"
	"database/sql"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

const refusal = `REJECT

Reason: the support contract was renewed last week
`

// An archive is a company with so many changes behind it.
type archive struct {
	*company
	stored  int
	answers [][]byte // still to be decided
}

// archive founds a company that has so many ended changes, and some more that
// wait for an answer each. One change is ended at the desk, and its rows are
// then written again under other names.
func (r *rig) archive(stored, waiting int) *archive {
	r.Helper()
	a := &archive{company: r.found(r.newDatabase()), stored: stored}
	r.careless(func() {
		a.reject(a.propose(1)[0])
		a.multiply(stored)
		a.answers = a.propose(waiting)
	})
	r.settle(a.db)
	return a
}

// reject decides an approval as if it were a refusal.
func (c *company) reject(answer []byte) {
	c.Helper()
	d := c.open()
	c.decide(d, [][]byte{bytes.Replace(answer, []byte(crlf(approval)), []byte(crlf(refusal)), 1)})
	c.must(d.Close())
	c.markSent()
}

// copies are the statements by which everything of one change is written again
// for each g of the table copies, a change each quarter of an hour. A {kind key}
// becomes another of its kind. Of other people's mails nothing is kept but what
// is looked for, and of our own as much as Postgres keeps in the row of a long
// text: nobody reads them again, they would take ten times the space, and
// without rows of the true size the new ones would go where these left gaps.
var copies = []string{
	`insert into changes
		select {change id}, 'D-2025-' || g, 'CHG-2025-' || g, state, revision, hash, proposer, implementer, attempt, passed_by,
			told, live, ever_live, held_from, open_ballots, title, major, restricted, opened_at, ended_at, updated_seq, body
		from changes cross join copies`,
	`insert into ballots (id, change, kind, person, revision, attempt, status, keyword, issued_at, due_at, answered_at)
		select {ballot id}, {change change}, kind, person, revision, attempt, status, keyword, issued_at, due_at, answered_at from ballots cross join copies`,
	`insert into tokens
		select {token hash}, kid, generation, purpose, {change change}, {ballot ballot}, person from tokens cross join copies`,
	`insert into attempts
		select folder, uidvalidity, uid + 10 * g, attempts from attempts cross join copies`,
	`insert into messages (folder, uidvalidity, uid, disposition, reason, sha256, message_id_hash, content_key, sender, person,
			change, ballot, received_at, decided_at, size)
		select folder, uidvalidity, uid + 10 * g, disposition, reason, {hash sha256}, {hash message_id_hash}, {content content_key}, sender, person,
			{change change}, {ballot ballot}, received_at - g * interval '15 minutes', decided_at, size
		from messages cross join copies`,
	`insert into outbox (message_id, change, ballot, notice, person, recipient, asks, kid, token_ballot, token_person, generation,
			body, at, state, due, attempts, ended_at)
		select {message message_id}, {change change}, ballot, notice, person, recipient, asks, kid, token_ballot, token_person,
			generation, left(body, 18), at, state, due, attempts, ended_at
		from outbox cross join copies where change <> ''`,
	`insert into events
		select seq + (select max(seq) from events) * (g - 1), at, subject_kind,
			case subject_kind when 'change' then {change subject} else {hash subject} end, kind, prev, payload_hash,
			decode({hash hash::text}, 'hex')
		from events cross join copies where subject_kind <> 'directory'`,
	`insert into event_payloads
		select seq + (select max(seq) from event_payloads) * (g - 1), salt, payload
		from event_payloads cross join copies where seq > 1`, // the first is the directory
}

// kinds are what a key is made anew from, in place of KEY: keys begin with the
// day, or are a SHA-256 and nothing else.
var kinds = map[string]string{
	"change":  day + ` || left(md5(KEY || g::text), 12)`,
	"ballot":  day + ` || left(md5(KEY || g::text), 16)`,
	"message": day + ` || left(md5(KEY || g::text), 24) || '@example.com'`,
	"content": `to_char(20454 - g / 96, 'FM00000000') || ` + hash,
	"token":   `substr('` + letters + `', (20454 - g / 96) / 32 % 32 + 1, 1) || substr('` + letters + `', (20454 - g / 96) % 32 + 1, 1) || ` + hash,
	"hash":    hash,
}

const (
	day     = `to_char(date '2026-01-01' - g / 96, 'YYYYMMDD')`
	hash    = `md5(KEY || g::text) || md5(g::text || KEY)`
	letters = `abcdefghijklmnopqrstuvwxyz234567`
)

var key = regexp.MustCompile(`\{(\w+) (\S+)\}`)

// another has keys made anew from those there are.
func another(statement string) string {
	return key.ReplaceAllStringFunc(statement, func(k string) string {
		m := key.FindStringSubmatch(k)
		return strings.ReplaceAll(kinds[m[1]], "KEY", m[2])
	})
}

// multiply makes so many changes of the only one there is.
func (c *company) multiply(stored int) {
	c.Helper()
	// The rows fit each other: nobody need look whether they do.
	db, err := sql.Open("postgres", with(with(c.db.owner, "user", superuser), "session_replication_role", "replica"))
	c.must(err)
	defer db.Close()
	db.SetMaxOpenConns(runtime.NumCPU())
	c.say(`create table copies as select g from generate_series(2, ` + strconv.Itoa(stored) + `) as g`)
	var writers sync.WaitGroup
	errs := make(chan error, len(copies))
	for _, statement := range copies {
		writers.Go(func() {
			_, err := db.Exec(another(statement))
			errs <- err
		})
	}
	writers.Wait()
	close(errs)
	for err := range errs {
		c.must(err)
	}
	c.say(`drop table copies`)
	c.say(`update chain_head set seq = (select max(seq) from events)`)
	c.uid += 10 * stored
}

// decideSome decides the next answers at the desk, and gives how many a second.
func (a *archive) decideSome(n int) (perSecond float64) {
	a.Helper()
	d := a.open()
	defer d.Close() //nolint:errcheck // all is committed
	began := time.Now()
	a.decide(d, a.answers[:n])
	a.answers = a.answers[n:]
	return float64(n) / time.Since(began).Seconds()
}
