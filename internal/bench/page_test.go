package bench

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

//go:embed testdata/page.md
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page says what was measured.
func (m *measured) page(r *rig) string {
	r.Helper()
	var b strings.Builder
	r.must(pageTemplate.Execute(&b, view{measured: m, rig: r}))
	return b.String()
}

func write(page string) error { return os.WriteFile("../../docs/performance.md", []byte(page), 0o644) }

// A view is what the page sees.
type view struct {
	*measured
	rig *rig
}

// Per is the rate of something in the rounds.
func (v view) Per(what string) string { return number(median(v.each(what))) }

// Ratio is the rate of something beside that of something else, in each round.
func (v view) Ratio(of, beside string) string {
	above, below := v.each(of), v.each(beside)
	for i := range above {
		above[i] /= below[i]
	}
	return ratio(median(above))
}

func (v view) each(what string) (all []float64) {
	for _, round := range v.rounds {
		all = append(all, map[string]float64{
			"decided": round.decided, "sent": round.sent, "whole": round.whole, "seven": round.seven,
			"one": round.one, "fifty": round.fifty, "submitted": round.submitted,
		}[what])
	}
	return all
}

// Share is which part of the machine a part of the rig had while it worked off
// the backlog.
func (v view) Share(part string) string {
	var all []float64
	for _, round := range v.rounds {
		worked := map[string]time.Duration{
			"daemon": round.daemon, "postgres": round.postgres, "dovecot": round.dovecot, "rest": round.rest,
		}[part]
		all = append(all, 100*worked.Seconds()/round.took.Seconds()/float64(runtime.NumCPU()))
	}
	return fmt.Sprintf("%.0f %%", median(all))
}

// Delay is a quantile of how long a single mail was on its way, in milliseconds.
func (v view) Delay(stretch string, quantile float64) string {
	var all []float64
	for _, d := range v.delays {
		all = append(all, map[string]time.Duration{
			"announced": d.announced, "ballot": d.ballot, "whole": d.announced + d.ballot,
		}[stretch].Seconds()*1000)
	}
	slices.Sort(all)
	return fmt.Sprintf("%.1f ms", all[int(quantile*float64(len(all)-1)+0.5)])
}

// A Stored is how fast answers are decided with so many changes in the database.
type Stored struct{ Changes, Rate, Ratio string }

func (v view) Stored() (rows []Stored) {
	least := v.stored[v.size.stored[0]]
	for _, n := range v.size.stored {
		var ratios []float64
		for i, rate := range v.stored[n] {
			ratios = append(ratios, rate/least[i])
		}
		rows = append(rows, Stored{grouped(n), number(median(v.stored[n])), ratio(median(ratios))})
	}
	return rows
}

// Idle is what the daemon takes with nothing to do; Busy what it had taken when
// the backlog was worked off.
func (v view) Idle() rest { return v.idle }
func (v view) Busy() memory {
	return v.rounds[len(v.rounds)-1].memory
}

// Megabytes writes a size.
func (view) Megabytes(bytes int) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// What the run was.

func (v view) Rounds() int     { return v.size.rounds }
func (v view) Turns() int      { return v.size.turns }
func (v view) Answers() string { return grouped(v.size.answers) }
func (v view) Singly() string  { return grouped(v.size.singly) }
func (v view) Singles() string { return grouped(v.size.singles) }
func (v view) More() string    { return grouped(v.size.more) }
func (v view) Day() string     { return time.Now().UTC().Format("2 January 2006") }

// Machine says on what all of it ran.
func (v view) Machine() string {
	memory, _ := strconv.Atoi(found("/proc/meminfo", `MemTotal:\s*(\d+)`))
	return fmt.Sprintf("%d × %s, %.0f GB, Linux %s, Go %s, PostgreSQL %s, Dovecot %s", runtime.NumCPU(),
		found("/proc/cpuinfo", `model name\s*: (.*)`), float64(memory)/1e6, found("/proc/sys/kernel/osrelease", `([\d.]+)`),
		strings.TrimPrefix(runtime.Version(), "go"), v.postgres(), dovecotVersion())
}

func (v view) postgres() string {
	v.rig.Helper()
	var version string
	v.rig.must(v.rig.newDatabase().QueryRow(`show server_version`).Scan(&version))
	version, _, _ = strings.Cut(version, " ")
	return version
}

func dovecotVersion() string {
	out, err := exec.Command("/usr/sbin/dovecot", "--version").Output()
	if err != nil {
		return "of an unknown version"
	}
	version, _, _ := strings.Cut(string(out), " ")
	return version
}

// found looks something up in a file of the kernel's.
func found(path, what string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "?"
	}
	m := regexp.MustCompile(what).FindSubmatch(text)
	if m == nil {
		return "?"
	}
	return strings.TrimSpace(string(m[1]))
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// ratio writes a ratio with at least two digits that count.
func ratio(r float64) string {
	if r < 0.1 {
		return fmt.Sprintf("%.3f", r)
	}
	return fmt.Sprintf("%.2f", r)
}

// number writes a rate with three digits that count.
func number(rate float64) string {
	if rate < 100 {
		return fmt.Sprintf("%.1f", rate)
	}
	unit := 1.0
	for rate/unit >= 1000 {
		unit *= 10
	}
	return grouped(int(rate/unit+0.5) * int(unit))
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
