// Package program runs countersign as a process of its own, as systemd would:
// built with its failpoints, told when it is ready, watched, frozen and killed.
//
// The program is built once for each test binary. Its file is removed as soon
// as it is open, and every process dies with the test that started it, so that
// nothing is left behind however the test ends.
package program

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Path is where the program lies, as long as the test binary runs.
func Path() (string, error) {
	file, err := build()
	if err != nil {
		return "", fmt.Errorf("building the program: %w", err)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd()), nil
}

// build builds the program and gives the only way left to its file.
var build = sync.OnceValues(func() (*os.File, error) {
	dir, err := os.MkdirTemp("", "countersign-program-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is temporary anyway
	file := filepath.Join(dir, "countersign")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-tags=failpoints", "-o", file, "github.com/countersign/countersign/cmd/countersign")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, bytes.TrimSpace(out))
	}
	return os.Open(file)
})
