package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
)

// An office is what a newcomer finds: a mail provider where the change mailbox
// and everybody have an account, an empty database, and the program.
type office struct {
	t        *testing.T
	dir      string // where the newcomer puts everything
	dovecot  *dovecot.Server
	provider *mailbox.Server // takes mail by SMTP and hands it to Dovecot
	terminal *terminal
	daemon   *child
}

func newOffice(t *testing.T) *office {
	t.Helper()
	for _, program := range []string{"neomutt", "tmux"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatal(program + " is missing: apt-get install --no-install-recommends neomutt tmux")
		}
	}
	dir, err := os.MkdirTemp("", "newcomer") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := &office{t: t, dir: dir}
	o.startMail()
	o.build()
	o.terminal = newTerminal(t, dir)
	return o
}

// startMail starts the provider and gives accounts to the mailbox and to all
// whom the example configuration names.
func (o *office) startMail() {
	o.t.Helper()
	var err error
	if o.dovecot, err = dovecot.Start(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(o.dovecot.Stop)
	o.provider, err = mailbox.Start(mailbox.WithDelivery(o.dovecot.Deliver), mailbox.WithAuthority(o.dovecot.Authority))
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(o.provider.Stop)
	o.write("authority.pem", string(o.dovecot.Authority.CAPEM))
	for _, user := range []string{"changes", "carol", "ivan", "lena", "dora", "ian", "quinn"} {
		if err := errors.Join(o.dovecot.AddUser(address(user), password(user)), o.provider.AddUser(address(user), password(user))); err != nil {
			o.t.Fatal(err)
		}
	}
}

func address(user string) string  { return user + "@example.com" }
func password(user string) string { return "secret-of-" + user }

func (o *office) build() {
	o.t.Helper()
	build := exec.CommandContext(o.t.Context(), "go", "build", "-buildvcs=false", "-o", o.path("countersign"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		o.t.Fatalf("building: %v\n%s", err, out)
	}
}

// followReadme takes the README's steps up to the one where the daemon starts.
func (o *office) followReadme() {
	o.t.Helper()
	owner, app := pgtest.Empty(o.t) // step 2
	o.letIn(owner)

	example, err := os.ReadFile(filepath.Join("..", "..", "systemd", "countersign.toml")) // step 3
	if err != nil {
		o.t.Fatal(err)
	}
	text := string(example)
	for _, edit := range [][2]string{
		{"imap", "imaps://" + o.dovecot.IMAPS}, {"smtp", "smtps://" + o.provider.SMTPS},
		{"url", app}, {"owner_url", owner},
	} {
		text = o.edited(text, edit[0], edit[1])
	}

	o.write("countersign.toml", text)

	secrets := exec.CommandContext(o.t.Context(), "sh", "-c", readmeCode(o.t, "(umask 077; ")) // step 4
	secrets.Dir, secrets.Stdin = o.dir, strings.NewReader(password("changes")+"\n")
	if out, err := secrets.CombinedOutput(); err != nil {
		o.t.Fatalf("making the secrets: %v\n%s", err, out)
	}

	for _, verb := range []string{"migrate", "check"} { // step 5
		got := o.run(verb)
		if got.code != exitOK {
			o.t.Fatalf("%s left with %d:\n%s%s", verb, got.code, got.out, got.errors)
		}
	}
}

// edited is the configuration with another value of the option.
func (o *office) edited(text, option, value string) string {
	o.t.Helper()
	line := regexp.MustCompile(`(?m)^` + option + ` = ".*"$`)
	if len(line.FindAllString(text, -1)) != 1 {
		o.t.Fatalf("the example configuration does not have the option %s once", option)
	}
	return line.ReplaceAllLiteralString(text, fmt.Sprintf("%s = %q", option, value))
}

// serve starts the daemon (step 6).
func (o *office) serve() *child {
	o.t.Helper()
	o.daemon = start(o.t, o.command(context.Background(), "serve"))
	return o.daemon
}

// run runs a verb to its end.
func (o *office) run(args ...string) said {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	cmd := o.command(ctx, args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		o.t.Fatal(err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}

func (o *office) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.path("countersign"), args...)
	cmd.Env = append(os.Environ(),
		"COUNTERSIGN_CONFIG="+o.path("countersign.toml"), "SSL_CERT_FILE="+o.path("authority.pem"))
	return cmd
}

// waitFor waits until show says that the change is in the state.
func (o *office) waitFor(number string, state policy.State) {
	o.t.Helper()
	o.until(func() string {
		got := o.run("show", number, "--json")
		if strings.Contains(got.out, fmt.Sprintf("\n  \"state\": %q,", state)) {
			return ""
		}
		return fmt.Sprintf("%s is not %s: %s%s", number, state, got.out, got.errors)
	})
}

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

// until asks again and again until there is nothing missing.
func (o *office) until(missing func() string) {
	o.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		what := missing()
		switch {
		case what == "":
			return
		case o.daemon.ended() || time.Now().After(end):
			o.t.Fatalf("%s\n\nserve says:\n%s", what, o.daemon.said())
		}
	}
}

func (o *office) path(name string) string { return filepath.Join(o.dir, name) }

func (o *office) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(o.path(name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// A child is a process that ends with the test at the latest.
type child struct {
	cmd  *exec.Cmd
	log  string // the file it writes to
	done chan struct{}
}

// start starts the process in a thread that lives as long as it does: the kernel
// ends the process with that thread, so also when the test is killed.
func start(t *testing.T, cmd *exec.Cmd) *child {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the process has its own handle
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c := &child{cmd: cmd, log: log.Name(), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // the exit code is asked for
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.stop() })
	return c
}

// stop asks the process to end and gives its exit code.
func (c *child) stop() int {
	c.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	select {
	case <-c.done:
	case <-time.After(patience):
		c.cmd.Process.Kill() //nolint:errcheck // likewise
		<-c.done
	}
	return c.cmd.ProcessState.ExitCode()
}

// ended says whether the process, if it was started at all, is no more.
func (c *child) ended() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *child) said() string {
	if c == nil {
		return "nothing, it was not started"
	}
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
