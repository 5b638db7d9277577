package daemon_test

import (
	"crypto/tls"
	"flag"
	"fmt"
	"testing"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// everywhere has every script played on each of the real servers. Otherwise each is
// on one of them, in turn.
var everywhere = flag.Bool("everywhere", false, "play every conversation on a Dovecot and by way of a Postfix")

// TestConversationsOnDovecot plays the same scripts on a real Dovecot: one
// server, and a mailbox of its own for each, over TLS from the first byte in
// every other play, and after STARTTLS in the rest.
func TestConversationsOnDovecot(t *testing.T) {
	server, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	urls := []string{"imaps://" + server.IMAPS, "imap://" + server.IMAP}
	t.Run("play", func(t *testing.T) {
		for i, name := range scripts(t) {
			if !*everywhere && byPostfix(t, i, name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(t, name, stage.Options{
					IMAP: server, IMAPURL: urls[i%len(urls)], TLS: &tls.Config{RootCAs: server.Authority.Pool},
					User: fmt.Sprintf("changes-%d@example.com", i),
				})
			})
		}
	})
}
