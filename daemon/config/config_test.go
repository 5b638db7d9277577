package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

var update = flag.Bool("update", false, "write the expected errors again")

// secrets are what the configurations name, unless their folder has its own.
var secrets = map[string]string{
	"password":  "hunter2\n",
	"token-key": "0123456789012345678901234567890123456789012=\n",
}

// enter makes a copy of the folder, with secrets that are private, the working
// directory. Git keeps no file modes, and messages name no temporary folder.
func enter(t *testing.T, folder string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range secrets {
		write(t, filepath.Join(dir, name), text)
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		write(t, filepath.Join(dir, f.Name()), read(t, filepath.Join(folder, f.Name())))
	}
	t.Chdir(dir)
}

// Each folder of testdata/bad has one thing wrong, and says what comes of it.
func TestBadConfigurations(t *testing.T) {
	folders, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("there are no bad configurations", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			want, err := filepath.Abs(filepath.Join(folder, "expected-error"))
			if err != nil {
				t.Fatal(err)
			}
			enter(t, folder)
			got := complaint()
			if *update {
				write(t, want, got)
			}
			if got == "" {
				t.Error("nothing was found wrong")
			}
			if text := read(t, want); got != text {
				t.Errorf("got:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

// complaint is all that is wrong with countersign.toml.
func complaint() string {
	c, err := Load("countersign.toml")
	if err != nil {
		return err.Error() + "\n"
	}
	var text strings.Builder
	for _, f := range c.Check() {
		text.WriteString(f.String() + "\n")
	}
	return text.String()
}

func TestGoodConfigurationHasNoFault(t *testing.T) {
	enter(t, "testdata/good")
	if got := complaint(); got != "" {
		t.Errorf("found wrong:\n%s", got)
	}
}

func TestNoConfiguration(t *testing.T) {
	if _, err := Load("testdata/nowhere.toml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want a file that does not exist", err)
	}
}

func TestSecretsOthersCanReadAreWarnedOf(t *testing.T) {
	enter(t, "testdata/good")
	for name := range secrets {
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load("countersign.toml")
	if err != nil {
		t.Fatal(err)
	}
	faults := c.Check()
	if len(faults) != 2 || Broken(faults) || faults[0].Key != "mailbox.password_file" || faults[1].Key != "tokens.keys#1.file" {
		t.Errorf("got %v, want a warning for each secret", faults)
	}
}

func TestOneErrorBreaksAConfiguration(t *testing.T) {
	warning, fault := Fault{Severity: Warning}, Fault{Severity: Error}
	if Broken(nil) || Broken([]Fault{warning}) || !Broken([]Fault{warning, fault}) {
		t.Error("errors break a configuration, warnings do not")
	}
}

func TestSecrets(t *testing.T) {
	enter(t, "testdata/good")
	c, err := Load("countersign.toml")
	if err != nil {
		t.Fatal(err)
	}
	if password, err := c.Mailbox.Password(); password != "hunter2" || err != nil {
		t.Errorf("got password %q, %v", password, err)
	}
	write(t, "password", " pass word \r\n")
	if password, err := c.Mailbox.Password(); password != " pass word " || err != nil {
		t.Errorf("got password %q, %v: only the line end is no part of it", password, err)
	}
	c.Tokens.Keys = append([]Key{{ID: "2", File: "token-key"}}, c.Tokens.Keys...)
	keys, err := c.Tokens.Load()
	if err != nil || keys.Current != "2" || len(keys.Secrets) != 2 || len(keys.Secrets["1"]) != 44 {
		t.Errorf("got keys %v, %v", keys, err)
	}
	if _, err := (Tokens{}).Load(); err == nil {
		t.Error("without keys no token can be made, and nobody said so")
	}
}

// What systemd hands over goes before what lies beside the configuration, and
// what it does not hand over is looked for there.
func TestCredentials(t *testing.T) {
	enter(t, "testdata/good")
	handed := t.TempDir()
	write(t, filepath.Join(handed, "password"), "handed over\n")
	t.Setenv("CREDENTIALS_DIRECTORY", handed)
	c, err := Load("countersign.toml")
	if err != nil {
		t.Fatal(err)
	}
	if password, err := c.Mailbox.Password(); password != "handed over" || err != nil {
		t.Errorf("got password %q, %v", password, err)
	}
	if keys, err := c.Tokens.Load(); err != nil || len(keys.Secrets["1"]) != 44 {
		t.Errorf("got keys %v, %v", keys, err)
	}
}

func TestDefaults(t *testing.T) {
	enter(t, "testdata/good")
	c, err := Load("countersign.toml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Mailbox.Username != "changes@example.com" || c.Policy.FourEyes != policy.CoSign ||
		c.Mailbox.SizeLimit != 25<<20 || time.Duration(c.Mailbox.Poll) != time.Minute || c.Mailbox.Folders.Inbox != "INBOX" {
		t.Errorf("got %+v, %+v", c.Mailbox, c.Policy)
	}
}

func TestSpansAndSizesAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"1s", "90s", "5m", "1h", "1h30m"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || text != "90s" && d.String() != text {
			t.Errorf("%s came back as %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"64 KiB", "25 MiB", "2 GiB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != text {
			t.Errorf("%s came back as %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "25", "25MiB", "-1 MiB", "1.5 GiB", "25 MB", "9999999999 GiB"} {
		if err := new(Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as a size", text)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Without a prune_url, prune connects as the daemon does but for the role.
func TestWhoPrunes(t *testing.T) {
	for _, c := range []struct{ database, want Database }{
		{Database{URL: "postgres:///c?host=/run/postgresql&user=countersign_app"}, Database{URL: "postgres:///c?host=%2Frun%2Fpostgresql&user=countersign_prune"}},
		{Database{URL: "postgres:///c?host=/run/postgresql"}, Database{URL: "postgres:///c?host=%2Frun%2Fpostgresql&user=countersign_prune"}},
		{Database{URL: "postgres://countersign_app@db.example.com/c?sslmode=verify-full"}, Database{URL: "postgres://countersign_prune@db.example.com/c?sslmode=verify-full"}},
		{Database{URL: "postgres://countersign_app:secret@db.example.com/c?sslmode=verify-full"}, Database{URL: "postgres://countersign_prune:secret@db.example.com/c?sslmode=verify-full"}},
		{Database{URL: "postgres:///c", PruneURL: "postgres:///d?user=sweeper"}, Database{URL: "postgres:///d?user=sweeper"}},
	} {
		if got := c.database.Pruning(); got != c.want.URL {
			t.Errorf("%+v: %s, want %s", c.database, got, c.want.URL)
		}
	}
}

func TestDays(t *testing.T) {
	var d Days
	if err := d.UnmarshalText([]byte("90d")); err != nil || d != 90 || d.String() != "90d" {
		t.Errorf("90d: %v, %v", d, err)
	}
	at := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	if got := d.Before(at); !got.Equal(time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("ninety days before: %s", got)
	}
	for _, text := range []string{"", "d", "90", "-1d", "1.5d", "90 d", "24h", "99999d"} {
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}
