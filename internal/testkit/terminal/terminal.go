// Package terminal runs programs that want a terminal, types at them and looks
// at their screens: a tmux of its own, which ends with the test.
package terminal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/child"
)

// Missing says what to do where there is no tmux.
const Missing = "tmux is missing: apt-get install --no-install-recommends tmux"

// A Terminal is a running tmux.
type Terminal struct {
	socket string
	server *child.Process
}

// Start starts one whose socket lies in the folder.
func Start(dir string) (*Terminal, error) {
	t := &Terminal{socket: filepath.Join(dir, "tmux")}
	server := exec.Command("tmux", "-D", "-S", t.socket, "-f", "/dev/null")
	server.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=screen", "HOME=" + dir, "SHELL=/bin/sh"}
	var err error
	if t.server, err = child.Start(server); err != nil {
		return nil, fmt.Errorf("starting tmux: %w", err)
	}
	return t, nil
}

// Stop ends everything that runs in it.
func (t *Terminal) Stop() { t.server.Stop() }

func (t *Terminal) tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-N", "-S", t.socket}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=screen"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return strings.TrimRight(string(out), "\n "), err
}

// A Window is one program on its screen.
type Window struct {
	terminal *Terminal
	name     string
}

// Open runs a command with these variables in its environment.
func (t *Terminal) Open(ctx context.Context, name string, env []string, command ...string) (*Window, error) {
	args := append([]string{"new-session", "-d", "-s", name, "-x", "110", "-y", "60", "env"}, env...)
	err := until(ctx, func() error { // the server may be starting
		_, err := t.tmux(append(args, command...)...)
		return err
	})
	return &Window{t, name}, err
}

// Keys presses keys, named as tmux names them.
func (w *Window) Keys(keys ...string) error {
	_, err := w.terminal.tmux(append([]string{"send-keys", "-t", w.name}, keys...)...)
	return err
}

// Type types the text.
func (w *Window) Type(text string) error { return w.Keys("-l", "--", text) }

// Screen is what stands on it; an error if the program has ended.
func (w *Window) Screen() (string, error) {
	screen, err := w.terminal.tmux("capture-pane", "-p", "-t", w.name)
	return strings.ReplaceAll(screen, "\u00a0", " "), err
}

// Sees waits until the words stand on the screen.
func (w *Window) Sees(ctx context.Context, words string) error {
	return until(ctx, func() error {
		screen, err := w.Screen()
		if err == nil && !strings.Contains(screen, words) {
			err = fmt.Errorf("there is no %q on the screen:\n%s", words, screen)
		}
		return err
	})
}

// Close ends the program, if it has not ended.
func (w *Window) Close() {
	w.terminal.tmux("kill-session", "-t", w.name) //nolint:errcheck // it may have ended
}

// until does it until it succeeds or the time is up, and gives the last error.
func until(ctx context.Context, do func() error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
