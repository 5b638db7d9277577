package daemon_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/fault"
	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/pg"
)

// ofItsOwn is a Postgres that nobody else uses.
var ofItsOwn = []pg.Option{pg.MaxConnections(50)}

// An operator stops Postgres and starts it again a while later.
func TestPostgresStopped(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{postgres: ofItsOwn})
	o.log.turn()
	if err := o.cluster.Down(); err != nil {
		t.Fatal(err)
	}
	o.meanwhile()
	o.says("outbox interrupted")
	if err := o.cluster.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.isOver()
}

// Postgres is restarted again and again while mail is decided; once it crashes.
func TestPostgresRestarted(t *testing.T) {
	t.Parallel()
	o := begin(t, setting{postgres: []pg.Option{pg.Durable()}})
	for _, end := range []func() error{o.cluster.Down, o.cluster.Crash, o.cluster.Down} {
		o.proposes(2)
		time.Sleep(20 * time.Millisecond) // anywhere in the midst of it
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := o.cluster.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o.isOver()
}

// Postgres answers nothing for a while, and hangs up on nobody.
func TestPostgresFrozen(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{postgres: ofItsOwn})
	if err := o.cluster.Freeze(); err != nil {
		t.Fatal(err)
	}
	o.meanwhile()
	time.Sleep(4 * time.Second) // longer than the lease
	if err := o.cluster.Thaw(); err != nil {
		t.Fatal(err)
	}
	o.isOver()
}

// Others have taken all connections, and ours are gone.
func TestPostgresOutOfConnections(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{postgres: []pg.Option{pg.MaxConnections(20)}})
	o.log.turn()
	others, err := sql.Open("postgres", o.appURL)
	if err != nil {
		t.Fatal(err)
	}
	defer others.Close()
	var crowd []*sql.Conn
	o.until("all connections to be taken", func() string {
		c, err := others.Conn(t.Context())
		for ; err == nil; c, err = others.Conn(t.Context()) {
			crowd = append(crowd, c)
		}
		o.database.Cut()
		if !strings.Contains(o.log.fresh(), "outbox interrupted") {
			return "the daemon has one"
		}
		return ""
	})
	o.meanwhile()
	o.says("reserved")
	for _, c := range crowd {
		c.Close()
	}
	if err := others.Close(); err != nil {
		t.Fatal(err)
	}
	o.isOver()
}

// The database's disk is full, and then it is not.
func TestPostgresDiskFull(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{postgres: []pg.Option{pg.SmallDisk(128 << 20)}})
	if err := o.cluster.Fill(0); err != nil {
		t.Fatal(err)
	}
	o.log.turn()
	o.meanwhile()
	o.proposes(10)
	o.says("No space left on device")
	if err := o.cluster.Free(); err != nil {
		t.Fatal(err)
	}
	o.isOver()
}

// Every line to the database is cut, or stalls, when it comes to a moment that
// matters.
func TestPostgresCut(t *testing.T) {
	t.Parallel()
	const deciding, handing = "into events", "'sent'"
	for name, plan := range map[string]fault.Plan{
		"attempts not counted":   {Text: "into attempts", CutAfter: 1},
		"in a transaction":       {Text: "into messages", CutAfter: 10},
		"commit not heard":       {After: deciding, Text: "COMMIT", CutAfter: 1},
		"commit not answered":    {After: deciding, Text: "COMMIT", CutAfter: 7},
		"stalled in transaction": {Text: "into messages", StallAfter: 10},
		"stalled at the commit":  {After: deciding, Text: "COMMIT", StallAfter: 1},
		"mark not heard":         {Text: handing, CutAfter: 1},
		"mark not answered":      {Text: handing, CutAfter: 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := midst(t, setting{})
			plan.Direction = fault.ToServer
			o.database.Script(func(int) fault.Plan { return plan })
			o.database.Cut() // the lines made from now on have the plan
			o.meanwhile()
			o.strikes(1)
			if plan.StallAfter > 0 {
				o.database.Stall() // as long as nothing answers
				time.Sleep(4 * time.Second)
			}
			o.database.Script(nil)
			o.database.Resume()
			o.isOver()
		})
	}
}

// Lines to the database are garbled; over TLS that is noticed.
func TestPostgresGarbled(t *testing.T) {
	t.Parallel()
	a, err := mailbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	o := midst(t, setting{postgres: []pg.Option{pg.OverTLS(a)}})
	o.database.Script(func(conn int) fault.Plan {
		if conn > 12 {
			return fault.Plan{}
		}
		return fault.Plan{GarbleAt: int64(3000 + 1500*conn)}
	})
	o.database.Cut()
	o.meanwhile()
	o.strikes(3)
	o.database.Script(nil)
	o.isOver()
}

// strikes waits until the plans for the database have struck so often.
func (o *ordeal) strikes(times int) {
	o.t.Helper()
	o.until("the plans to strike", func() string {
		if n := o.database.Struck(); n < times {
			return fmt.Sprintf("%d have", n)
		}
		return ""
	})
}
