package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Options say how the program is run.
type Options struct {
	Config       string   // the configuration file
	Failpoints   string   // as package failpoint reads them
	FailpointLog string   // the file that tells which were come to
	Certificates string   // the authorities to trust; empty means the system's
	Env          []string // more of the environment, NAME=value
}

func (o Options) environment(notify string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "NOTIFY_SOCKET=" + notify}
	for _, v := range []struct{ name, value string }{
		{"COUNTERSIGN_CONFIG", o.Config}, {"COUNTERSIGN_FAILPOINTS", o.Failpoints},
		{"COUNTERSIGN_FAILPOINT_LOG", o.FailpointLog}, {"SSL_CERT_FILE", o.Certificates},
	} {
		if v.value != "" {
			env = append(env, v.name+"="+v.value)
		}
	}
	return append(env, o.Env...)
}

// A Process is the program, running or ended.
type Process struct {
	cmd    *exec.Cmd
	notify *net.UnixConn
	said   *said
	ready  chan struct{} // closed at READY=1
	ended  chan struct{} // closed when the process has ended
}

// Start runs a verb of the program.
func Start(o Options, args ...string) (*Process, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	notify, err := listen()
	if err != nil {
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	p := &Process{notify: notify, said: newSaid(), ready: make(chan struct{}), ended: make(chan struct{})}
	p.cmd = exec.Command(path, args...)
	p.cmd.Args[0] = "countersign"
	p.cmd.Env = o.environment(notify.LocalAddr().String())
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	go p.listen()
	if err := p.run(); err != nil {
		notify.Close()
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	return p, nil
}

// run starts the process in a thread that lives as long as it does: Pdeathsig
// comes when the thread ends, so also when the whole test is killed.
func (p *Process) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.cmd.Wait() //nolint:errcheck // its state tells how it ended
			p.notify.Close()
			close(p.ended)
		}
	}()
	return <-started
}

var sockets atomic.Int64

// listen makes the socket systemd would listen on; its name is no file's.
func listen() (*net.UnixConn, error) {
	name := fmt.Sprintf("@countersign-%d-%d", os.Getpid(), sockets.Add(1))
	return net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
}

// listen hears what the process tells systemd.
func (p *Process) listen() {
	b := make([]byte, 4096)
	for once := sync.OnceFunc(func() { close(p.ready) }); ; {
		n, err := p.notify.Read(b)
		if err != nil {
			return
		}
		if strings.Contains(string(b[:n]), "READY=1") {
			once()
		}
	}
}

// Ready waits until the process says that it is ready.
func (p *Process) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("the program ended before it was ready: %s\n%s", p.cmd.ProcessState, p.Log())
	case <-ctx.Done():
		return fmt.Errorf("waiting for the program to be ready: %w\n%s", ctx.Err(), p.Log())
	}
}

// Says waits until the log says the text, and not for a process that has ended.
func (p *Process) Says(ctx context.Context, text string) error {
	for {
		more := p.said.more()
		if strings.Contains(p.Log(), text) {
			return nil
		}
		select {
		case <-more:
		case <-p.ended:
			if strings.Contains(p.Log(), text) {
				return nil
			}
			return fmt.Errorf("the program ended before it said %q: %s\n%s", text, p.cmd.ProcessState, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("waiting for the program to say %q: %w\n%s", text, ctx.Err(), p.Log())
		}
	}
}

// Log is all the process has said so far.
func (p *Process) Log() string { return p.said.String() }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends the process a signal; one that has ended feels nothing.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signaling the program: %w", err)
	}
	return nil
}

// Kill ends the process at once and waits for its end.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	if err == nil {
		<-p.ended
	}
	return err
}

// Terminate asks the process to stop and waits for its end, as long as ctx
// lasts. The error tells of any end but a clean one.
func (p *Process) Terminate(ctx context.Context) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait(ctx)
}

// Freeze stops the process where it is, until [Process.Thaw].
func (p *Process) Freeze() error { return p.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.Signal(syscall.SIGCONT) }

// Wait waits for the end. The error tells of any end but a clean one, and what
// the process said.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return fmt.Errorf("waiting for the end of the program: %w\n%s", ctx.Err(), p.Log())
	}
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("the program ended: %s\n%s", p.cmd.ProcessState, p.Log())
	}
	return nil
}

// Killed says whether the process has ended by SIGKILL.
func (p *Process) Killed() bool {
	select {
	case <-p.ended:
		status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
		return status.Signaled() && status.Signal() == syscall.SIGKILL
	default:
		return false
	}
}
