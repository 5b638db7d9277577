// Package child runs a mail server as a process that ends when we do, also when
// we are killed.
package child

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A Process is a running server, the leader of a process group of its own.
type Process struct {
	// Finished is closed when the process has ended.
	Finished chan struct{}

	process *os.Process
	stop    sync.Once
}

// Start starts the command in a thread that lives as long as the process does:
// the kernel tells the process to end when that thread ends, so also when we are
// killed.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{Finished: make(chan struct{})}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setsid: true}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // its log says why it ended
		}
		close(p.Finished)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Stop tells the server to end, and whatever is left of its group after that.
// There may be no process.
func (p *Process) Stop() {
	if p != nil {
		p.stop.Do(p.end)
	}
}

func (p *Process) end() {
	p.process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	select {
	case <-p.Finished:
	case <-time.After(10 * time.Second):
	}
	syscall.Kill(-p.process.Pid, syscall.SIGKILL) //nolint:errcheck // likewise
	<-p.Finished
}
