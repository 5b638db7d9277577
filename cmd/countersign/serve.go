package main

import "github.com/coreos/go-systemd/v22/daemon"

type serveCmd struct{}

// Help says more than the one line.
func (*serveCmd) Help() string {
	return `It reads the mailbox, decides every mail, and sends what is owed, until it is told to
stop by SIGTERM or Ctrl-C; the mail in hand is finished first. It can be killed at any time:
nothing is lost, and nothing acts twice. The log goes to standard error.

It does not start while the configuration has an error or the database lacks its schema. When
the mailbox or the mail server cannot be reached, it keeps trying.`
}

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
	// Ready means that the directory is in force. Without systemd nobody listens.
	daemon.SdNotify(false, daemon.SdNotifyReady)          //nolint:errcheck
	defer daemon.SdNotify(false, daemon.SdNotifyStopping) //nolint:errcheck
	return d.Run(g.ctx)
}
