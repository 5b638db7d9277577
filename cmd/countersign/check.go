package main

import (
	"errors"
	"fmt"
	"io"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
)

type checkCmd struct {
	JSON bool `name:"json" help:"Answer in JSON."`
	Mail bool `help:"Send a mail to the change mailbox, too, and say how its sender is known."`
}

// Help says more than the one line.
func (*checkCmd) Help() string {
	return `It reads the configuration and the secret files, connects to the database, and logs in
to the mailbox and to the server that sends mail. It changes nothing and sends nothing, and
may run beside the daemon. With --mail it sends three mails to the change mailbox, from its own
address and in the names of a colleague and a stranger nobody is, waits until they come, and says
of which the sender would be believed: of the first alone.

Each line begins with "ok", with "note" for what the daemon can live with, or with "FAULT";
below a fault stands its remedy. It leaves with 0 if there is no fault, else with 1.`
}

// A finding is one line of what check says.
type finding struct {
	What   string `json:"what"`
	Mark   mark   `json:"mark"`
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}

// A mark says how a finding is meant.
type mark string

const (
	markOK    mark = "ok"
	markNote  mark = "note" // the daemon can live with it
	markFault mark = "FAULT"
)

// Run tries the configuration for real: it reads it, connects to the database,
// logs in to the mailbox and to the server that sends mail, and changes nothing.
func (c *checkCmd) Run(g *globals) error {
	cfg, err := g.read()
	if err != nil {
		return err
	}
	findings := g.findings(cfg, c.Mail)
	if c.JSON {
		err = printJSON(g.stdout, findings)
	} else {
		err = printFindings(g.stdout, findings)
	}
	if err == nil && faults(findings) > 0 {
		return errNo
	}
	return err
}

// findings looks at the configuration first: with an error in it the servers
// are not tried.
func (g *globals) findings(cfg *config.Config, mail bool) []finding {
	var list []finding
	told := cfg.Check()
	for _, f := range told {
		m := markFault
		if f.Severity == config.Warning {
			m = markNote
		}
		list = append(list, finding{f.Key, m, f.What, f.Remedy})
	}
	if config.Broken(told) {
		return append(list, finding{"servers", markNote, "not tried while the configuration has faults", ""})
	}
	says := fmt.Sprintf("policy %s %s, %s", cfg.Policy.ID, cfg.Policy.Version, count(len(cfg.People), "person", "people"))
	list = append(list, finding{"configuration", markOK, says, ""})
	o := countersign.Options{Log: g.log, Now: g.now}
	probes := countersign.Probes(cfg, o)
	if mail {
		probes = append(probes, countersign.MailProbes(cfg, o)...)
	}
	failed := map[string]bool{}
	for _, p := range probes {
		if failed[p.Needs] {
			continue
		}
		found := g.try(p)
		failed[p.Name] = found.Mark == markFault
		list = append(list, found)
	}
	return list
}

func (g *globals) try(p countersign.Probe) finding {
	says, err := p.Try(g.ctx)
	if note := countersign.Note(""); errors.As(err, &note) {
		return finding{p.Name, markNote, string(note), p.Remedy}
	}
	if err != nil {
		return finding{p.Name, markFault, err.Error(), remedy(p, err)}
	}
	return finding{p.Name, markOK, says, ""}
}

func faults(findings []finding) int {
	n := 0
	for _, f := range findings {
		if f.Mark == markFault {
			n++
		}
	}
	return n
}

func printFindings(w io.Writer, findings []finding) error {
	for _, f := range findings {
		fmt.Fprintf(w, "%-5s  %s: %s\n", f.Mark, f.What, f.Says)
		if f.Remedy != "" {
			fmt.Fprintf(w, "       %s\n", f.Remedy)
		}
	}
	says := "No faults: the daemon can run."
	if n := faults(findings); n > 0 {
		says = count(n, "fault", "faults") + "."
	}
	_, err := fmt.Fprintf(w, "\n%s\n", says)
	return err
}
