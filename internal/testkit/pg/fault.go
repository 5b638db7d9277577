package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// What can happen to a private server. None of it is for two goroutines at
// once.

// Down stops the server as an operator does: whoever is connected is put out.
// Its data stay.
func (c *Cluster) Down() error { return c.server.down(syscall.SIGINT) }

// Crash ends the server at once, in the midst of what it does. Its data stay, but
// for what was committed in the last second, unless the server is [Durable].
func (c *Cluster) Crash() error { return c.server.down(syscall.SIGQUIT) }

// Up starts the server again and waits until it answers.
func (c *Cluster) Up(ctx context.Context) error { return c.server.up(ctx) }

// Restart stops the server and starts it again.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.Down(); err != nil {
		return err
	}
	return c.Up(ctx)
}

// Freeze stops every process of the server where it stands: it answers nobody
// and hangs up on nobody.
func (c *Cluster) Freeze() error { return c.server.freeze() }

// Thaw lets a frozen server go on.
func (c *Cluster) Thaw() error { return c.server.thaw() }

// Ended is closed when the server's process has ended.
func (c *Cluster) Ended() <-chan struct{} { return c.server.done }

// Log is the end of what the server has logged.
func (c *Cluster) Log() string { return c.server.said() }

// Address is where the server listens: the path of its socket or, over TLS,
// host:port.
func (c *Cluster) Address() string {
	if c.server.address != "" {
		return c.server.address
	}
	return filepath.Join(c.server.dir, ".s.PGSQL.5432")
}

// Through is the URL of the same database by another way, such as a proxy's
// address.
func Through(address, raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic("pg: not a URL: " + err.Error())
	}
	if !strings.Contains(address, "/") {
		u.Host = address
		return u.String()
	}
	query := u.Query()
	query.Set("host", filepath.Dir(address))
	u.RawQuery = query.Encode()
	return u.String()
}

func (s *server) freeze() error {
	if s.guard != nil {
		return errors.New("freezing the server: it is frozen")
	}
	pids := []int{s.proc.Pid}
	if err := syscall.Kill(s.proc.Pid, syscall.SIGSTOP); err != nil { // first, so that it forks no more
		return fmt.Errorf("freezing the server: %w", err)
	}
	children, err := childrenOf(s.proc.Pid)
	if err != nil {
		return fmt.Errorf("freezing the server: %w", err)
	}
	for _, pid := range children {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err == nil { // it may have ended just now
			pids = append(pids, pid)
		}
	}
	slices.Reverse(pids)
	s.guard, err = newGuard(pids)
	return err
}

func (s *server) thaw() error {
	if s.guard == nil {
		return nil
	}
	err := s.guard.release()
	s.guard = nil
	return err
}

// childrenOf lists the processes a process has started.
func childrenOf(parent int) (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid: the name may hold anything, and ends at the last ")".
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				return nil, err
			}
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// A guard is a process that wakes others when it is told to, and also when we
// have died: a process that is stopped does not hear that it should end.
type guard struct {
	cmd   *exec.Cmd
	leash io.Closer
}

func newGuard(pids []int) (*guard, error) {
	args := []string{"-c", `cat >/dev/null; kill -CONT "$@" 2>/dev/null; true`, "thaw"}
	for _, pid := range pids {
		args = append(args, strconv.Itoa(pid))
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for us
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("guarding the frozen server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("guarding the frozen server: %w", err)
	}
	return &guard{cmd, leash}, nil
}

func (g *guard) release() error {
	if err := errors.Join(g.leash.Close(), g.cmd.Wait()); err != nil {
		return fmt.Errorf("thawing the server: %w", err)
	}
	return nil
}
