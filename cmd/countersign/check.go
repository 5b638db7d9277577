package main

import (
	"fmt"
	"strings"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
)

type checkCmd struct {
	JSON bool `name:"json" help:"Answer in JSON."`
}

// A checked thing is one line of what check says.
type checked struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}

// Run tries the configuration for real: it reads it, connects to the database,
// logs in to the mailbox and to the server that sends mail, and changes nothing.
func (c *checkCmd) Run(g *globals) error {
	cfg, err := g.read()
	if err != nil {
		return err
	}
	faults := cfg.Check()
	results := []checked{}
	for _, f := range faults {
		results = append(results, checked{What: f.Key, OK: f.Severity == config.Warning, Says: fmt.Sprintf("%s: %s", f.Severity, f.What), Remedy: f.Remedy})
	}
	if !config.Broken(faults) {
		results = append(results, checked{What: "configuration", OK: true, Says: fmt.Sprintf("%d people, policy %s %s", len(cfg.People), cfg.Policy.ID, cfg.Policy.Version)})
		for _, p := range countersign.Probes(cfg, countersign.Options{Log: g.log}) {
			results = append(results, c.try(g, p))
		}
	}
	if err := c.print(g, results); err != nil {
		return err
	}
	for _, r := range results {
		if !r.OK {
			return errNo
		}
	}
	return nil
}

func (*checkCmd) try(g *globals, p countersign.Probe) checked {
	says, err := p.Try(g.ctx)
	if err != nil {
		return checked{What: p.Name, Says: err.Error(), Remedy: p.Remedy}
	}
	return checked{What: p.Name, OK: true, Says: says}
}

func (c *checkCmd) print(g *globals, results []checked) error {
	if c.JSON {
		return printJSON(g.stdout, results)
	}
	for _, r := range results {
		mark := "ok   "
		switch {
		case !r.OK:
			mark = "FAULT"
		case strings.HasPrefix(r.Says, string(config.Warning)):
			mark = "note "
		}
		if _, err := fmt.Fprintf(g.stdout, "%s  %s: %s\n", mark, r.What, r.Says); err != nil {
			return err
		}
		if r.Remedy != "" {
			fmt.Fprintf(g.stdout, "       %s\n", r.Remedy)
		}
	}
	return nil
}
