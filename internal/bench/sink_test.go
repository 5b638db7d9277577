package bench

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A sink is an SMTP server that takes every mail, and keeps of each only whom
// it was for, what it was, and when it was taken.
type sink struct {
	address string
	mu      sync.Mutex
	taken   []taken
	news    chan struct{} // closed, and replaced, when a mail was taken
}

type taken struct {
	to, notice string
	at         time.Time
}

func newSink(t *testing.T) *sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{address: ln.Addr().String(), news: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &submission{sink: s}, nil }))
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	go server.Serve(ln) //nolint:errcheck // it ends with the listener
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *sink) take(m taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, m)
	close(s.news)
	s.news = make(chan struct{})
}

// since gives the mails taken after the first n, and what is closed when there
// are more.
func (s *sink) since(n int) ([]taken, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[n:len(s.taken):len(s.taken)], s.news
}

// await waits until n mails have been taken since the first so many.
func (s *sink) await(t *testing.T, after, n int) []taken {
	t.Helper()
	for {
		mails, news := s.since(after)
		if len(mails) >= n {
			return mails
		}
		select {
		case <-news:
		case <-time.After(patience):
			t.Fatalf("%d of %d mails came", len(mails), n)
		}
	}
}

// A submission is one client's connection to the sink.
type submission struct {
	sink *sink
	to   string
}

func (*submission) AuthMechanisms() []string { return []string{sasl.Plain} }
func (*submission) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}
func (*submission) Mail(string, *smtp.MailOptions) error { return nil }
func (s *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data takes the mail: the server says so as soon as this returns.
func (s *submission) Data(r io.Reader) error {
	m := taken{to: s.to}
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if notice, is := strings.CutPrefix(line, "X-Countersign-Notice: "); is {
			m.notice = strings.TrimSpace(notice)
		}
		if errors.Is(err, io.EOF) || strings.TrimSpace(line) == "" {
			break
		}
		if err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	m.at = time.Now()
	s.sink.take(m)
	return nil
}
func (*submission) Reset()        {}
func (*submission) Logout() error { return nil }
