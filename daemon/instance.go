package daemon

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/storage"
)

// instance is what the others are told of this one.
func (o Options) instance() (storage.Instance, error) {
	host, err := os.Hostname()
	if err != nil {
		return storage.Instance{}, fmt.Errorf("asking for the name of this host: %w", err)
	}
	return storage.Instance{ID: rand.Text(), Host: host, Version: o.Version}, nil
}

// What an instance does, on a line for people.
const (
	reads       = "running"
	standsBy    = "standing by: another instance reads the mailbox"
	standsAside = "standing aside: another configuration is in force"
)

// Role is what this instance does, on a line for people.
func (d *Daemon) Role() string {
	role, _ := d.role.Load().(string)
	return cmp.Or(role, reads)
}

func (d *Daemon) plays(role string) {
	if before := d.role.Swap(role); before != role {
		d.log.Info("role taken", "instance", d.self.ID, "role", role)
	}
}

// Load brings the configured directory into force. It fails with
// [storage.ErrDirectoryChanged] where the configuration is older than that of
// another instance; Run then waits until it is the one in force.
//
// A directory that was replaced is older as long as an instance runs the one
// that replaced it. Whether one still does, or was killed, takes some seconds to
// tell.
func (d *Daemon) Load(ctx context.Context) error {
	dir := d.Configured()
	d.self.Directory = d.Desk.Use(dir)
	if _, err := d.Store.Beat(ctx, d.self); err != nil { // before any other asks who runs it
		return err
	}
	for ; ; pulse.Pause(ctx, d.beat/10) {
		err := d.Desk.Load(ctx, dir)
		if !overtaken(err) || ctx.Err() != nil {
			return err
		}
		if confirmed, other := d.overruled(ctx); confirmed || other != nil {
			return errors.Join(err, other)
		}
	}
}

// overruled says whether an instance that runs the directory in force was heard
// of since this one started.
func (d *Daemon) overruled(ctx context.Context) (bool, error) {
	inForce, err := d.Store.Beat(ctx, d.self)
	if err != nil {
		return false, err
	}
	all, err := d.Store.Instances(ctx)
	me := slices.IndexFunc(all, func(i storage.Instance) bool { return i.ID == d.self.ID })
	if err != nil || me < 0 {
		return false, err
	}
	return slices.ContainsFunc(all, func(i storage.Instance) bool {
		return i.Directory == inForce.Hash && i.Seen.After(all[me].Since)
	}), nil
}

// read reads the mailbox and looks at the clock as long as no other instance
// does: only who reads the mailbox knows up to when everybody was heard.
func (d *Daemon) read(ctx context.Context) error {
	l := lease{store: d.Store, name: storage.LeaseIntake, holder: d.self.ID, lasting: d.lease, log: d.log}
	l.tell = func(held bool) { d.plays(map[bool]string{true: reads, false: standsBy}[held]) }
	return l.while(ctx, func(ctx context.Context) error { return together(ctx, d.Intake.Run, d.Clock.Run) })
}

// present tells the others that this instance runs, until it must decide no
// more.
func (d *Daemon) present(ctx context.Context) error {
	for pulse.Pause(ctx, d.beat); ctx.Err() == nil; pulse.Pause(ctx, d.beat) {
		if err := d.enter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// enter tells the others that this instance runs. The error says that it must
// decide nothing; a database that is away is no reason.
func (d *Daemon) enter(ctx context.Context) error {
	switch inForce, err := d.Store.Beat(ctx, d.self); {
	case errors.Is(err, storage.ErrSchemaTooNew):
		return err
	case err != nil:
		if ctx.Err() == nil {
			d.log.Warn("the other instances are not told that this one runs", "error", err)
		}
		return nil
	case inForce.Hash != d.self.Directory:
		return storage.ErrDirectoryChanged
	}
	return nil
}

// leave tells the others that this instance is no more, if they know of it.
func (d *Daemon) leave() {
	if d.self.Directory == "" {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), lastWords)
	defer stop()
	if err := d.Store.Leave(ctx, d.self.ID); err != nil {
		d.log.Warn("the other instances are not told that this one stops", "error", err)
	}
}

// overtaken says whether the error means that there is nothing to do but to
// wait until another directory is in force.
func overtaken(err error) bool {
	return errors.Is(err, storage.ErrDirectoryChanged) && !errors.Is(err, storage.ErrSchemaTooNew)
}

// remind is how often an instance that stands aside says so.
const remind = 10 * time.Minute

// standAside waits until the directory in force is the one this instance has.
// Mail does not leave meanwhile either: the token keys may be older, too.
func (d *Daemon) standAside(ctx context.Context) error {
	d.plays(standsAside)
	var told time.Time
	for ; ctx.Err() == nil; pulse.Pause(ctx, d.beat) {
		inForce, err := d.Store.Beat(ctx, d.self)
		switch {
		case errors.Is(err, storage.ErrSchemaTooNew):
			return err
		case err != nil: // who is away has not changed its mind
		case inForce.Hash == d.self.Directory:
			d.log.Info("the configuration in force is this instance's again")
			return nil
		case told.IsZero() || time.Since(told) >= remind:
			told = time.Now()
			d.log.Error("standing aside: another configuration is in force", "loaded_by", inForce.Host, "loaded_at", inForce.At,
				"remedy", "bring the configuration of this host up to date and restart countersign, or stop it here")
		}
	}
	return nil
}
