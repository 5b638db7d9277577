package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/program"
)

// memory is what a process has of it now, in bytes.
type memory struct {
	Resident int // its own file and what it shares included
	Private  int // without those
	Most     int // resident, at any time
}

func (r *rig) memory(pid int) (m memory) {
	r.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	r.must(err)
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		if into := map[string]*int{"VmRSS": &m.Resident, "RssAnon": &m.Private, "VmHWM": &m.Most}[name]; into != nil {
			kilobytes, err := strconv.Atoi(strings.Fields(value)[0])
			r.must(err)
			*into = kilobytes << 10
		}
	}
	return m
}

// work is the time each part of the rig has had a processor.
type work struct{ daemon, postgres, dovecot, rest time.Duration }

func (w work) since(earlier work) work {
	return work{w.daemon - earlier.daemon, w.postgres - earlier.postgres, w.dovecot - earlier.dovecot, w.rest - earlier.rest}
}

// work asks every process that descends from this one.
func (r *rig) work(p *program.Process) (w work) {
	r.Helper()
	all := processes()
	for pid, process := range all {
		switch {
		case pid == p.PID():
			w.daemon += process.worked
		case pid == os.Getpid(): // the SMTP server, and whoever looks how far they are
			w.rest += process.worked
		case !all.descends(pid, os.Getpid()):
		case process.name == "postgres":
			w.postgres += process.worked
		default:
			w.dovecot += process.worked
		}
	}
	return w
}

type process struct {
	name   string
	parent int
	worked time.Duration
}

type family map[int]process

func (f family) descends(pid, from int) bool {
	for pid > 1 && pid != from {
		pid = f[pid].parent
	}
	return pid == from
}

// unit is that of /proc/PID/stat: USER_HZ is 100 on every Linux.
const unit = 10 * time.Millisecond

// processes reads what runs on the machine. One that ends meanwhile is left out.
func processes() family {
	f := family{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		head, tail, _ := strings.Cut(string(stat), ") ") // a name may hold anything but this
		number, name, _ := strings.Cut(head, " (")
		fields := strings.Fields(tail) // from the state on
		pid, _ := strconv.Atoi(number)
		parent, _ := strconv.Atoi(fields[1])
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		f[pid] = process{name, parent, time.Duration(user+system) * unit}
	}
	return f
}

// A rest is what the daemon takes with nothing to do.
type rest struct {
	memory
	Worked time.Duration // in a minute
}

// idle lets the daemon sit before its mailbox for so long.
func (c *company) idle(d time.Duration) rest {
	c.Helper()
	p := c.serve()
	c.must(p.Says(c.Context(), "mailbox connected"))
	before := c.work(p)
	time.Sleep(d)
	worked := c.work(p).since(before).daemon
	r := rest{c.memory(p.PID()), time.Duration(float64(worked) * float64(time.Minute) / float64(d))}
	c.must(p.Terminate(c.Context()))
	return r
}
