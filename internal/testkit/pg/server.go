package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a private Postgres: its own data, its own unix socket in a
// folder nobody else can enter, and no TCP unless it is asked for.
type server struct {
	options
	dir     string // holds data, the socket and the log
	bin     string
	as      *syscall.Credential
	address string        // host:port, with TLS
	guard   *guard        // while it is frozen
	proc    *os.Process   // of the latest run
	done    chan struct{} // closed when that has ended
}

// start makes a new cluster and starts it.
func start(ctx context.Context, o options) (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := socketDir()
	if err != nil {
		return nil, err
	}
	s := &server{options: o, dir: dir, bin: bin}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if err := s.up(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) prepare(ctx context.Context) (err error) {
	if s.as, err = otherThanRoot(); err != nil {
		return err
	}
	if err := s.give(s.dir); err != nil {
		return err
	}
	if err := s.mount(); err != nil {
		return err
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	return s.secure()
}

// give makes a file the server's.
func (s *server) give(path string) error {
	if s.as == nil {
		return nil
	}
	if err := os.Chown(path, int(s.as.Uid), int(s.as.Gid)); err != nil {
		return fmt.Errorf("giving away the files of the server: %w", err)
	}
	return nil
}

// up starts the server and waits until it answers.
func (s *server) up(ctx context.Context) error {
	if err := s.postgres(); err != nil {
		return err
	}
	return s.ready(ctx)
}

// socketDir makes the folder of the server. A socket's path may not be longer
// than 107 bytes, so a long TMPDIR is passed over.
func socketDir() (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "countersign-pg-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the server: %w", err)
	}
	return dir, nil
}

// otherThanRoot is whom the server runs as: Postgres refuses root, and the
// user must have an entry in the password file. Nil means as ourselves.
func otherThanRoot() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("running as root, and there is neither a user postgres nor nobody to run the server as")
}

func (s *server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) initdb(ctx context.Context) error {
	// Pdeathsig comes when the starting thread ends, not only the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	args := []string{"--pgdata", s.data(), "--username", superuser,
		"--auth", "trust", "--locale=C", "--encoding", "UTF8", "--no-sync", "--no-instructions"}
	cmd := s.command(ctx, "initdb", append(args, s.initdbArgs()...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making a cluster: initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// postgres starts the server in a thread that lives as long as the server: if
// we are killed, Pdeathsig ends it.
func (s *server) postgres() error {
	log, err := os.OpenFile(s.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer log.Close() // the child has its own handle
	args := []string{"-D", s.data(), "-c", "unix_socket_directories=" + s.dir}
	for _, setting := range s.settings() {
		args = append(args, "-c", setting)
	}
	cmd := s.command(context.Background(), "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	started, done := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // how it ended stands in its log
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	s.proc, s.done = cmd.Process, done
	return nil
}

func (s *server) log() string { return filepath.Join(s.dir, "log") }

// ready waits until the server answers.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ping(ctx, s.local())
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended at once:\n%s", s.said())
		case <-ctx.Done():
			return fmt.Errorf("waiting for the server: %w\n%s", err, s.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// said is the end of the server's log.
func (s *server) said() string {
	log, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// down ends the process: first politely, unless it is told to begin with
// something harder.
func (s *server) down(first os.Signal) error {
	if s.proc == nil {
		return nil
	}
	signals := []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL}
	for _, signal := range signals[slices.Index(signals, first):] {
		s.proc.Signal(signal) //nolint:errcheck,gosec // it may have ended already
		select {
		case <-s.done:
			return nil
		case <-time.After(10 * time.Second):
		}
	}
	return fmt.Errorf("the server (%d) does not end", s.proc.Pid)
}

// stop ends the server and removes what it left.
func (s *server) stop() error {
	err := errors.Join(s.thaw(), s.down(syscall.SIGINT), s.unmount())
	if removing := os.RemoveAll(s.dir); removing != nil {
		err = errors.Join(err, fmt.Errorf("removing the server's folder: %w", removing))
	}
	return err
}
