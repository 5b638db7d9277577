package daemon_test

import (
	"fmt"
	"testing"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// TestConversationsOnDovecot plays the same scripts on a real Dovecot: one
// server, and a mailbox of its own for each.
func TestConversationsOnDovecot(t *testing.T) {
	server, err := dovecot.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	t.Run("play", func(t *testing.T) {
		for i, name := range scripts(t) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(t, name, stage.Options{
					IMAP: server, IMAPURL: "imap+insecure://" + server.IMAP,
					User: fmt.Sprintf("changes-%d@example.com", i),
				})
			})
		}
	})
}
