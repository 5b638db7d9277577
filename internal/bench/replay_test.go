package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A replay is what Postgres was told for each of some answers, each decided by
// itself, as scripts that pgbench plays. So the limit of the machine is measured
// with the daemon's own transactions, by one client that does nothing else.
type replay struct {
	answers    int
	statements []string // of the first answer
	whole      string   // the script with everything the daemon says
	seven      string   // the script in seven round trips, without which nothing can be decided
}

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

	r := replay{answers: len(answers)}
	var whole, seven []string
	for _, s := range statements {
		if len(whole) == 0 || !strings.Contains(strings.Join(r.statements, "\n"), "COMMIT") {
			r.statements = append(r.statements, s)
		}
		whole = append(whole, s+";\n")
		seven = append(seven, essential(s))
	}
	r.whole = c.script("whole.sql", strings.Join(whole, ""))
	r.seven = c.script("seven.sql", strings.Join(seven, ""))
	return r
}

func (c *company) script(name, text string) string {
	c.Helper()
	path := filepath.Join(c.dir, name)
	c.must(os.WriteFile(path, []byte(text), 0o644))
	return path
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

// play has pgbench play a script on a copy of the database, and gives how many
// answers it brought a second.
func (r *rig) play(script string, answers int, db *database) (perSecond float64) {
	r.Helper()
	fresh := r.copyOf(db)
	defer r.drop(fresh)
	r.settle(fresh)
	bench := exec.CommandContext(r.Context(), "pgbench", "--no-vacuum", "--client=1", "--transactions=1", "--file="+script, fresh.app)
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
	return runs * float64(answers)
}
