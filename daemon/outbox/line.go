package outbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/countersign/countersign/internal/server"
	"github.com/countersign/countersign/mailtmpl"
)

// A line is one connection to the SMTP server, logged in. It uses the lower
// half of go-mail: the upper one reports a delivered mail as an error when the
// RSET after it fails, and hides the server's code.
type line struct {
	conn    net.Conn
	client  *smtp.Client
	first   time.Duration // for the server to hear of a mail: the line may have died in silence
	timeout time.Duration // for all that follows
	since   time.Time     // when it was put aside
}

// What became of a mail.
type fate int

const (
	postponed fate = iota // not yet, or nobody knows
	accepted
	refused // never
)

type result struct {
	fate   fate
	code   int    // of the server, if it said one
	why    string // in the server's words
	broken bool   // the connection is of no more use
	// unheard says that the connection was of no use from the start: nothing was
	// said of the mail.
	unheard bool
}

// grace is how long the mail in hand may still take once we are told to stop.
const grace = 20 * time.Second

// dial connects, secures the connection and logs in, within DialTimeout.
func (o *Outbox) dial(ctx context.Context) (*line, error) {
	e, err := server.SMTP.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	l := &line{first: min(o.DialTimeout, o.Timeout), timeout: o.Timeout}
	if err := l.connect(ctx, e, o.TLS); err != nil {
		l.drop()
		return nil, fmt.Errorf("connecting to %s: %w", e.Address, err)
	}
	stop := context.AfterFunc(ctx, l.drop)
	defer stop()
	if err := o.login(l, e); err != nil {
		l.drop()
		return nil, fmt.Errorf("logging in to %s: %w", e.Address, err)
	}
	return l, nil
}

// connect dials, hears the greeting, and has TLS as the endpoint wants it.
func (l *line) connect(ctx context.Context, e server.Endpoint, trust *tls.Config) (err error) {
	var d net.Dialer
	if l.conn, err = d.DialContext(ctx, "tcp", e.Address); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		l.conn.SetDeadline(deadline) //nolint:errcheck // the read that follows will say so
	}
	config := &tls.Config{}
	if trust != nil {
		config = trust.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = e.Host
	}
	if e.Security == server.ImplicitTLS {
		secured := tls.Client(l.conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return err
		}
		l.conn = secured
	}
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	if l.client, err = smtp.NewClient(l.conn, e.Host); err != nil {
		return fmt.Errorf("waiting for the greeting: %w", err)
	}
	if err := l.client.Hello(hostname()); err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	if e.Security != server.STARTTLS {
		return nil
	}
	if offered, _ := l.client.Extension("STARTTLS"); !offered {
		return errors.New("the server does not offer STARTTLS")
	}
	if err := l.client.StartTLS(config); err != nil {
		return fmt.Errorf("STARTTLS: %w", err)
	}
	return nil
}

// hostname is what we call ourselves in EHLO.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsAny(name, "\r\n ") {
		return "localhost"
	}
	return name
}

func (o *Outbox) login(l *line, e server.Endpoint) error {
	if o.Username == "" {
		return nil
	}
	password, err := o.Password()
	if err != nil {
		return fmt.Errorf("reading the password: %w", err)
	}
	_, offer := l.client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(offer))
	inClear := e.Security == server.Plaintext
	var auth smtp.Auth
	switch {
	case slices.Contains(offered, "PLAIN"):
		auth = smtp.PlainAuth("", o.Username, password, e.Host, inClear)
	case slices.Contains(offered, "LOGIN"):
		auth = smtp.LoginAuth(o.Username, password, e.Host, inClear)
	default:
		return fmt.Errorf("the server allows no login with a password; it offers %q", offer)
	}
	if err := l.client.Auth(auth); err != nil {
		if code(err) >= 500 {
			return fmt.Errorf("the server refuses the username or the password: %s", words(err))
		}
		return err
	}
	return nil
}

// submit sends one mail to one recipient.
func (l *line) submit(ctx context.Context, from, to string, raw []byte) result {
	stop := context.AfterFunc(ctx, func() { l.within(ctx, l.timeout) })
	defer stop()
	l.within(ctx, l.first)
	l.client.SkipSMTPUTF8(ascii(from + to))
	if err := l.client.Mail("<" + from + ">"); err != nil {
		r := l.failure("the sender", err)
		r.fate = postponed // no fault of this mail: it would be all the others', too
		r.unheard = r.code == 0 || r.code == 421
		return r
	}
	l.within(ctx, l.timeout)
	if err := l.client.Rcpt("<" + to + ">"); err != nil {
		r := l.failure("the recipient", err)
		if r.fate == refused && !r.broken && l.refusesAll(from) {
			r.fate, r.why = postponed, "the server takes no mail of ours: "+r.why
		}
		return r
	}
	w, err := l.client.Data()
	if err != nil {
		return l.failure("the mail", err)
	}
	if _, err := w.Write(raw); err != nil {
		return l.failure("the mail", err)
	}
	if err := w.Close(); err != nil {
		r := l.failure("the mail", err)
		if r.code == 0 {
			r.why += "; the server may have taken it"
		}
		return r
	}
	return result{fate: accepted}
}

// refusesAll says whether the server takes no mail from us at all, not even to
// ourselves. Many refuse a sender only at the recipient, Postfix among them; that
// is no fault of the recipient's, and it would be all the others', too.
func (l *line) refusesAll(from string) bool {
	err := l.client.Mail("<" + from + ">")
	if err == nil {
		err = l.client.Rcpt("<" + from + ">")
	}
	if reset := l.client.Reset(); reset != nil {
		return false // whatever it was; the next mail will find out
	}
	return code(err) >= 500
}

// within sets the time for what comes next; less if we are told to stop.
func (l *line) within(ctx context.Context, d time.Duration) {
	l.conn.SetDeadline(time.Now().Add(d)) //nolint:errcheck // the write that follows will say so
	if ctx.Err() != nil {
		l.conn.SetDeadline(time.Now().Add(min(grace, d))) //nolint:errcheck // likewise
	}
}

// unless gives the line if it is not broken, and nil otherwise.
func (l *line) unless(broken bool) *line {
	if broken {
		l.drop()
		return nil
	}
	return l
}

// failure tells the server's refusals from a line that broke. Only a permanent
// refusal is the end; all else is tried again.
func (l *line) failure(at string, err error) result {
	r := result{fate: postponed, code: code(err)}
	switch {
	case r.code == 0:
		r.why, r.broken = fmt.Sprintf("the connection broke at %s: %v", at, err), true
		return r
	case r.code >= 500 && r.code <= 599:
		r.fate = refused
	}
	r.why = fmt.Sprintf("the server refused %s: %s", at, words(err))
	// 421 means the server is about to hang up. The next mail needs a clean line.
	r.broken = r.code == 421 || l.client.Reset() != nil
	return r
}

// words are the server's own, on one line.
func words(err error) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Sprintf("%03d %s", reply.Code, strings.Join(strings.Fields(reply.Msg), " "))
	}
	return err.Error()
}

// code is the server's reply code in the error, or zero.
func code(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// quit says goodbye; a nil line has nothing to say.
func (l *line) quit() {
	if l == nil {
		return
	}
	l.conn.SetDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // the write that follows will say so
	l.client.Quit()                                     //nolint:errcheck // it is over in any case
	l.drop()
}

func (l *line) drop() {
	if l != nil && l.conn != nil {
		l.conn.Close()
	}
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}

// Probe connects and logs in, and sends nothing.
func (o *Outbox) Probe(ctx context.Context) error {
	l, err := o.dial(ctx)
	if err != nil {
		return err
	}
	l.quit()
	return nil
}

// Submit sends one mail past the outbox, whoever stands in its From. It fails
// where the server does not take it.
func (o *Outbox) Submit(ctx context.Context, m mailtmpl.Mail) error {
	raw, err := Compose(m, nil)
	if err != nil {
		return err
	}
	l, err := o.dial(ctx)
	if err != nil {
		return err
	}
	defer l.quit()
	if r := l.submit(ctx, o.From, m.To, raw); r.fate != accepted {
		return fmt.Errorf("sending a mail to %s: %s", m.To, r.why)
	}
	return nil
}
