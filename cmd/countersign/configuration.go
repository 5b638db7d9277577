package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/countersign/countersign/daemon/config"
)

// load reads the configuration and refuses one with errors in it; warnings go
// to the log.
func (g *globals) load() (*config.Config, error) {
	c, err := g.read()
	if err != nil {
		return nil, err
	}
	faults := c.Check()
	for _, f := range faults {
		if f.Severity == config.Warning {
			g.log.Warn("configuration", "key", f.Key, "what", f.What, "remedy", f.Remedy)
			continue
		}
		fmt.Fprintln(g.stderr, f)
	}
	if config.Broken(faults) {
		return nil, &failure{
			err: fmt.Errorf("the configuration %s has errors", g.Config), code: exitUsage,
			hint: "countersign check tells every fault and its remedy.",
		}
	}
	return c, nil
}

// read reads the configuration and leaves its faults aside.
func (g *globals) read() (*config.Config, error) {
	c, err := config.Load(g.Config)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &failure{err: err, hint: "Name it with --config FILE or in COUNTERSIGN_CONFIG.", code: exitUsage}
	case err != nil:
		return nil, &failure{err: err, hint: "Every option is described in countersign.toml(5).", code: exitUsage}
	}
	return c, nil
}
