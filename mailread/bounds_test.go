package mailread

import (
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/testkit/raced"
)

// hostile bodies are what costs a reader most: each repeats something it has to
// think about.
var hostile = map[string]string{
	"lines":        "a\n",
	"one line":     "a ",
	"quotes":       "> a\n",
	"quote marks":  ">",
	"attributions": "On 1 wrote\n",
	"written":      "On Mon, 1 Jan 2026 at 1:00 a <a@b.example> wrote:\n",
	"openings":     "On 1 ",
	"headers":      "From: a\n",
	"labels":       "Risk: low\n",
	"values":       "Risk: low\nmore\n\n",
	"categories":   "network and ",
	"separators":   paper.Separator + "\n",
	"own":          "asked to authorize this change as\n",
	"numbers":      "CHG-2026-0001 ",
	"tokens":       "b-abcdefghijklmnopqrstuvwxyz ",
	"signatures":   "-- \n",
	"keywords":     "APPROVE\nREJECT\n",
	"stars":        "*",
	"marks":        "e\u0301",
	"html":         "<div>a",
	"html tables":  "<table><tr><td>a",
	"html flat":    "<p>a</p>",
	"html quotes":  "<blockquote type=cite>a</blockquote>b",
	"html borders": `<div style="border-top:solid #E1E1E1 1.0pt">a</div>`,
	"html styles":  `<b style="a:b;a:b;a:b;a:b">a</b>`,
	"html hidden":  `<b style="display:none">a</b>`,
	"html entity":  "&amp;&#64;",
	"html unended": "<a b='",
}

func hostileMail(name string, size int) []byte {
	kind := "text/plain"
	if strings.HasPrefix(name, "html") {
		kind = "text/html"
	}
	body := strings.Repeat(hostile[name], size/len(hostile[name]))
	return fmt.Appendf(nil, "From: a@example.com\nContent-Type: %s\n\nCategory: %s", kind, body)
}

// everything is all that is done with a mail; the errors are Read's own.
func everything(raw []byte) {
	m, err := Read(raw, DefaultLimits)
	if err != nil {
		return
	}
	Automatic(m)
	m.Tokens()
	m.Addressed()
	typed := Typed(m, ballot).Text
	ReadAnswer(typed)
	ReadProposal(typed)
	LooksLikeProposal(typed)
}

// cost is what reading a mail costs: the processor's time, which other work on
// the machine does not lengthen, and the bytes allocated on the way.
func cost(do func()) (took time.Duration, allocated uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would be counted, and need not run now
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := onProcessor()
	do()
	took = onProcessor() - began
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// onProcessor is how long this thread has been on a processor.
func onProcessor() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The bounds of every mail, whatever is in it.
const (
	longest   = time.Second // on a processor
	allowance = 4 << 20     // bytes for any mail
	perByte   = 400         // bytes for each byte of it
)

// checkCost holds the cost of a mail against the bounds. The race detector has
// costs of its own, most of all that pools lose what is put into them.
func checkCost(t *testing.T, size int, took time.Duration, allocated uint64) {
	t.Helper()
	if raced.On {
		return
	}
	if took > longest {
		t.Errorf("%d bytes took %v on a processor", size, took)
	}
	if most := uint64(allowance + perByte*size); allocated > most {
		t.Errorf("%d bytes took %d bytes of memory, %d at most", size, allocated, most)
	}
}

// unraced leaves a measurement to the run without the race detector, which "make
// test" does as well.
func unraced(t *testing.T) {
	t.Helper()
	if raced.On {
		t.Skip("measured without the race detector")
	}
}

// No mail may keep the reader busy, nor take more memory than it is worth; and
// twice the mail is at most twice the work, and some.
func TestHostileMailIsBounded(t *testing.T) {
	unraced(t)
	for name := range hostile {
		raw := hostileMail(name, 1<<16)
		took, once := cost(func() { everything(raw) })
		checkCost(t, len(raw), took, once)
		raw = hostileMail(name, 1<<17)
		if _, twice := cost(func() { everything(raw) }); twice > 3*once+allowance {
			t.Errorf("%s: twice the mail takes %d bytes of memory instead of %d", name, twice, once)
		}
	}
}

// At the limits of what is taken apart at all, a mail is still read in time.
func TestLargestMails(t *testing.T) {
	unraced(t)
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		raw := hostileMail(name, maxPlain)
		if strings.HasPrefix(name, "html") {
			raw = hostileMail(name, maxHTML)
		}
		took, allocated := cost(func() { everything(raw) })
		t.Logf("%-14s %8d bytes: %6.0f ms, %5.1f MB allocated", name, len(raw), took.Seconds()*1000, float64(allocated)/1e6)
		checkCost(t, len(raw), took, allocated)
	}
}
