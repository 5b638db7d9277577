package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/storage"
)

type serveCmd struct{}

// Help says more than the one line.
func (*serveCmd) Help() string {
	return `It reads the mailbox, decides every mail, and sends what is owed, until it is told to
stop by SIGTERM or Ctrl-C; the mail in hand is finished first. It can be killed at any time:
nothing is lost, and nothing acts twice. The log goes to standard error. On SIGHUP it reads the
configuration anew; one with an error is told in the log, and the one before stays in force.

It does not start while the configuration has an error or the database lacks its schema. When
the mailbox or the mail server cannot be reached, it keeps trying.`
}

// Run runs the daemon until it is told to stop. The mail in hand is finished
// first. Told to reload, it stops like that and begins anew, if the configuration
// can be run with.
func (s *serveCmd) Run(g *globals) error {
	reloads := make(chan os.Signal, 1)
	signal.Notify(reloads, syscall.SIGHUP)
	defer signal.Stop(reloads)
	stopping := sync.OnceFunc(func() { tell(daemon.SdNotifyStopping) })
	defer stopping()
	defer context.AfterFunc(g.ctx, stopping)()
	for {
		here := *g
		ctx, stop := context.WithCancel(g.ctx)
		here.ctx = ctx
		listening := make(chan struct{})
		var reloading bool
		go func() {
			defer close(listening)
			if reloading = here.reloadable(reloads); reloading {
				tell(daemon.SdNotifyReloading)
				stop()
			}
		}()
		err := s.serve(&here)
		stop()
		if <-listening; err != nil || !reloading || g.ctx.Err() != nil {
			return err
		}
	}
}

// reloadable waits for the signal to reload, and for a configuration that can be
// run with; it is false when ctx ends first.
func (g *globals) reloadable(reloads <-chan os.Signal) bool {
	for {
		select {
		case <-g.ctx.Done():
			return false
		case <-reloads:
		}
		_, err := g.load()
		if err == nil {
			g.log.Info("reloading the configuration")
			return true
		}
		g.log.Error("the configuration is not reloaded: the one before stays in force", "error", err)
	}
}

// serve runs the daemon with the configuration as it is.
func (*serveCmd) serve(g *globals) error {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		g.log.Warn("the watchdog's interval cannot be read", "error", err)
	}
	d, err := g.daemon()
	if g.ctx.Err() != nil {
		return nil // told to stop before it began: whatever went wrong came of that
	}
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the process ends; what was committed is safe
	// With an older configuration than another instance it waits for a newer one.
	err = d.Load(g.ctx)
	if g.ctx.Err() != nil {
		return nil
	}
	if err != nil && !errors.Is(err, storage.ErrDirectoryChanged) {
		return err
	}
	tell(daemon.SdNotifyReady)                                         // it is known which directory is in force
	watched, ended := context.WithCancel(context.WithoutCancel(g.ctx)) // the last mails may hang, too
	defer ended()
	go d.Watch(watched, interval, tell)
	err = d.Run(g.ctx)
	if errors.Is(err, intake.ErrUnknownMail) {
		return hinted(err, "If a backup was restored, stop the daemon and run countersign recover: it decides what this database lacks. If this database is meant to be new, empty the folder.")
	}
	return err
}

// tell tells systemd how the daemon does. Without systemd nobody listens.
func tell(state string) {
	daemon.SdNotify(false, state) //nolint:errcheck // there is nobody else to tell
}
