package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A manager hears what the daemon tells systemd.
type manager struct {
	t      *testing.T
	socket *net.UnixConn
	daemon *child

	mu    sync.Mutex
	heard []string // one for each time it was told something
}

var managers atomic.Int64

func newManager(t *testing.T) *manager {
	t.Helper()
	name := fmt.Sprintf("@countersign-manager-%d-%d", os.Getpid(), managers.Add(1))
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	m := &manager{t: t, socket: socket}
	go m.hear()
	return m
}

func (m *manager) hear() {
	b := make([]byte, 4096)
	for {
		n, err := m.socket.Read(b)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.heard = append(m.heard, string(b[:n]))
		m.mu.Unlock()
	}
}

// environment is what systemd tells a daemon whose watchdog waits so long.
func (m *manager) environment(watchdog time.Duration) []string {
	return []string{
		"NOTIFY_SOCKET=" + m.socket.LocalAddr().String(),
		fmt.Sprintf("WATCHDOG_USEC=%d", watchdog.Microseconds()),
	}
}

// now is how often it has been told something.
func (m *manager) now() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.heard)
}

// count is how often it was told the words since then.
func (m *manager) count(words string, since int) (times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, said := range m.heard[since:] {
		if strings.Contains(said, words) {
			times++
		}
	}
	return times
}

// await waits until it was told the words so often since then.
func (m *manager) await(times int, words string, since int) {
	m.t.Helper()
	for end := time.Now().Add(patience); m.count(words, since) < times; time.Sleep(10 * time.Millisecond) {
		if m.daemon.ended() || time.Now().After(end) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.t.Fatalf("systemd was not told %q %d times since:\n%s\n\nserve says:\n%s",
				words, times, strings.Join(m.heard[since:], "\n"), m.daemon.said())
		}
	}
}
