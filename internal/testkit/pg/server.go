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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a private Postgres: its own data, its own unix socket in a
// folder nobody else can enter, no TCP.
type server struct {
	dir  string // holds data, the socket and the log
	proc *os.Process
	done chan struct{} // closed when the process has ended
}

// start makes a new cluster and starts it. It keeps nothing safe from a power
// cut: the data do not outlive the process anyway.
func start(ctx context.Context) (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := socketDir()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, done: make(chan struct{})}
	if err := s.run(ctx, bin); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) run(ctx context.Context, bin string) error {
	as, err := otherThanRoot()
	if err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(s.dir, int(as.Uid), int(as.Gid)); err != nil {
			return fmt.Errorf("giving away the folder of the server: %w", err)
		}
	}
	if err := s.initdb(ctx, bin, as); err != nil {
		return err
	}
	if err := s.postgres(bin, as); err != nil {
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

func (s *server) command(ctx context.Context, as *syscall.Credential, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) initdb(ctx context.Context, bin string, as *syscall.Credential) error {
	// Pdeathsig comes when the starting thread ends, not only the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := s.command(ctx, as, filepath.Join(bin, "initdb"), "--pgdata", s.data(), "--username", superuser,
		"--auth", "trust", "--locale=C", "--encoding", "UTF8", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making a cluster: initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// postgres starts the server in a thread that lives as long as the server: if
// we are killed, Pdeathsig ends it.
func (s *server) postgres(bin string, as *syscall.Credential) error {
	log, err := os.Create(s.log())
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer log.Close() // the child has its own handle
	cmd := s.command(context.Background(), as, filepath.Join(bin, "postgres"), "-D", s.data(),
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+s.dir, "-c", "max_connections=200",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "autovacuum=off", "-c", "shared_buffers=32MB")
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // how it ended stands in its log
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	s.proc = cmd.Process
	return nil
}

func (s *server) log() string { return filepath.Join(s.dir, "log") }

// ready waits until the server answers.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ping(ctx, s.url(superuser, "postgres"))
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

// stop ends the server, first politely, and removes what it left.
func (s *server) stop() error {
	if s.proc != nil {
		for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
			s.proc.Signal(signal) //nolint:errcheck,gosec // it may have ended already
			select {
			case <-s.done:
			case <-time.After(10 * time.Second):
				continue
			}
			break
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("removing the server's folder: %w", err)
	}
	return nil
}

func (s *server) url(role, database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=%s", database, s.dir, role)
}
