package clients

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var record = flag.Bool("record", false, "drive the mail programs and keep what they send")

// A recording is one reply: what is answered by which program, what is typed and
// where.
type recording struct {
	client string
	name   string
	about  string // for the readme
	kind   policy.BallotKind
	where  string // above, below, around, inside or instead of the quotation, or first of all
	typed  string
	rc     string // more of the program's configuration
}

// programs answer a ballot, each in its own way.
var programs = map[string]func(ctx context.Context, d *desk, r recording) error{
	"mutt": mutt, "neomutt": mutt, "s-nail": snail, "alpine": alpine, "claws-mail": claws, "thunderbird": thunderbird, "evolution": evolution,
}

const folder = "../../mailread/testdata/clients"

// TestRecord writes the recordings anew.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("make recordings asks for them")
	}
	mails := ballots(t)
	for n, r := range recordings {
		t.Run(r.client+"-"+r.name, func(t *testing.T) {
			if _, err := exec.LookPath(strings.Fields(r.client)[0]); err != nil {
				t.Fatalf("%s is missing: .ci/install recordings installs it", r.client)
			}
			d := newDesk(t, mails[r.kind], r)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			if err := programs[r.client](ctx, d, r); err != nil {
				t.Fatal(err)
			}
			raw, err := d.sent(ctx)
			if err != nil {
				t.Fatal(err)
			}
			keep(t, fmt.Sprintf("%02d-%s-%s", n+1, r.client, r.name), d.kept(raw), mails[r.kind], r)
		})
	}
}

// keep writes a recording: the mail, our own text, what was typed, and what it is.
func keep(t *testing.T, name string, raw []byte, ballot stage.Received, r recording) {
	t.Helper()
	readme := fmt.Sprintf("%s answers the ballot (%s): %s. Recorded; what was typed stands in .typed.\n", r.client, r.kind, r.about)
	for ext, text := range map[string]string{"eml": string(raw), "own": ballot.Text, "typed": r.typed, "readme": readme} {
		if err := os.WriteFile(filepath.Join(folder, name+"."+ext), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
