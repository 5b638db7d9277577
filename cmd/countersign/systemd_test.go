package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
)

// mostExposed is what systemd-analyze security may say of the unit at most, of
// 10 for a service that may do everything.
const mostExposed = 1.5

// systemd has nothing to say against the units, and finds the services little
// exposed.
func TestUnit(t *testing.T) {
	r := newTree(t)
	r.make("install")
	dir := t.TempDir()
	for _, installed := range []string{installedUnit, installedPruneUnit, installedTimer} {
		text := strings.Replace(r.read(installed), installedProgram, r.path(installedProgram), 1)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(installed)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, installed := range []string{installedUnit, installedPruneUnit, installedTimer} {
		unit := filepath.Join(dir, filepath.Base(installed))
		if says := analyze(t, "verify", "--man=no", unit); strings.Contains(says, "countersign") {
			t.Errorf("systemd-analyze verify says:\n%s", says)
		}
		if strings.HasSuffix(unit, ".service") {
			checkExposure(t, unit)
		}
	}
}

func checkExposure(t *testing.T, unit string) {
	t.Helper()
	report := analyze(t, "security", "--offline=true", "--no-pager", unit)
	m := regexp.MustCompile(`exposure level for countersign[a-z-]*\.service: ([0-9.]+)`).FindStringSubmatch(report)
	if m == nil {
		t.Fatalf("systemd-analyze security does not say how exposed it is:\n%s", report)
	}
	if exposed, err := strconv.ParseFloat(m[1], 64); err != nil || exposed > mostExposed {
		t.Errorf("%s is exposed to %s:\n%s", filepath.Base(unit), m[1], report)
	}
}

// analyze is what systemd-analyze says; it works without a running systemd.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// Every restriction says above it why it is there.
func TestUnitSaysWhy(t *testing.T) {
	for _, unit := range []string{"countersign.service", "countersign-prune.service"} {
		text, err := os.ReadFile("../../systemd/" + unit)
		if err != nil {
			t.Fatal(err)
		}
		_, restrictions, found := strings.Cut(string(text), "NoNewPrivileges=")
		if !found {
			t.Fatalf("where do the restrictions of %s begin?", unit)
		}
		restrictions, _, _ = strings.Cut(restrictions, "[Install]")
		before := "#"
		for line := range strings.Lines(restrictions) {
			if regexp.MustCompile(`^[A-Z]\w+=`).MatchString(line) && !strings.HasPrefix(before, "#") {
				t.Errorf("%s: nothing is said of %s", unit, line)
			}
			before = line
		}
	}
}

// systemd makes the user of the unit from what is installed.
func TestUser(t *testing.T) {
	r := newTree(t)
	r.make("install")
	made := filepath.Join(t.TempDir(), "root")
	if err := os.MkdirAll(filepath.Join(made, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	conf := r.path(prefix + "/lib/sysusers.d/countersign.conf")
	if out, err := exec.CommandContext(t.Context(), "systemd-sysusers", "--root="+made, conf).CombinedOutput(); err != nil {
		t.Fatalf("systemd-sysusers: %v\n%s", err, out)
	}
	for _, file := range []string{"passwd", "group"} {
		text, err := os.ReadFile(filepath.Join(made, "etc", file))
		if err != nil || !strings.Contains(string(text), "countersign:") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

// What the unit starts, as whom and with what the unit gives it, works against
// real servers until it is told to stop.
func TestUnitServes(t *testing.T) {
	o := newServers(t)
	r := newTree(t)
	r.make("install")
	u := readUnit(t, r, installedUnit)
	_, app := pgtest.Test(t)
	as := u.whom(app)
	r.configure(o, app, as)

	m := newManager(t)
	words := append(as.become(), u.command()...)
	serve := exec.Command(words[0], words[1:]...)
	serve.Dir = "/"
	serve.Env = append(append(u.environment(), m.environment(u.watchdog())...),
		"CREDENTIALS_DIRECTORY="+u.credentials(as), "SSL_CERT_FILE="+o.path("authority.pem"))
	m.daemon = start(t, serve)
	m.await(1, "READY=1", 0)
	m.await(1, "WATCHDOG=1", 0)
	as.check(t, serve.Process.Pid)
	await(t, "the mailbox", func() bool { return strings.Contains(m.daemon.said(), "mailbox connected") })
	await(t, "the mails about the first directory", func() bool { return len(o.provider.Sent()) > 0 })
	if code := m.daemon.stop(); code != exitOK {
		t.Errorf("serve left with %d:\n%s", code, m.daemon.said())
	}
	m.await(1, "STOPPING=1", 0)
}

// What the other unit starts, as whom and without any secret, prunes and ends.
func TestUnitPrunes(t *testing.T) {
	o := newServers(t)
	r := newTree(t)
	r.make("install")
	u := readUnit(t, r, installedPruneUnit)
	_, app := pgtest.Test(t)
	as := u.whom(app)
	r.configure(o, app, as)
	if len(u.settings["LoadCredential"]) > 0 {
		t.Error("it is handed secrets, which it has no need of")
	}
	words := append(as.become(), u.command()...)
	prune := exec.CommandContext(t.Context(), words[0], words[1:]...)
	prune.Dir, prune.Env = "/", u.environment()
	if out, err := prune.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "Nothing to prune: ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// newServers is an office with its mail provider alone.
func newServers(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: newTree(t).root}
	o.startMail()
	if err := os.Chmod(o.path("authority.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	return o
}

// configure is what the operator does with what was installed: the secrets are
// root's alone.
func (r *tree) configure(o *office, app string, as account) {
	r.t.Helper()
	text := r.read(installedConfig)
	for _, edit := range [][2]string{
		{"imap", "imaps://" + o.dovecot.IMAPS}, {"smtp", "smtps://" + o.provider.SMTPS}, {"url", app},
	} {
		text = o.edited(text, edit[0], edit[1])
	}
	err := errors.Join(
		os.WriteFile(r.path(installedConfig), []byte(text), 0o640),
		os.Chown(r.path(installedConfig), os.Getuid(), as.group), // as make install does where there is the user
		os.WriteFile(r.path("/etc/countersign/mailbox"), []byte(password("changes")+"\n"), 0o600),
		os.WriteFile(r.path("/etc/countersign/token-key"), []byte(strings.Repeat("secret ", 6)+"\n"), 0o600),
	)
	if err != nil {
		r.t.Fatal(err)
	}
}
