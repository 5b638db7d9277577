package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// said is what came of one command line.
type said struct {
	code        int
	out, errors string
}

func command(t *testing.T, args ...string) said {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(t.Context(), args, &out, &errors)
	return said{code, out.String(), errors.String()}
}

// configured writes a configuration and names it in the environment.
func configured(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "countersign.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("COUNTERSIGN_CONFIG", file)
	return file
}

func TestHelpNamesEveryVerbWithASentence(t *testing.T) {
	got := command(t, "--help")
	if got.code != exitOK || got.errors != "" {
		t.Fatalf("--help left with %d and said %q", got.code, got.errors)
	}
	_, verbs, _ := strings.Cut(got.out, "Commands:\n")
	verbs, _, _ = strings.Cut(verbs, "\n\n")
	for line := range strings.Lines(verbs) {
		if !regexp.MustCompile(`^  [a-z]+( [a-z]+)? +[A-Z].*|^ {8}`).MatchString(line) {
			t.Errorf("the help of a verb reads %q", line)
		}
	}
	for _, verb := range []string{"migrate", "version"} {
		if help := command(t, verb, "--help"); help.code != exitOK || !strings.Contains(help.out, "--config") {
			t.Errorf("%s --help left with %d and said %q", verb, help.code, help.out)
		}
	}
}

// A wrong command line is answered with the error, then a hint on its own line.
func TestWrongCommandLines(t *testing.T) {
	for _, c := range []struct {
		line  []string
		error string
		hint  string
	}{
		{[]string{}, "expected one of", "--help lists the verbs"},
		{[]string{"versionn"}, `did you mean "version"?`, "--help lists the verbs"},
		{[]string{"version", "--jsno"}, `did you mean "--json"?`, "countersign version --help says how it is used"},
		{[]string{"--log-level=loud", "version"}, "--log-level", "--help lists the verbs"},
	} {
		got := command(t, c.line...)
		lines := strings.Split(got.errors, "\n")
		if got.code != exitUsage || got.out != "" || len(lines) != 3 ||
			!strings.HasPrefix(lines[0], "countersign: ") || !strings.Contains(lines[0], c.error) ||
			!strings.HasPrefix(lines[1], "hint: ") || !strings.Contains(lines[1], c.hint) {
			t.Errorf("countersign %v: %d\n%s%s", c.line, got.code, got.out, got.errors)
		}
	}
}

func TestVersion(t *testing.T) {
	got := command(t, "version")
	if got.code != exitOK || !strings.Contains(got.out, "POL-005, version 1.1\n") {
		t.Errorf("version left with %d and said %q, %q", got.code, got.out, got.errors)
	}
	var answer versionAnswer
	got = command(t, "version", "--json")
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Schema != storage.SchemaVersion || answer.Policy != policy.ID || len(answer.Versions) == 0 || answer.Version == "" {
		t.Errorf("version --json says %+v", answer)
	}
}
