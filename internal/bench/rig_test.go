package bench

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"

	_ "github.com/lib/pq" // the driver

	"github.com/countersign/countersign/internal/testkit/dovecot"
	"github.com/countersign/countersign/internal/testkit/pg"
)

// A rig are the servers everything is measured on.
type rig struct {
	*testing.T
	postgres *pg.Cluster
	dovecot  *dovecot.Server
	sink     *sink
	anywhere string // URL of a database everybody can connect to, as superuser
	durable  bool   // what Postgres has committed is on the disk
	made     int    // databases and mailboxes
}

func newRig(t *testing.T, durable bool) *rig {
	t.Helper()
	r := &rig{T: t, sink: newSink(t), durable: durable}
	postgres := pg.MaxConnections(50)
	if durable {
		postgres = pg.Durable()
	}
	var err error
	r.postgres, err = pg.Start(t.Context(), postgres)
	r.must(err)
	t.Cleanup(func() {
		if err := r.postgres.Stop(); err != nil {
			t.Error(err)
		}
	})
	owner, _, drop, err := r.postgres.Empty(t.Context())
	r.must(err)
	drop()
	r.anywhere = to(with(owner, "user", superuser), "postgres")
	r.dovecot, err = dovecot.Start(t.Context())
	r.must(err)
	t.Cleanup(r.dovecot.Stop)
	return r
}

// must ends the run: what is measured after an error means nothing.
func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// A database is one database of the rig, as the superuser sees it.
type database struct {
	*sql.DB
	owner, app string // URLs
}

func (r *rig) newDatabase() *database {
	r.Helper()
	owner, app, drop, err := r.postgres.Database(context.WithoutCancel(r.Context()))
	r.must(err)
	r.Cleanup(drop)
	return r.open(owner, app)
}

func (r *rig) open(owner, app string) *database {
	r.Helper()
	db, err := sql.Open("postgres", with(owner, "user", superuser))
	r.must(err)
	r.Cleanup(func() { db.Close() })
	return &database{DB: db, owner: owner, app: app}
}

// copyOf gives a database that holds the same.
func (r *rig) copyOf(db *database) *database {
	r.Helper()
	r.made++
	name := fmt.Sprintf("copy_%d", r.made)
	db.Close() // nobody may be connected to what is copied
	r.command(`create database ` + name + ` owner countersign template ` + nameOf(db.owner))
	reopened := r.open(db.owner, db.app)
	db.DB = reopened.DB
	return r.open(to(db.owner, name), to(db.app, name))
}

// drop removes a database that is no longer needed.
func (r *rig) drop(db *database) {
	r.Helper()
	db.Close()
	r.command(`drop database if exists ` + nameOf(db.owner) + ` with (force)`)
}

// command tells the server what concerns no database.
func (r *rig) command(statement string) {
	r.Helper()
	anywhere, err := sql.Open("postgres", r.anywhere)
	r.must(err)
	defer anywhere.Close()
	_, err = anywhere.Exec(statement)
	r.must(err)
}

// superuser is the one of a private server.
const superuser = "postgres"

// with is the URL with another setting.
func with(raw, name, value string) string {
	u, query := parse(raw)
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// to is the URL of another database.
func to(raw, name string) string {
	u, _ := parse(raw)
	u.Path = "/" + name
	return u.String()
}

func nameOf(raw string) string {
	u, _ := parse(raw)
	return strings.TrimPrefix(u.Path, "/")
}

func parse(raw string) (*url.URL, url.Values) {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u, u.Query()
}

// careless lets the server hurry while something is prepared.
func (r *rig) careless(prepare func()) {
	r.Helper()
	for _, setting := range []string{
		`fsync = off`, `full_page_writes = off`, `synchronous_commit = off`, `autovacuum = off`,
		`max_wal_size = '4GB'`, `shared_buffers = '2GB'`,
	} {
		r.command(`alter system set ` + setting)
	}
	r.must(r.postgres.Restart(r.Context()))
	prepare()
	r.command(`alter system reset all`)
	r.must(r.postgres.Restart(r.Context()))
}

// settle leaves nothing to do in the background, for Postgres or the disk.
func (r *rig) settle(db *database) {
	r.Helper()
	if r.durable {
		syscall.Sync()
	}
	for _, statement := range []string{`vacuum (analyze)`, `checkpoint`} {
		_, err := db.Exec(statement)
		r.must(err)
	}
}

// count asks for a number.
func (r *rig) count(db *database, query string, args ...any) (n int) {
	r.Helper()
	r.must(db.QueryRow(query, args...).Scan(&n))
	return n
}
