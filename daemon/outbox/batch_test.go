package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/storage"
)

// messageID is the Message-ID of a mail, up to the @.
func messageID(t *testing.T, m mailbox.Sent) string {
	t.Helper()
	read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(read.Header.Get("Message-Id"), "<"), "@")
	return id
}

// Three processes work off a backlog: each mail goes once, and nobody gets a
// later mail about a change before an earlier one.
func TestBacklogOverThreeWorkers(t *testing.T) {
	const mails, changes = 2000, 5
	s := provider(t)
	url := "smtp+insecure://" + s.SMTP
	o := open(t, url)
	o.backlog(t, mails, changes)
	var workers errgroup.Group
	var sent atomic.Int64
	for range 3 {
		w := o.beside(t, url, o.store)
		workers.Go(func() error {
			n, err := w.Drain(t.Context())
			sent.Add(int64(n))
			return err
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	if sent.Load() != mails || len(s.Sent()) != mails {
		t.Errorf("%d mails were sent, %d came", sent.Load(), len(s.Sent()))
	}
	last := map[string]int{}
	for _, m := range s.Sent() {
		var n int
		if _, err := fmt.Sscanf(messageID(t, m), "m%d", &n); err != nil {
			t.Fatal(err)
		}
		series := fmt.Sprint(m.To, (n-1)/20%changes)
		if n <= last[series] {
			t.Errorf("to %s m%d came after m%d", m.To, n, last[series])
		}
		last[series] = n
	}
	for _, row := range o.rows(t) {
		if row.State != "sent" || row.Attempt != 1 {
			t.Errorf("%s is %s at try %d", row.MessageID, row.State, row.Attempt)
		}
	}
}

// A frozen queue does not come back from the first report, as if the process had
// been killed there.
type frozen struct {
	*storage.Store
	marking chan []storage.Try
	thaw    chan struct{}
}

func (f *frozen) MarkSent(ctx context.Context, tries []storage.Try, at time.Time) ([]int64, error) {
	f.marking <- tries
	<-f.thaw
	return f.Store.MarkSent(ctx, tries, at)
}

// A process stands still between the server's 250 and the mark. Another sends
// everything once its claim is over: what was accepted and not marked goes twice,
// a few mails under their old Message-IDs, and nothing else. When the first one
// wakes, it changes nothing.
func TestDeadBeforeTheMark(t *testing.T) {
	const mails, unmarked = 100, 24
	s := provider(t)
	url := "smtp+insecure://" + s.SMTP
	o := open(t, url)
	o.backlog(t, mails, 1000)
	queue := &frozen{o.store, make(chan []storage.Try, 1000), make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	first := o.beside(t, url, queue)
	ended := make(chan error, 1)
	go func() {
		_, err := first.Drain(ctx)
		ended <- err
	}()
	marking := len(<-queue.marking)
	// As many wait for the report as may, and then each of three lines stands still.
	eventually(t, "it does not come to a standstill", func() bool { return len(s.Sent()) == marking+10+3 })
	twice := map[string]bool{}
	for _, m := range s.Sent() {
		twice[messageID(t, m)] = true
	}
	if len(twice) >= unmarked {
		t.Errorf("%d mails were accepted and not marked", len(twice))
	}

	second := o.beside(t, url, o.store)
	second.Now = func() time.Time { return nine.Add(second.Lease) }
	if sent, err := second.Drain(t.Context()); sent != mails || err != nil {
		t.Errorf("the other sent %d mails, %v", sent, err)
	}
	came := map[string]int{}
	for _, m := range s.Sent() {
		came[messageID(t, m)]++
	}
	for id, n := range came {
		if n > 1 && !twice[id] || n > 2 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	before := o.rows(t)
	stop()
	close(queue.thaw)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if after := o.rows(t); len(came) != mails || !slices.EqualFunc(before, after, func(a, b storage.OutRow) bool {
		return a.State == "sent" && b.State == "sent" && a.Attempt == b.Attempt && a.Ended.Equal(*b.Ended)
	}) {
		t.Errorf("of %d mails %d came, and then they were %v", mails, len(came), after)
	}
}

// In the midst of a batch, one mail is refused for good, one for now, one asks
// what nobody asks any more and one cannot be made: the others go.
func TestSomeOfABatch(t *testing.T) {
	s := provider(t)
	s.Refuse("gone@example.com", 550, 0)
	s.Refuse("full@example.com", 452, 0)
	o := open(t, "smtp+insecure://"+s.SMTP)
	want := map[string]string{}
	owe := func(to, state string, row storage.OutMail) {
		row.Change = "c1"
		m := letter(to, to)
		o.enqueueAll(t, o.row(t, row, m))
		want[m.MessageID] = state
	}
	for n := range 40 {
		switch n {
		case 11:
			owe("gone@example.com", "failed", storage.OutMail{})
		case 12:
			owe("full@example.com", "deferred", storage.OutMail{})
		case 13:
			owe("late@example.com", "superseded", storage.OutMail{Asks: true, Ballot: "b0"})
		case 14:
			owe("keyless@example.com", "deferred", storage.OutMail{KeyID: "lost"})
		default:
			owe(fmt.Sprintf("p%d@example.com", n), "sent", storage.OutMail{})
		}
	}
	o.drain(t, 36)
	for _, row := range o.rows(t) {
		if row.State != want[row.MessageID] {
			t.Errorf("%s is %s, want %s", row.MessageID, row.State, want[row.MessageID])
		}
	}
	if len(o.failed) != 1 || len(s.Sent()) != 36 {
		t.Errorf("the operator was told %q; %d mails came", o.failed, len(s.Sent()))
	}
}

// Lines break in the midst of a batch. Before a word was said of a mail, that is
// nothing to it; after, it is tried again, and the others go.
func TestLineBreaksInABatch(t *testing.T) {
	var commands [3]atomic.Int32
	at := func(counter int, line, prefix string, nth int32) bool {
		return strings.HasPrefix(line, prefix) && commands[counter].Add(1) == nth
	}
	url, _ := scripted(t, func(line string) string {
		switch {
		case at(0, line, "MAIL", 5), at(1, line, "RCPT", 12), line == "." && commands[2].Add(1) == 20:
			return ""
		}
		return agreeable(line)
	})
	o := open(t, url, func(options *outbox.Options) { options.Lines = 1 })
	o.backlog(t, 40, 1000)
	o.drain(t, 38)
	states := map[string]int{}
	for _, row := range o.rows(t) {
		states[row.State]++
		if row.Attempt != 1 {
			t.Errorf("%s was tried %d times", row.MessageID, row.Attempt)
		}
	}
	if states["sent"] != 38 || states["deferred"] != 2 {
		t.Errorf("the mails are %v", states)
	}
}

// A server takes five mails over each connection and then says 421: the rest go
// over others, and nothing is put off.
func TestFewMailsForAConnection(t *testing.T) {
	url, said := conversing(t, func() func(string) string {
		mails := 0
		return func(line string) string {
			if strings.HasPrefix(line, "MAIL") {
				if mails++; mails > 5 {
					return "421 4.7.0 too many mails over this connection"
				}
			}
			return agreeable(line)
		}
	})
	o := open(t, url)
	o.backlog(t, 40, 1000)
	o.drain(t, 40)
	for _, row := range o.rows(t) {
		if row.State != "sent" || row.Attempt != 1 {
			t.Errorf("%s is %s after %d tries", row.MessageID, row.State, row.Attempt)
		}
	}
	if greetings := strings.Count(strings.Join(said(), "\n"), "EHLO"); greetings < 8 {
		t.Errorf("%d connections were used", greetings)
	}
}

// A server takes one connection at a time: everything goes over it.
func TestOneConnectionOnly(t *testing.T) {
	var connections atomic.Int32
	url, _ := conversing(t, func() func(string) string {
		first := connections.Add(1) == 1
		return func(line string) string {
			if !first {
				return "421 4.3.2 concurrent connections limit exceeded"
			}
			return agreeable(line)
		}
	})
	o := open(t, url)
	o.backlog(t, 100, 1000)
	o.drain(t, 100)
	if connections.Load() < 2 {
		t.Error("no other line was tried")
	}
}

// A line stays open for the next mail. When the server has hung up meanwhile, the
// mail goes at once over another, and that is no failed try.
func TestLineIsKept(t *testing.T) {
	var hangUp atomic.Bool
	url, said := scripted(t, func(line string) string {
		if strings.HasPrefix(line, "MAIL") && hangUp.CompareAndSwap(true, false) {
			return ""
		}
		return agreeable(line)
	})
	o := open(t, url)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for n := range 6 {
		hangUp.Store(n == 4)
		o.enqueue(t, storage.OutMail{}, letter(fmt.Sprintf("m%d", n+1), "cto@example.com"))
		eventually(t, "a mail does not leave", func() bool { return o.rows(t)[n].State == "sent" })
		if row := o.rows(t)[n]; row.Attempt != 1 {
			t.Errorf("%s was tried %d times", row.MessageID, row.Attempt)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	conversation := strings.Join(said(), "\n")
	if greetings := strings.Count(conversation, "EHLO"); greetings != 2 {
		t.Errorf("%d connections were used", greetings)
	}
	if !strings.HasSuffix(conversation, "QUIT") {
		t.Errorf("the line was not hung up in the end:\n%s", conversation)
	}
}

// A mail of which the server says nothing for long keeps its claim, which is
// renewed, and the outbox keeps its promise to the watchdog.
func TestSlowServer(t *testing.T) {
	goOn := make(chan struct{})
	url, _ := scripted(t, func(line string) string {
		if line == "." {
			<-goOn
		}
		return agreeable(line)
	})
	var pulse pulse.Pulse
	began := time.Now()
	o := open(t, url)
	o.owe(t, "cto@example.com")
	w := o.beside(t, url, o.store, func(options *outbox.Options) {
		options.Lease, options.Timeout, options.Pulse = 200*time.Millisecond, time.Minute, &pulse
		options.Now = func() time.Time { return nine.Add(time.Since(began)) }
	})
	ended := make(chan error, 1)
	go func() {
		_, err := w.Drain(t.Context())
		ended <- err
	}()
	var due []time.Time
	eventually(t, "the claim is not renewed", func() bool {
		if at := o.rows(t)[0].Due; !slices.ContainsFunc(due, at.Equal) {
			due = append(due, at)
		}
		return len(due) > 3 // when it was owed, claimed, renewed and renewed
	})
	if late := pulse.Late(); late >= 0 || late < -5*time.Minute {
		t.Errorf("the promise is overdue by %v", late)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if row := o.rows(t)[0]; row.State != "sent" || row.Attempt != 1 || pulse.Late() != 0 {
		t.Errorf("the mail is %s at try %d, the promise late by %v", row.State, row.Attempt, pulse.Late())
	}
}

// An asleep queue renews nothing before it wakes, as if the process were stopped.
type asleep struct {
	*storage.Store
	wake chan struct{}
}

func (a *asleep) Renew(ctx context.Context, tries []storage.Try, until time.Time) ([]int64, error) {
	<-a.wake
	return a.Store.Renew(ctx, tries, until)
}

// A process was asleep for longer than its claim lasts. What is in its hand it
// does not send, neither before it knows whether that is still its own, nor when
// it hears that others have taken it over.
func TestSleeper(t *testing.T) {
	goOn := make(chan struct{})
	url, said := scripted(t, func(line string) string {
		if line == "." {
			<-goOn
		}
		return agreeable(line)
	})
	o := open(t, url)
	o.backlog(t, 5, 1000)
	queue := &asleep{o.store, make(chan struct{})}
	w := o.beside(t, url, queue, func(options *outbox.Options) { options.Lines, options.Lease = 1, 100*time.Millisecond })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	var heard []string
	eventually(t, "no mail is on its way", func() bool {
		heard = append(heard, said()...)
		return slices.Contains(heard, ".")
	})
	time.Sleep(w.Lease) // it sleeps
	taken, err := o.store.Claim(t.Context(), 50, time.Hour, nine.Add(w.Lease))
	if err != nil || len(taken) != 5 {
		t.Fatalf("another took %d mails, %v", len(taken), err)
	}
	close(goOn)
	close(queue.wake)
	o.enqueue(t, storage.OutMail{}, letter("afterwards", "cto@example.com"))
	eventually(t, "it does not go on", func() bool { return o.rows(t)[5].State == "sent" })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, row := range o.rows(t)[:5] {
		if row.State != "pending" || row.Attempt != 2 {
			t.Errorf("%s is %s at try %d, although another has it", row.MessageID, row.State, row.Attempt)
		}
	}
	if n := strings.Count(strings.Join(append(heard, said()...), "\n"), "Message-ID"); n != 2 {
		t.Errorf("%d mails went", n)
	}
}

// The database refuses the mark for a while. The outbox insists, instead of
// sending the mail again when its claim is over.
func TestMarkIsInsistedOn(t *testing.T) {
	o := (*office)(nil)
	url, _ := scripted(t, func(line string) string {
		if line == "." {
			o.exec(t, `revoke update on outbox from countersign_app`)
		}
		return agreeable(line)
	})
	said := make(journal, 1000)
	o = open(t, url, func(options *outbox.Options) { options.Log = slog.New(slog.NewTextHandler(said, nil)) })
	o.owe(t, "cto@example.com")
	go func() {
		for entry := range said {
			if strings.Contains(entry, "not marked yet") {
				o.exec(t, `grant update on outbox to countersign_app`)
				return
			}
		}
	}()
	o.drain(t, 1)
	if row := o.rows(t)[0]; row.State != "sent" || row.Attempt != 1 {
		t.Errorf("the mail is %s at try %d", row.State, row.Attempt)
	}
}

// A journal passes on what is logged.
type journal chan string

func (j journal) Write(entry []byte) (int, error) {
	j <- string(entry)
	return len(entry), nil
}
