package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/storage"
)

// Three mails are owed; each recipient gets one, from our mailbox, and nothing
// is sent twice.
func TestEachRecipientGetsTheirMail(t *testing.T) {
	s := provider(t)
	if err := s.AddUser("cto@example.com", secret); err != nil {
		t.Fatal(err)
	}
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.owe(t, "cto@example.com", "dev@example.com", "qa@example.com")
	o.drain(t, 3)
	o.drain(t, 0)
	if got := o.states(t); got != "sent sent sent" {
		t.Errorf("the mails are %s", got)
	}
	sent := s.Sent()
	if len(sent) != 3 {
		t.Fatalf("the server got %d mails", len(sent))
	}
	for n, to := range []string{"cto@example.com", "dev@example.com", "qa@example.com"} {
		if sent[n].To != to || sent[n].From != changes || !strings.Contains(string(sent[n].Raw), "To: <"+to+">") {
			t.Errorf("mail %d went from %s to %s:\n%s", n, sent[n].From, sent[n].To, sent[n].Raw)
		}
	}
	inbox, err := s.Account("cto@example.com").Folder("INBOX")
	if err != nil || len(inbox) != 1 {
		t.Errorf("the CTO's inbox holds %d mails, %v", len(inbox), err)
	}
}

// The token exists in the mail that leaves, and nowhere in the database.
func TestTokenIsFilledInAtTheLastMoment(t *testing.T) {
	s := provider(t)
	o := open(t, "smtp+insecure://"+s.SMTP)
	m := letter("ballot", "cto@example.com")
	m.Text = mailtmpl.Segments{{Text: "Your answer, please. (ref b-"}, {Slot: mailtmpl.SlotToken}, {Text: ")\n"}}
	m.ReplyTo = mailtmpl.Segments{{Text: "changes+b-"}, {Slot: mailtmpl.SlotToken}, {Text: "@example.com"}}
	row := storage.OutMail{
		Recipient: "cto@example.com", KeyID: "k1", TokenBallot: "b7", TokenPerson: "cto", Generation: 2,
	}
	o.enqueue(t, row, m)
	o.drain(t, 1)

	token, err := keys.Token("k1", paper.Mail, paper.Paper{Change: "c1", Ballot: "b7", Person: "cto", Generation: 2})
	if err != nil {
		t.Fatal(err)
	}
	raw := string(s.Sent()[0].Raw)
	for _, want := range []string{"(ref b-" + token + ")", "changes+b-" + token + "@example.com"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the mail lacks %q:\n%s", want, raw)
		}
	}
	if body := string(o.rows(t)[0].Body); strings.Contains(body, token) {
		t.Errorf("the row holds the token:\n%s", body)
	}
}

// A mail that cannot be made, for want of its key, waits for the key.
func TestMissingKey(t *testing.T) {
	s := provider(t)
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.enqueue(t, storage.OutMail{Recipient: "cto@example.com", KeyID: "lost"}, letter("m1", "cto@example.com"))
	o.owe(t, "dev@example.com", "qa@example.com") // m1 is there already
	o.drain(t, 1)
	if got := o.states(t); got != "deferred sent" || len(s.Sent()) != 1 {
		t.Errorf("the mails are %s", got)
	}
	if why := o.rows(t)[0].LastError; !strings.Contains(why, `no token key with id "lost"`) {
		t.Errorf("the row says %q", why)
	}
}

// A mail about several ballots carries the token of each, and the same that its
// own mail has.
func TestEachBallotOfAMailHasItsOwnToken(t *testing.T) {
	s := provider(t)
	o := open(t, "smtp+insecure://"+s.SMTP)
	m := letter("list", "cto@example.com")
	m.Text = mailtmpl.Segments{
		{Text: "One: b-"}, {Slot: mailtmpl.SlotOf(mailtmpl.SlotToken, "c1", "b7")}, {Text: "\nTwo: b-"}, {Slot: mailtmpl.SlotOf(mailtmpl.SlotToken, "c2", "b8")}, {Text: "\n"},
	}
	o.enqueue(t, storage.OutMail{Recipient: "cto@example.com", KeyID: "k1", TokenPerson: "cto", Generation: 2}, m)
	o.drain(t, 1)
	raw := string(s.Sent()[0].Raw)
	for _, p := range []paper.Paper{{Change: "c1", Ballot: "b7"}, {Change: "c2", Ballot: "b8"}} {
		p.Person, p.Generation = "cto", 2
		token, err := keys.Token("k1", paper.Mail, p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(raw, token) != 1 {
			t.Errorf("the token of %s is not in the mail once:\n%s", p.Ballot, raw)
		}
	}
}

// One address is refused for good: that mail fails and the operator is told in
// the server's words; the others go.
func TestRefusedForGood(t *testing.T) {
	s := provider(t)
	s.Refuse("gone@example.com", 550, 0)
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.owe(t, "cto@example.com", "gone@example.com", "qa@example.com")
	o.drain(t, 2)
	if got := o.states(t); got != "sent failed sent" {
		t.Errorf("the mails are %s", got)
	}
	if len(o.failed) != 1 || !strings.HasPrefix(o.failed[0], "m2@") || !strings.Contains(o.failed[0], "550 5.1.1 refused as the script says") {
		t.Errorf("the operator was told %q", o.failed)
	}
}

// A server that takes no mail from us, and says so only at the recipient, as
// Postfix does of a login that may not write under our address, fails no mail: it
// would be all of them, and what tells the operator, too. Once that is put right,
// they leave.
func TestSenderRefusedAtTheRecipient(t *testing.T) {
	s := provider(t)
	for to, times := range map[string]int{"cto@example.com": 1, "qa@example.com": 1, changes: 2} {
		s.Refuse(to, 553, times)
	}
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.owe(t, "cto@example.com", "qa@example.com")
	o.drain(t, 0)
	if got := o.states(t); got != "deferred deferred" || len(o.failed) != 0 {
		t.Errorf("the mails are %s, the operator was told %q", got, o.failed)
	}
	if why := o.rows(t)[0].LastError; !strings.Contains(why, "takes no mail of ours") || !strings.Contains(why, "553") {
		t.Errorf("the row says %q", why)
	}
	o.now = o.now.Add(2 * time.Minute)
	o.drain(t, 2)
}

// The operator cannot be told now: the mail is not given up before they are.
func TestOperatorMustBeTold(t *testing.T) {
	s := provider(t)
	s.Refuse("gone@example.com", 550, 0)
	told := 0
	o := open(t, "smtp+insecure://"+s.SMTP, func(options *outbox.Options) {
		options.Failed = func(context.Context, storage.OutMail, string) error {
			if told++; told == 1 {
				return errors.New("the database is away")
			}
			return nil
		}
	})
	o.owe(t, "gone@example.com")
	if _, err := o.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "telling of failed outbox mail") {
		t.Errorf("the error is %v", err)
	}
	if got := o.states(t); got != "pending" {
		t.Errorf("the mail is %s", got)
	}
	o.now = o.now.Add(time.Hour) // the lease is over
	o.drain(t, 0)
	if got := o.states(t); got != "failed" || told != 2 {
		t.Errorf("the mail is %s, the operator told %d times", got, told)
	}
}

// A busy server is tried again: after a minute, two, four, and so on up to an
// hour, and given up after five days.
func TestRefusedForNow(t *testing.T) {
	s := provider(t)
	s.Refuse("cto@example.com", 451, 0)
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.owe(t, "cto@example.com")
	pauses := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}
	for n, minutes := range pauses {
		o.drain(t, 0)
		row := o.rows(t)[0]
		least := minutes * time.Minute
		if pause := row.Due.Sub(o.now); row.State != "deferred" || pause < least || pause > least*5/4 {
			t.Errorf("after try %d the mail is %s for %v, want about %v", n+1, row.State, pause, least)
		}
		o.drain(t, 0)
		if o.rows(t)[0].Attempt != n+1 {
			t.Errorf("a mail that is not due was tried")
		}
		o.now = row.Due
	}
	o.now = nine.Add(5*24*time.Hour + time.Minute)
	o.drain(t, 0)
	if got := o.states(t); got != "failed" || len(o.failed) != 1 || !strings.Contains(o.failed[0], "given up after five days") {
		t.Errorf("after five days the mail is %s and the operator was told %q", got, o.failed)
	}
}

// The server is busy once, then takes the mail, under the same Message-ID.
func TestBusyOnce(t *testing.T) {
	s := provider(t)
	s.Refuse("cto@example.com", 451, 1)
	o := open(t, "smtp+insecure://"+s.SMTP)
	o.owe(t, "cto@example.com", "dev@example.com")
	o.drain(t, 1)
	o.now = o.now.Add(time.Hour)
	o.drain(t, 1)
	if got := o.states(t); got != "sent sent" {
		t.Errorf("the mails are %s", got)
	}
}

// The line goes dead after the mail was handed over. Nobody knows whether it
// went; it goes again under the same Message-ID.
func TestDropAfterData(t *testing.T) {
	var mails atomic.Int32
	url, said := scripted(t, func(line string) string {
		if line == "." && mails.Add(1) == 1 {
			return ""
		}
		return agreeable(line)
	})
	o := open(t, url)
	o.owe(t, "cto@example.com", "dev@example.com")
	o.drain(t, 1) // the second goes over a new line
	if got := o.states(t); got != "deferred sent" {
		t.Errorf("the mails are %s", got)
	}
	if why := o.rows(t)[0].LastError; !strings.Contains(why, "may have taken it") {
		t.Errorf("the row says %q", why)
	}
	o.now = o.now.Add(2 * time.Minute)
	o.drain(t, 1)
	if got := o.states(t); got != "sent sent" || mails.Load() != 3 {
		t.Errorf("the mails are %s after %d submissions", got, mails.Load())
	}
	conversation := strings.Join(said(), "\n")
	if greetings := strings.Count(conversation, "EHLO"); greetings != 3 {
		t.Errorf("%d connections were used", greetings)
	}
	if same := strings.Count(conversation, "Message-ID: <m1@countersign.example.com>"); same != 2 {
		t.Errorf("the mail went %d times under its Message-ID", same)
	}
}

// After the server took the mail, whatever happens to the line does not unsend it.
func TestLineBreaksAfterDelivery(t *testing.T) {
	url, _ := scripted(t, func(line string) string {
		if strings.HasPrefix(line, "QUIT") || strings.HasPrefix(line, "RSET") || strings.HasPrefix(line, "NOOP") {
			return ""
		}
		return agreeable(line)
	})
	o := open(t, url)
	o.owe(t, "cto@example.com", "dev@example.com")
	o.drain(t, 2)
	if got := o.states(t); got != "sent sent" {
		t.Errorf("the mails are %s", got)
	}
}

// A refused recipient on a line that will not be reset costs nobody else their mail.
func TestResetFails(t *testing.T) {
	url, _ := scripted(t, func(line string) string {
		switch {
		case strings.HasPrefix(line, "RCPT TO:<gone@"):
			return "550 5.1.1 no such user"
		case strings.HasPrefix(line, "RSET"):
			return ""
		}
		return agreeable(line)
	})
	o := open(t, url)
	o.owe(t, "gone@example.com", "dev@example.com")
	o.drain(t, 1)
	if got := o.states(t); got != "failed sent" {
		t.Errorf("the mails are %s", got)
	}
}

// What each answer of a server means for the mail.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		at, answer, state string
	}{
		"sender not allowed: our fault, not the mail's": {"MAIL", "550 5.7.60 not allowed to send as", "deferred"},
		"sender refused for now":                        {"MAIL", "451 later", "deferred"},
		"recipient unknown":                             {"RCPT TO:<cto@", "550 5.1.1 unknown", "failed"},
		"everyone refused: our fault, not the mail's":   {"RCPT", "553 5.7.1 not owned by user", "deferred"},
		"recipient greylisted":                          {"RCPT", "450 4.2.0 greylisted", "deferred"},
		"going down":                                    {"RCPT", "421 going down", "deferred"},
		"nonsense":                                      {"RCPT", "hello?", "deferred"},
		"DATA refused":                                  {"DATA", "554 no valid recipients", "failed"},
		"mail refused for its content":                  {".", "554 5.6.0 looks like spam", "failed"},
		"mail refused for now":                          {".", "452 disk full", "deferred"},
		"hangs up at the sender":                        {"MAIL", "", "deferred"},
		"hangs up at the recipient":                     {"RCPT", "", "deferred"},
		"silent after the mail":                         {".", "silence", "deferred"},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := scripted(t, func(line string) string {
				if strings.HasPrefix(line, c.at) {
					return c.answer
				}
				return agreeable(line)
			})
			o := open(t, url, func(options *outbox.Options) { options.Timeout = 500 * time.Millisecond })
			o.owe(t, "cto@example.com")
			o.drain(t, 0)
			if got := o.states(t); got != c.state || (len(o.failed) == 1) != (c.state == "failed") {
				t.Errorf("the mail is %s, the operator told %q; want %s", got, o.failed, c.state)
			}
			if why := o.rows(t)[0].LastError; c.answer != "" && c.answer[0] <= '9' && !strings.Contains(why, c.answer) {
				t.Errorf("the row says %q", why)
			}
		})
	}
}

// While the server cannot be reached nothing counts against the mails; once it
// is back they go at once.
func TestServerAway(t *testing.T) {
	o := open(t, "smtp+insecure://"+nobodyThere(t))
	o.owe(t, "cto@example.com")
	for range 3 {
		if _, err := o.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "connecting to 127.0.0.1:") {
			t.Errorf("the error is %v", err)
		}
	}
	if row := o.rows(t)[0]; row.State != "pending" || row.Attempt != 0 {
		t.Errorf("the mail is %s after %d tries", row.State, row.Attempt)
	}
}

// nobodyThere is an address that refuses connections, and that no other server
// of the tests can get meanwhile: it is taken, but nobody listens.
func nobodyThere(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// A mail put into the queue leaves at once, without waiting for the next poll;
// told to stop, the outbox stops.
func TestRun(t *testing.T) {
	s := provider(t)
	o := open(t, "smtp+insecure://"+s.SMTP, func(options *outbox.Options) { options.Poll = time.Hour })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for n, to := range []string{"cto@example.com", "dev@example.com"} {
		o.enqueue(t, storage.OutMail{Recipient: to}, letter(to, to))
		for waited := 0; len(s.Sent()) <= n; waited++ {
			if waited > 1000 {
				t.Fatal("the mail does not leave")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Run did not end")
	}
}

// Told to stop in the middle of a mail, the outbox finishes it, writes that
// down, and begins no other.
func TestGracefulStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	url, _ := scripted(t, func(line string) string {
		if line == "." {
			stop()
		}
		return agreeable(line)
	})
	o := open(t, url)
	o.owe(t, "cto@example.com", "dev@example.com")
	if sent, err := o.Drain(ctx); sent != 1 || err != nil {
		t.Errorf("%d mails were sent, %v", sent, err)
	}
	if got := o.states(t); got != "sent pending" {
		t.Errorf("the mails are %s", got)
	}
}

// The database goes away while the server has not greeted yet, and then the
// server does as well: the mail in hand is given back all the same, and is due at
// once, not when its lease has run out.
func TestServerAwayAfterTheDatabase(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	o := open(t, "smtp+insecure://"+silent.Addr().String())
	o.owe(t, "cto@example.com")
	queue := &onceQueue{Queue: o.store, refused: make(chan struct{})}
	w := o.beside(t, o.URL, queue, func(options *outbox.Options) { options.Poll = time.Millisecond })
	go func() {
		c, err := silent.Accept()
		<-queue.refused
		if err == nil {
			c.Close()
		}
	}()
	if _, err := w.Drain(t.Context()); err == nil { // either of the two comes first
		t.Error("all is well")
	}
	if row := o.rows(t)[0]; row.State != "pending" || row.Attempt != 0 {
		t.Errorf("the mail is %s after %d tries", row.State, row.Attempt)
	}
}

var errRefused = errors.New("too many connections")

// A onceQueue hands out mail once, and then refuses.
type onceQueue struct {
	outbox.Queue
	claims  int
	refused chan struct{}
}

func (q *onceQueue) Claim(ctx context.Context, limit int, lease time.Duration, now time.Time) ([]storage.OutMail, error) {
	if q.claims++; q.claims > 1 {
		defer close(q.refused)
		return nil, errRefused
	}
	return q.Queue.Claim(ctx, limit, lease, now)
}
