package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A unit is the section [Service] of a unit file.
type unit struct {
	*tree
	settings map[string][]string
}

func readUnit(t *testing.T, r *tree, installed string) unit {
	t.Helper()
	u := unit{r, map[string][]string{}}
	_, service, _ := strings.Cut(r.read(installed), "[Service]\n")
	service, _, _ = strings.Cut(service, "\n[")
	for line := range strings.Lines(service) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			u.settings[name] = append(u.settings[name], value)
		}
	}
	return u
}

// one is a setting that is made once.
func (u unit) one(name string) string {
	u.t.Helper()
	if len(u.settings[name]) != 1 {
		u.t.Fatalf("the unit says %s= %d times", name, len(u.settings[name]))
	}
	return u.settings[name][0]
}

// command is ExecStart; the paths are those below the root of the tree.
func (u unit) command() []string {
	u.t.Helper()
	words := strings.Fields(u.one("ExecStart"))
	for i, word := range words {
		if strings.HasPrefix(word, "/") {
			words[i] = u.path(word)
		}
	}
	return words
}

func (u unit) watchdog() time.Duration {
	u.t.Helper()
	d, err := time.ParseDuration(strings.Replace(u.one("WatchdogSec"), "min", "m", 1))
	if err != nil {
		u.t.Fatal(err)
	}
	return d
}

// environment is all that a service finds in it, as systemd.exec(5) has it.
func (u unit) environment() []string {
	return append([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG=C.UTF-8", "HOME=/",
		"USER=" + u.one("User"), "LOGNAME=" + u.one("User"), "SHELL=/usr/sbin/nologin",
	}, u.settings["Environment"]...)
}

// credentials is the folder in which systemd lays down what LoadCredential
// names.
func (u unit) credentials(as account) string {
	u.t.Helper()
	dir := newTree(u.t).root
	for _, loaded := range u.settings["LoadCredential"] {
		name, from, _ := strings.Cut(loaded, ":")
		file := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(file, []byte(u.read(from)), 0o400), os.Chown(file, as.id, as.group)); err != nil {
			u.t.Fatal(err)
		}
	}
	return dir
}

// An account is whom the service runs as.
type account struct{ id, group int }

// whom is an unprivileged user who can enter the folder of the database's
// socket: its owner, or nobody where there is no such folder. Who is not root is
// unprivileged already.
func (u unit) whom(db string) account {
	u.t.Helper()
	if os.Getuid() != 0 {
		return account{os.Getuid(), os.Getgid()}
	}
	address, err := url.Parse(db)
	if err != nil {
		u.t.Fatal(err)
	}
	folder, err := os.Stat(address.Query().Get("host"))
	if errors.Is(err, fs.ErrNotExist) {
		return account{65534, 65534}
	}
	if err != nil {
		u.t.Fatal(err)
	}
	owner := folder.Sys().(*syscall.Stat_t)
	return account{int(owner.Uid), int(owner.Gid)}
}

// become is the command that turns into another, with the user's rights and no
// more.
func (as account) become() []string {
	words := []string{"setpriv", "--no-new-privs", "--pdeathsig=KILL"}
	if os.Getuid() == 0 {
		words = append(words, "--bounding-set=-all", "--inh-caps=-all", "--clear-groups",
			fmt.Sprint("--reuid=", as.id), fmt.Sprint("--regid=", as.group))
	}
	return append(words, "--")
}

// check sees that the process has the user's rights and no more.
func (as account) check(t *testing.T, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("\nUid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", as.id), "\nCapEff:\t0000000000000000\n", "\nNoNewPrivs:\t1\n",
	} {
		if !strings.Contains(string(status), want) {
			t.Errorf("the process has other rights than %q:\n%s", want, status)
		}
	}
}
