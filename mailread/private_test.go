package mailread

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/raced"
)

// privateFolder names a folder of mail that cannot be published; docs/reading.md
// says what may stand beside each mail.
const privateFolder = "COUNTERSIGN_PRIVATE_MAIL"

// TestPrivateMail reads somebody's own mail. Nothing of it is printed but the name
// of the file and what is wrong.
func TestPrivateMail(t *testing.T) {
	folder := os.Getenv(privateFolder)
	if folder == "" {
		t.Skipf("%s names no folder", privateFolder)
	}
	n := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".eml" {
			return err
		}
		n++
		for _, wrong := range privateMail(t, path) {
			t.Errorf("%s: %s", path, wrong)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d mails in %s: %v", n, folder, err)
	}
	t.Logf("%d mails", n)
}

// privateMail says what is wrong with the reading of one mail: it costs too much,
// it is read otherwise than its .want has it, it is a vote without a .want, or
// what was typed is not what stands in .expected.
func privateMail(t *testing.T, path string) (wrong []string) {
	base := strings.TrimSuffix(path, ".eml")
	raw, err := os.ReadFile(path)
	if err != nil {
		return []string{err.Error()}
	}
	took, allocated := cost(func() { everything(raw) })
	if !raced.On && (took > longest || allocated > uint64(allowance+perByte*len(raw))) {
		wrong = append(wrong, fmt.Sprintf("%d bytes took %v and %d bytes of memory", len(raw), took, allocated))
	}
	own := ownOf(t, base)
	if want, err := os.ReadFile(base + ".want"); err == nil {
		if describe(raw, own) != string(want) {
			wrong = append(wrong, "it is not read as .want has it")
		}
		return wrong
	}
	m, err := Read(raw, DefaultLimits)
	if err != nil {
		return wrong
	}
	typed := Typed(m, own...)
	if k := ReadAnswer(typed.Text).Keyword; k != "" && !typed.Disagree && typed.Unsure == "" && Automatic(m) == "" {
		wrong = append(wrong, fmt.Sprintf("it is read as %s", k))
	}
	if expected, err := os.ReadFile(base + ".expected"); err == nil {
		if oneSpace(typed.Text) != oneSpace(Clean(string(expected))) {
			wrong = append(wrong, "something else was typed")
		}
	}
	return wrong
}

// The loop notices what it is there for.
func TestPrivateMailIsHeldToItsFiles(t *testing.T) {
	const head = "From: a@example.com\nSubject: x\n\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"a comment", map[string]string{".eml": head + "Thanks, seen.\n"}, nil},
		{"a vote nobody vouches for", map[string]string{".eml": head + "APPROVE\n"}, []string{"it is read as APPROVE"}},
		{"a vote", map[string]string{".eml": head + "APPROVE\n", ".want": describe([]byte(head+"APPROVE\n"), nil)}, nil},
		{"another vote", map[string]string{".eml": head + "APPROVE\n", ".want": describe([]byte(head+"REJECT\n"), nil)}, []string{"it is not read as .want has it"}},
		{"as typed", map[string]string{".eml": head + "Seen.\n\n> On it\n", ".expected": "Seen.\r\n"}, nil},
		{"not as typed", map[string]string{".eml": head + "Seen.\n\n> On it\n", ".expected": "On it"}, []string{"something else was typed"}},
		{"our text", map[string]string{".eml": head + "Seen.\n\n" + ballot, ".own": ballot, ".expected": "Seen."}, nil},
	} {
		folder := t.TempDir()
		for ext, text := range c.files {
			if err := os.WriteFile(filepath.Join(folder, "mail"+ext), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := privateMail(t, filepath.Join(folder, "mail.eml")); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
