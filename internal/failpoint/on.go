//go:build failpoints

package failpoint

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A trap is what happens at a point.
type trap struct {
	point Point
	text  string
	left  int // how often the point is passed before
	do    func()
}

var (
	mu    sync.Mutex
	traps = parse(os.Getenv("COUNTERSIGN_FAILPOINTS"))
	log   = open(os.Getenv("COUNTERSIGN_FAILPOINT_LOG"))
)

var actions = map[string]func(){
	"kill":  func() { signal(syscall.SIGKILL) },
	"stop":  func() { signal(syscall.SIGSTOP) },
	"sleep": func() { time.Sleep(200 * time.Millisecond) },
}

// signal sends ourselves a signal that cannot be caught, and waits for it.
func signal(s syscall.Signal) {
	syscall.Kill(os.Getpid(), s) //nolint:errcheck // there is no other process it could be
	time.Sleep(time.Millisecond)
}

func parse(text string) []*trap {
	var traps []*trap
	for entry := range strings.SplitSeq(text, ",") {
		if entry == "" {
			continue
		}
		where, action, _ := strings.Cut(entry, "=")
		where, n, counted := strings.Cut(where, ":")
		point, in, _ := strings.Cut(where, "~")
		t := &trap{point: Point(point), text: in, left: 0, do: actions[action]}
		if counted {
			t.left, _ = strconv.Atoi(n)
			t.left--
		}
		if t.do == nil || t.left < 0 {
			panic(fmt.Sprintf("failpoint: %q is not POINT[~TEXT][:N]=ACTION", entry))
		}
		traps = append(traps, t)
	}
	return traps
}

func open(path string) *os.File {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic("failpoint: " + err.Error())
	}
	return f
}

var ahead, _ = time.ParseDuration(os.Getenv("COUNTERSIGN_FAILPOINT_AHEAD"))

// Now is the time, as far ahead as was ordered.
func Now() time.Time { return time.Now().Add(ahead) }

// Here is the point: what was ordered for it is done.
func Here(p Point) { With(p, nil) }

// With is the point with a mail in hand.
func With(p Point, mail []byte) {
	mu.Lock()
	if log != nil {
		fmt.Fprintln(log, p)
	}
	var do []func()
	for _, t := range traps {
		if t.point != p || !bytes.Contains(mail, []byte(t.text)) {
			continue
		}
		if t.left == 0 {
			do = append(do, t.do)
		}
		t.left--
	}
	mu.Unlock()
	for _, f := range do {
		f()
	}
}
