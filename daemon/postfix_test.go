package daemon_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/testkit/postfix"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// beyond lists the scripts that real servers do not carry, and why.
var beyond = map[string]string{
	"57-unreadable": "no mail is without a header once a server has carried it",
}

// TestConversationsOnPostfix plays the same scripts by way of the servers that
// companies run: people submit to Postfix, which hands over to Dovecot, where
// the daemon reads; it submits to Postfix, and people read in Dovecot. All who log
// in over TLS do so from the first byte in some plays, after STARTTLS in others.
func TestConversationsOnPostfix(t *testing.T) {
	free := newPostOffices(t)
	for i, name := range scripts(t) {
		if stamped(t, name) || !*everywhere && !byPostfix(t, i, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := free.take(t)
			if why := beyond[name]; why != "" {
				defer o.close()
				rehearse(t, name, why, o.options(i))
				return
			}
			defer free.giveBack(t, o)
			play(t, name, o.options(i))
			o.quiet(t)
		})
	}
}

// byPostfix says whether it is the turn of Postfix to carry the script.
func byPostfix(t *testing.T, i int, name string) bool { return i%2 == 0 && !stamped(t, name) }

// stamped says whether the mail of a script bears the word of a provider, which
// would lie below the lines of real servers that carry it: internal/abuse has
// servers that check mail themselves.
func stamped(t *testing.T, name string) bool {
	return slices.ContainsFunc(readScript(t, name).lines, func(l line) bool { return len(l.words) > 0 && l.words[0] == "proof" })
}

// rehearse plays a script that is expected to go wrong, and fails if it does not.
func rehearse(t *testing.T, name, why string, o stage.Options) {
	t.Helper()
	r := &rehearsal{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		play(r, name, o)
	}()
	<-ended
	if len(r.wrong) == 0 {
		t.Errorf("it plays fine, and was said not to: %s", why)
	}
	t.Logf("%s:\n%s", why, strings.Join(r.wrong, "\n"))
}

// A rehearsal keeps to itself what goes wrong.
type rehearsal struct {
	testing.TB
	wrong []string
}

// Errorf takes note.
func (r *rehearsal) Errorf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// Fatalf takes note and goes no further.
func (r *rehearsal) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// options are those of a stage before the post office; the ways to secure a
// connection take turns.
func (o *postOffice) options(i int) stage.Options {
	imap := []string{"imaps://" + o.dovecot.IMAPS, "imap://" + o.dovecot.IMAP}
	smtp := []string{"smtps://" + o.postfix.SMTPS, "smtp://" + o.postfix.Submission}
	o.implicit = i%2 == 0
	return stage.Options{
		Post: o, IMAPURL: imap[i%2], SMTPURL: smtp[i/2%2],
		TLS: &tls.Config{RootCAs: o.dovecot.Authority.Pool},
	}
}

// postOffices are those free to be played in.
type postOffices struct {
	mu   sync.Mutex
	free []*postOffice
}

func newPostOffices(t *testing.T) *postOffices {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: Postfix needs root; run the tests as root to have mail go through it")
	}
	o := &postOffices{}
	t.Cleanup(func() {
		for _, p := range o.free {
			p.close()
		}
	})
	return o
}

// take gives a free post office, or opens one.
func (o *postOffices) take(t *testing.T) *postOffice {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.free); n > 0 {
		p := o.free[n-1]
		o.free = o.free[:n-1]
		return p
	}
	p, err := openPostOffice(t.Context())
	if errors.Is(err, postfix.ErrNotRoot) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// giveBack keeps the post office for the next play, unless this one went wrong and
// may have left something behind.
func (o *postOffices) giveBack(t *testing.T, p *postOffice) {
	if t.Failed() {
		p.close()
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free = append(o.free, p)
}
