package bench

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A replay is what Postgres was told for each of some answers, each decided by
// itself, as scripts that pgbench plays. So the limit of the machine is measured
// with the daemon's own transactions, by one client that does nothing else.
type replay struct {
	whole []script // with everything the daemon says
	seven []script // in seven round trips, without which nothing can be decided
}

// A script is a part of a replay. pgbench reads one the more slowly the longer
// it is: with each statement it counts the lines from the beginning.
type script struct {
	path    string
	answers int
}

// perScript is how many answers a script plays.
const perScript = 100

// record decides the answers one by one and writes down what Postgres is told.
func (c *company) record(answers [][]byte) replay {
	c.Helper()
	c.say(`alter role countersign_app set log_statement = 'all'`)
	d := c.open()
	defer d.Close() //nolint:errcheck // all is committed
	before := len(c.log())
	for i := range answers {
		c.decide(d, answers[i:i+1])
	}
	statements := spoken(c.log()[before:])
	c.say(`alter role countersign_app reset log_statement`)

	all := slices.Collect(each(statements))
	if len(all) != len(answers) {
		c.Fatalf("Postgres was told of %d transactions, for %d answers", len(all), len(answers))
	}
	var r replay
	for part := range slices.Chunk(all, perScript) {
		r.whole = append(r.whole, c.script("whole", len(r.whole), part, func(s string) string { return s + ";\n" }))
		r.seven = append(r.seven, c.script("seven", len(r.seven), part, essential))
	}
	return r
}

// each gives the statements of each answer, of which COMMIT is the last.
func each(statements []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for len(statements) > 0 {
			n := slices.Index(statements, "COMMIT") + 1
			if n == 0 || !yield(statements[:n]) {
				return
			}
			statements = statements[n:]
		}
	}
}

func (c *company) script(name string, number int, answers [][]string, said func(statement string) string) script {
	c.Helper()
	var text strings.Builder
	for _, statements := range answers {
		for _, s := range statements {
			text.WriteString(said(s))
		}
	}
	path := filepath.Join(c.dir, fmt.Sprintf("%s-%d.sql", name, number))
	c.must(os.WriteFile(path, []byte(text.String()), 0o644))
	return script{path, len(answers)}
}

// log is what the server has logged, beside whose socket it lies.
func (c *company) log() []byte {
	c.Helper()
	_, query := parse(c.db.owner)
	log, err := os.ReadFile(filepath.Join(query.Get("host"), "log"))
	c.must(err)
	return log
}

var (
	logged    = regexp.MustCompile(`^\d{4}-\d\d-\d\d [0-9:.]+ UTC \[\d+\] (LOG|DETAIL):  (?:execute <unnamed>: |statement: |parameters: )`)
	parameter = regexp.MustCompile(`\$(\d+) = (NULL|'(?:[^']|'')*')(?:, |$)`)
	blanks    = regexp.MustCompile(`\s+`)
	argument  = regexp.MustCompile(`\$(\d+)`)
)

// spoken lists the statements of a log, with their arguments in place. Times of
// connecting and of other sessions are not among them.
func spoken(log []byte) (all []string) {
	var arguments map[string]string
	var entries [][2]string // LOG or DETAIL, and the text
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSuffix(line, "\n")
		if m := logged.FindStringSubmatch(line); m != nil {
			entries = append(entries, [2]string{m[1], line[len(m[0]):]})
		} else if strings.HasPrefix(line, "\t") && len(entries) > 0 {
			entries[len(entries)-1][1] += " " + line
		}
	}
	for _, entry := range entries {
		if entry[0] == "LOG" {
			all = append(all, strings.TrimSpace(blanks.ReplaceAllString(entry[1], " ")))
			continue
		}
		arguments = map[string]string{}
		for _, m := range parameter.FindAllStringSubmatch(entry[1], -1) {
			arguments["$"+m[1]] = m[2]
		}
		last := len(all) - 1
		all[last] = argument.ReplaceAllStringFunc(all[last], func(n string) string { return arguments[n] })
	}
	return all
}

// essential is the statement as the script of seven round trips has it: nothing
// for most, and the record with the head of the chain in one.
func essential(statement string) string {
	for _, keep := range []struct{ begins, ends string }{
		{"BEGIN", ";\n"}, {"select id, body from changes", ";\n"}, {"insert into messages", ";\n"},
		{"insert into changes", ";\n"}, {"insert into outbox", ";\n"},
		{"insert into events", ` \;` + "\n"}, {"update chain_head", ";\n"}, {"COMMIT", ";\n"},
	} {
		if strings.HasPrefix(statement, keep.begins) {
			return statement + keep.ends
		}
	}
	return ""
}

var speed = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// play has pgbench play scripts, one after the other, on a copy of the database,
// and gives how many answers they brought a second.
func (r *rig) play(scripts []script, db *database) (perSecond float64) {
	r.Helper()
	fresh := r.copyOf(db)
	defer r.drop(fresh)
	r.settle(fresh)
	var answers, seconds float64
	for _, s := range scripts {
		answers += float64(s.answers)
		seconds += 1 / r.pgbench(s.path, fresh)
	}
	return answers / seconds
}

// pgbench plays a script once and gives how many it could have played a second;
// the time for reading it and for connecting is not counted.
func (r *rig) pgbench(script string, db *database) float64 {
	r.Helper()
	bench := exec.CommandContext(r.Context(), "pgbench", "--no-vacuum", "--client=1", "--transactions=1", "--file="+script, db.app)
	var complaints bytes.Buffer
	bench.Stderr = &complaints
	out, err := bench.Output()
	if err != nil {
		r.Fatal(fmt.Errorf("pgbench: %w\n%s", err, complaints.Bytes()[:min(2000, complaints.Len())]))
	}
	m := speed.FindSubmatch(out)
	if m == nil {
		r.Fatalf("pgbench said:\n%s", out)
	}
	runs, err := strconv.ParseFloat(string(m[1]), 64)
	r.must(err)
	return runs
}
