package fault_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/fault"
)

// soon bounds what must come, and notYet what must not have come by then.
const (
	soon   = 10 * time.Second
	notYet = 50 * time.Millisecond
)

// echo is a server that says everything back.
func echo(t *testing.T, network, address string) string {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c) //nolint:errcheck // it ends with the connection
			}()
		}
	}()
	return ln.Addr().String()
}

func before(t *testing.T, target string) *fault.Proxy {
	t.Helper()
	p, err := fault.Listen(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func anEcho(t *testing.T) *fault.Proxy {
	t.Helper()
	return before(t, echo(t, "tcp", "127.0.0.1:0"))
}

type caller struct {
	net.Conn
	t *testing.T
}

func call(t *testing.T, network string, p *fault.Proxy) caller {
	t.Helper()
	c, err := net.Dial(network, p.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return caller{c, t}
}

func (c caller) say(text string) caller {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
	return c
}

func (c caller) hears(want string) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(soon)) //nolint:errcheck // the read says so
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		c.t.Fatalf("heard %q, %v; want %q", got[:n], err, want)
	}
}

// hearsNothing holds while the line is silent and stands.
func (c caller) hearsNothing() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(notYet)) //nolint:errcheck // the read says so
	var b [1]byte
	if n, err := c.Read(b[:]); n > 0 || !isTimeout(err) {
		c.t.Fatalf("heard %q, %v; want silence", b[:n], err)
	}
}

// isCut holds once the line is gone, with no more to hear before than was said:
// the last that went over a line may be lost with it.
func (c caller) isCut(said string) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(soon)) //nolint:errcheck // the read says so
	got, err := io.ReadAll(c)
	if isTimeout(err) || !strings.HasPrefix(said, string(got)) {
		c.t.Fatalf("heard %q, %v; want %q at most, and the end", got, err, said)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHandsOn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), ".s.PGSQL.5432")
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": socket} {
		p := before(t, echo(t, network, address))
		if network == "unix" && (p.Address == socket || filepath.Base(p.Address) != filepath.Base(socket)) {
			t.Errorf("the proxy's socket is %s", p.Address)
		}
		c := call(t, network, p)
		c.say("hello").hears("hello")
		big := string(bytes.Repeat([]byte("0123456789abcdef"), 20<<10))
		go io.WriteString(c, big) //nolint:errcheck // what is not heard says so
		c.hears(big)
		if p.Connections() != 1 || p.Open() != 1 || p.Struck() != 0 {
			t.Errorf("%d connections, %d open, %d struck", p.Connections(), p.Open(), p.Struck())
		}
	}
}

// One side may have said all while the other still speaks.
func TestHalfClosed(t *testing.T) {
	c := call(t, "tcp", anEcho(t)).say("last words")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.hears("last words")
	c.isCut("")
}

// What passed before a cut may be heard, and no more.
func TestPlannedCut(t *testing.T) {
	for _, way := range []fault.Direction{fault.ToServer, fault.ToClient, fault.Both} {
		p := anEcho(t)
		p.Script(func(int) fault.Plan { return fault.Plan{Direction: way, CutAfter: 5} })
		call(t, "tcp", p).say("hello, world").isCut("hello")
		if p.Struck() == 0 {
			t.Error("nothing struck")
		}
	}
}

func TestPlannedGarble(t *testing.T) {
	p := anEcho(t)
	p.Script(func(int) fault.Plan { return fault.Plan{Direction: fault.ToServer, GarbleAt: 1} })
	call(t, "tcp", p).say("hello").hears("iello")
	if p.Struck() != 1 {
		t.Errorf("%d struck", p.Struck())
	}
}

// A script knows which connection it is about.
func TestScriptCounts(t *testing.T) {
	p := anEcho(t)
	p.Script(func(conn int) fault.Plan {
		if conn == 1 {
			return fault.Plan{CutAfter: 1}
		}
		return fault.Plan{}
	})
	call(t, "tcp", p).say("a").hears("a")
	call(t, "tcp", p).say("b").isCut("b")
	call(t, "tcp", p).say("c").hears("c")
	if p.Struck() != 1 || p.Connections() != 3 {
		t.Errorf("%d of %d connections were struck", p.Struck(), p.Connections())
	}
}

// What a connection has yet to come to does not happen any more.
func TestScriptEnds(t *testing.T) {
	p := anEcho(t)
	p.Script(func(int) fault.Plan { return fault.Plan{CutAfter: 10} })
	c := call(t, "tcp", p)
	c.say("before").hears("before")
	p.Script(nil)
	c.say("and after").hears("and after")
}

func TestDelay(t *testing.T) {
	p := anEcho(t)
	p.Script(func(int) fault.Plan { return fault.Plan{Delay: 20 * time.Millisecond} })
	began := time.Now()
	call(t, "tcp", p).say("slow").hears("slow")
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("there and back took %v", took)
	}
}

func TestStallAndResume(t *testing.T) {
	p := anEcho(t)
	old := call(t, "tcp", p)
	old.say("before").hears("before")
	p.Stall()
	fresh := call(t, "tcp", p)
	for _, c := range []caller{old, fresh} {
		c.say("held").hearsNothing()
	}
	p.Resume()
	for _, c := range []caller{old, fresh} {
		c.hears("held")
	}
	p.Stall()
	p.Cut() // also what is stalled
	old.isCut("")
	fresh.isCut("")
}

// A plan's stall ends with Resume, too, and does not come again.
func TestPlannedStallEnds(t *testing.T) {
	p := anEcho(t)
	p.Script(func(int) fault.Plan { return fault.Plan{Direction: fault.ToClient, StallAfter: 2} })
	c := call(t, "tcp", p).say("abcd")
	c.hears("ab")
	c.hearsNothing()
	p.Resume()
	c.hears("cd")
	c.say("efgh").hears("efgh")
}

func TestCutAndRefuse(t *testing.T) {
	p := anEcho(t)
	c := call(t, "tcp", p)
	c.say("here").hears("here")
	p.Cut()
	c.isCut("")
	p.Refuse(true)
	call(t, "tcp", p).isCut("")
	p.Refuse(false)
	call(t, "tcp", p).say("again").hears("again")
}

// Nobody is there: the line ends as one to a server that died.
func TestNobodyThere(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	call(t, "tcp", before(t, ln.Addr().String())).isCut("")
}

func TestClosed(t *testing.T) {
	p := anEcho(t)
	c := call(t, "tcp", p)
	c.say("here").hears("here")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	c.isCut("")
	if late, err := net.Dial("tcp", p.Address); err == nil {
		late.Close()
		t.Error("somebody still listens")
	}
}

// The same numbers give the same plan, and every kind of harm comes up.
func TestRandom(t *testing.T) {
	draw := func(seed uint64) fault.Plan { return fault.Random(rand.New(rand.NewPCG(seed, 1)), 100) }
	var cuts, stalls, garbles, delays int
	for seed := range uint64(100) {
		p := draw(seed)
		if p != draw(seed) {
			t.Fatal("not the same plan")
		}
		if p.Direction == fault.Both || max(p.CutAfter, p.StallAfter, p.GarbleAt) > 100 {
			t.Errorf("plan %+v", p)
		}
		for _, kind := range []struct {
			n   *int
			has bool
		}{{&cuts, p.CutAfter > 0}, {&stalls, p.StallAfter > 0}, {&garbles, p.GarbleAt > 0}, {&delays, p.Delay > 0}} {
			if kind.has {
				*kind.n++
			}
		}
	}
	if cuts+stalls+garbles+delays != 100 || min(cuts, stalls, garbles, delays) == 0 {
		t.Errorf("%d cuts, %d stalls, %d garbles, %d delays", cuts, stalls, garbles, delays)
	}
}
