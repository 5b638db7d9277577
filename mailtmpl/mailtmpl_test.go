package mailtmpl

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func head(m Mail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\nTo: %s <%s>\nSubject: %s\n", m.FromName, m.From, m.ToName, m.To, m.Subject)
	if len(m.ReplyTo) > 0 {
		fmt.Fprintf(&b, "Reply-To: %s\n", m.ReplyTo)
	}
	return b.String() + "\n"
}

func TestEveryMailLooksAsAgreed(t *testing.T) {
	for name, d := range examples() {
		t.Run(name, func(t *testing.T) {
			m, err := Render(d)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", head(m)+m.Text.String())
			golden(t, name+".html", m.HTML.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as agreed (go test ./mailtmpl -update, then read the diff); got:\n%s", name, got)
	}
}
