package clients

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// A desk is where somebody sits with a mail program: a home of its own, a mailbox
// with the ballot in it, an editor that types for them, and a sendmail that keeps
// what is sent.
type desk struct {
	*testing.T
	home string
}

// sendmail keeps the mail; what it is called with says nothing new.
const sendmail = `#!/bin/sh
cat >"%[1]s/sent.new" && mv "%[1]s/sent.new" "%[1]s/sent"
`

// editor is what a person does with what the program has put there: it types
// above, below, between or instead of it.
const editor = `#!/bin/sh
new="$1.new"
typed="%[1]s/typed"
case "$(cat "%[1]s/where")" in
above) cat "$typed" "$1" ;;
below) cat "$1"; echo; cat "$typed" ;;
around) head -n 1 "$typed"; echo; cat "$1"; echo; tail -n +2 "$typed" ;;
inside) head -n 12 "$1"; echo; cat "$typed"; echo; tail -n +13 "$1" ;;
instead) cat "$typed" ;;
esac >"$new" && cat "$new" >"$1" && rm "$new"
`

func newDesk(t *testing.T, ballot stage.Received, what recording) *desk {
	t.Helper()
	d := &desk{t, t.TempDir()}
	mail := bytes.ReplaceAll(ballot.Raw, []byte("\r\n"), []byte("\n"))
	d.write("box", "From changes@example.com Mon Nov 23 14:14:00 2026\n"+string(mail)+"\n", 0o600)
	d.write("ballot.eml", string(ballot.Raw), 0o600)
	d.write("sendmail", fmt.Sprintf(sendmail, d.home), 0o700)
	d.write("editor", fmt.Sprintf(editor, d.home), 0o700)
	d.write("typed", what.typed, 0o600)
	d.write("where", what.where, 0o600)
	d.write("evidence.txt", "412 of 412 passed\n", 0o600)
	if err := os.Mkdir(d.path("Mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.home, name) }

func (d *desk) write(name, text string, mode os.FileMode) {
	d.Helper()
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o700); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(d.path(name), []byte(text), mode); err != nil {
		d.Fatal(err)
	}
}

// sent waits for the mail.
func (d *desk) sent(ctx context.Context) ([]byte, error) {
	for {
		raw, err := os.ReadFile(d.path("sent"))
		if err == nil {
			return raw, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing was sent: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// kept is the mail as it is kept: with line ends as mail has them, and without a
// word of where it was recorded.
func (d *desk) kept(raw []byte) []byte {
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	text = strings.ReplaceAll(text, d.home, "/home/carol")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}
