package main

import (
	"github.com/coreos/go-systemd/v22/daemon"

	countersign "github.com/countersign/countersign/daemon"
)

type serveCmd struct{}

// Run runs the daemon until it is told to stop. The mail in hand is finished
// first.
func (*serveCmd) Run(g *globals) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the process ends; what was committed is safe
	if err := d.Load(g.ctx); err != nil {
		return err
	}
	// Without systemd these say nothing to nobody.
	daemon.SdNotify(false, daemon.SdNotifyReady)          //nolint:errcheck
	defer daemon.SdNotify(false, daemon.SdNotifyStopping) //nolint:errcheck
	return d.Run(g.ctx)
}

// daemon loads the configuration and connects, for the verbs that need the
// whole.
func (g *globals) daemon() (*countersign.Daemon, error) {
	c, err := g.load()
	if err != nil {
		return nil, err
	}
	d, err := countersign.New(g.ctx, c, countersign.Options{Log: g.log})
	if err != nil {
		return nil, hinted(err, "countersign check tries every server; countersign migrate brings the database up to date.")
	}
	return d, nil
}
