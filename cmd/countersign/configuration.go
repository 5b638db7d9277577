package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// load reads the configuration and refuses one with errors in it; warnings go
// to the log.
func (g *globals) load() (*config.Config, error) {
	c, err := g.read()
	if err != nil {
		return nil, err
	}
	g.publishes = c.Confluence.On()
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

// store connects to the database alone, for the verbs that only look at it.
func (g *globals) store() (*storage.Store, *time.Location, error) {
	c, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	location, err := time.LoadLocation(c.Organization.Timezone)
	if err != nil {
		return nil, nil, err
	}
	store, err := storage.Open(g.ctx, c.Database.URL)
	if err != nil {
		return nil, nil, hinted(err, remedy(databaseProbe("Is Postgres running, and does database.url name it? countersign check tries it."), err))
	}
	if err := store.CheckSchema(g.ctx); err != nil {
		return nil, nil, errors.Join(hinted(err, "countersign check tries the database."), store.Close())
	}
	return store, location, nil
}

// daemon builds the whole daemon, for the verbs that decide or explain. The
// directory is the configured one; only serve brings it into force.
func (g *globals) daemon() (*countersign.Daemon, error) {
	c, err := g.load()
	if err != nil {
		return nil, err
	}
	d, err := countersign.New(g.ctx, c, countersign.Options{Log: g.log, Now: g.now, Version: programVersion()})
	if err != nil {
		return nil, hinted(err, "countersign check tries every server; countersign migrate brings the database up to date.")
	}
	d.Desk.Use(d.Configured())
	return d, nil
}

// otherDirectory adds what to do where the error is that of deciding under
// another directory than the one in force.
func otherDirectory(err error) error {
	if !errors.Is(err, storage.ErrDirectoryChanged) {
		return err
	}
	return hinted(err, "The people of this configuration are not those the daemon decides by. Restart the daemon to bring them into force, or bring this configuration up to date.")
}

// change reads the change that people know by the name.
func change(g *globals, store *storage.Store, name string) (policy.Change, error) {
	c, err := store.Change(g.ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return c, unknownChange(name)
	}
	return c, err
}

func unknownChange(name string) error {
	return &failure{err: fmt.Errorf("there is no change %s", name), hint: "countersign list --all shows every change.", code: exitNo}
}
