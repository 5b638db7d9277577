package daemon

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/internal/pulse"
)

// pulses are those of the parts without which nothing moves.
type pulses struct {
	database, intake, clock, outbox, records pulse.Pulse
}

// late names the parts that did not keep their promise.
func (p *pulses) late() (parts []string) {
	for _, part := range []struct {
		name  string
		pulse *pulse.Pulse
	}{{"database", &p.database}, {"intake", &p.intake}, {"clock", &p.clock}, {"outbox", &p.outbox}, {"records", &p.records}} {
		if part.pulse.Late() > 0 {
			parts = append(parts, part.name)
		}
	}
	return parts
}

// DefaultWatch is the interval of Watch where nobody says it.
const DefaultWatch = 2 * time.Minute

// lookAgain is how old the line for people may be.
const lookAgain = 10 * time.Second

// Watch tells notify how the daemon does, in the words of sd_notify(3), until
// ctx ends: at least twice in every interval a line for people and, as long as each part
// keeps its promise, that the watchdog may wait on.
//
// A part that tries again and again to reach a server that is away keeps its
// promise: starting anew would not help. One that waits for an answer that never
// comes does not.
func (d *Daemon) Watch(ctx context.Context, interval time.Duration, notify func(state string)) {
	if interval <= 0 {
		interval = DefaultWatch
	}
	var database answers
	go d.ask(ctx, interval, &database) // not waited for: it is what may hang
	look := time.NewTicker(min(interval/2, lookAgain))
	defer look.Stop()
	for hung := ""; ctx.Err() == nil; {
		late := strings.Join(d.pulses.late(), ", ")
		d.logHung(hung, late)
		hung = late
		if hung == "" {
			notify("WATCHDOG=1\nSTATUS=" + d.status(&database))
		} else {
			notify("STATUS=hangs: " + hung)
		}
		select {
		case <-ctx.Done():
		case <-look.C:
		}
	}
}

// logHung says once which parts hang, and that they do no more.
func (d *Daemon) logHung(before, now string) {
	if now == before {
		return
	}
	if now == "" {
		d.log.Info("everything moves again", "hung", before)
		return
	}
	d.log.Error("hangs; the watchdog is not fed", "parts", now)
}

// status is how the daemon does, on one line.
func (d *Daemon) status(database *answers) string {
	says := []string{d.Role()}
	if swept := d.Intake.Swept(); !swept.IsZero() {
		says = append(says, "mailbox read at "+swept.Local().Format(time.DateTime))
	} else if d.Role() == reads {
		says = append(says, "mailbox not read yet")
	}
	if err := database.last.Load(); err != nil {
		says = append(says, "database away: "+oneLine((*err).Error()))
	} else if published := database.published.Load(); published != nil && *published != "" {
		says = append(says, *published)
	}
	return strings.Join(says, "; ")
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// answers is what the database answered last: nil, or what went wrong; and what it
// knows of publishing.
type answers struct {
	last      atomic.Pointer[error]
	published atomic.Pointer[string]
}

// ask asks the database again and again whether it is there, as long as ctx
// lasts. The answer matters little, but that there is one: lib/pq waits for ever
// for a server that is frozen, whatever ctx says.
func (d *Daemon) ask(ctx context.Context, interval time.Duration, database *answers) {
	promise := &d.pulses.database
	defer promise.Rest()
	for ctx.Err() == nil {
		promise.Within(interval / 2)
		err := d.Store.Ping(ctx)
		if err == nil {
			says := d.published(ctx)
			database.published.Store(&says)
		}
		promise.Within(interval)
		if ctx.Err() == nil {
			d.heard(database, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval / 4):
		}
	}
}

// heard keeps what the database answered, and logs it where it is news.
func (d *Daemon) heard(database *answers, err error) {
	var now *error
	if err != nil {
		now = &err
	}
	before := database.last.Swap(now)
	switch {
	case now != nil && before == nil:
		d.log.Warn("database away", "error", err)
	case now == nil && before != nil:
		d.log.Info("database back")
	}
}
