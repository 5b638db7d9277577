package outbox_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	changes = "changes@example.com"
	secret  = "open sesame"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var keys = paper.Keys{Current: "k1", Secrets: map[string][]byte{"k1": []byte("thirty-two bytes of a test secret")}}

// An office is an outbox on a database of its own, and the server it sends to.
type office struct {
	*outbox.Outbox
	store  *storage.Store
	owner  string // the URL of the database, for its owner
	now    time.Time
	failed []string // what the operator was told of
}

// open opens an office that sends to the URL; change may alter the options.
func open(t *testing.T, url string, change ...func(*outbox.Options)) *office {
	t.Helper()
	owner, app := pgtest.Test(t)
	store, err := storage.Open(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	o := &office{store: store, owner: owner, now: nine}
	options := outbox.Options{
		URL: url, From: changes, Timeout: 5 * time.Second, DialTimeout: 5 * time.Second,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Now: func() time.Time { return o.now },
		Failed: func(_ context.Context, m storage.OutMail, why string) error {
			o.failed = append(o.failed, m.MessageID+": "+why)
			return nil
		},
	}
	for _, alter := range change {
		alter(&options)
	}
	o.Outbox = outbox.New(options, store, keys)
	return o
}

// beside is another process on the same database.
func (o *office) beside(t *testing.T, url string, queue outbox.Queue, change ...func(*outbox.Options)) *outbox.Outbox {
	t.Helper()
	options := o.Options
	options.URL = url
	options.Failed = func(_ context.Context, m storage.OutMail, why string) error {
		t.Errorf("%s failed: %s", m.MessageID, why)
		return nil
	}
	for _, alter := range change {
		alter(&options)
	}
	return outbox.New(options, queue, keys)
}

// letter is what mailtmpl would have rendered.
func letter(id, to string) mailtmpl.Mail {
	return mailtmpl.Mail{
		MessageID: id + "@countersign.example.com", Date: nine,
		From: changes, FromName: "Changes at Example", To: to, Subject: "About " + id,
		Text: mailtmpl.Segments{{Text: "The text of " + id + ".\n"}},
		HTML: mailtmpl.Segments{{Text: "<p>The text of " + id + ".</p>\n"}},
	}
}

// owe puts one mail to each recipient into the queue.
func (o *office) owe(t *testing.T, recipients ...string) {
	t.Helper()
	for n, to := range recipients {
		m := letter(fmt.Sprintf("m%d", n+1), to)
		o.enqueue(t, storage.OutMail{Recipient: to}, m)
	}
}

func (o *office) enqueue(t *testing.T, row storage.OutMail, m mailtmpl.Mail) {
	t.Helper()
	row.Change = "c1"
	o.enqueueAll(t, o.row(t, row, m))
}

// row is the row of the mail.
func (o *office) row(t *testing.T, row storage.OutMail, m mailtmpl.Mail) storage.OutMail {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	row.MessageID, row.Recipient, row.Body, row.At = m.MessageID, m.To, body, o.now
	row.Notice = "person-notice-closed"
	return row
}

func (o *office) enqueueAll(t *testing.T, rows ...storage.OutMail) {
	t.Helper()
	err := o.store.Tx(t.Context(), func(tx *storage.Tx) error {
		for _, row := range rows {
			tx.Enqueue(row)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// backlog puts n mails into the queue, about so many changes to each of twenty
// people: m1, m2 and so on.
func (o *office) backlog(t *testing.T, n, changes int) {
	t.Helper()
	var rows []storage.OutMail
	for i := range n {
		m := letter(fmt.Sprintf("m%d", i+1), fmt.Sprintf("p%d@example.com", i%20))
		rows = append(rows, o.row(t, storage.OutMail{Change: policy.ChangeID(fmt.Sprintf("c%d", i/20%changes))}, m))
	}
	o.enqueueAll(t, rows...)
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// exec does something to the database as its owner.
func (o *office) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", o.owner)
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

func (o *office) drain(t *testing.T, want int) {
	t.Helper()
	sent, err := o.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sent != want {
		t.Errorf("%d mails were sent, want %d", sent, want)
	}
}

func (o *office) rows(t *testing.T) []storage.OutRow {
	t.Helper()
	rows, err := o.store.Outbox(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// states are the states of all mails, in the order they were owed.
func (o *office) states(t *testing.T) string {
	t.Helper()
	var states []string
	for _, row := range o.rows(t) {
		states = append(states, row.State)
	}
	return strings.Join(states, " ")
}

func provider(t *testing.T) *mailbox.Server {
	t.Helper()
	s, err := mailbox.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.AddUser(changes, secret); err != nil {
		t.Fatal(err)
	}
	return s
}

// A scripted server answers as it is told: script gives the answer to a line of
// the client, which is a command, or "." at the end of a mail. An empty answer
// hangs up; "silence" says nothing more. What the client said is kept: its
// commands, and of its mails the Message-ID.
func scripted(t *testing.T, script func(line string) string) (url string, said func() []string) {
	t.Helper()
	return conversing(t, func() func(string) string { return script })
}

// conversing is a scripted server that begins a script for each connection.
func conversing(t *testing.T, script func() func(line string) string) (url string, said func() []string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	lines := make(chan string, 1000)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go answer(c, lines, script())
		}
	}()
	return "smtp+insecure://" + ln.Addr().String(), func() (all []string) {
		for len(lines) > 0 {
			all = append(all, <-lines)
		}
		return all
	}
}

func answer(c net.Conn, lines chan<- string, script func(string) string) {
	defer c.Close()
	fmt.Fprint(c, "220 scripted\r\n")
	data := false
	for r := bufio.NewScanner(c); r.Scan(); {
		line := r.Text()
		if data && line != "." {
			if strings.HasPrefix(line, "Message-ID:") {
				lines <- line
			}
			continue
		}
		lines <- line
		reply := script(line)
		switch reply {
		case "":
			return
		case "silence":
			for r.Scan() {
			}
			return
		}
		data = strings.HasPrefix(reply, "354")
		fmt.Fprintf(c, "%s\r\n", reply)
	}
}

// agreeable is the script of a server that takes everything.
func agreeable(line string) string {
	switch {
	case strings.HasPrefix(line, "DATA"):
		return "354 go on"
	case strings.HasPrefix(line, "QUIT"):
		return "221 bye"
	default:
		return "250 ok"
	}
}
