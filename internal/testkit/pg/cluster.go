// Package pg gives the tests and the demo a real Postgres to throw away, and
// in it as many fresh, migrated databases as they want.
//
// The server is looked for in this order: the one COUNTERSIGN_TEST_DSN names (a
// postgres:// URL of a role that may create roles and databases), else a
// private one started from the programs in COUNTERSIGN_PG_BIN, else from those
// in /usr/lib/postgresql/*/bin. As root the private server runs as another
// user, because Postgres refuses root; as an ordinary user it runs as that
// user.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/lib/pq"

	"github.com/countersign/countersign/storage"
)

// The roles of a private server.
const (
	superuser = "postgres"
	owner     = "countersign"
	app       = "countersign_app"
	pruner    = "countersign_prune"
)

// A Cluster is a Postgres server in which databases are made and dropped.
type Cluster struct {
	server *server // nil where the server is not ours
	admin  string  // URL of a role that may create databases
	owner  string  // name of the role that owns them
	name   string  // what the names of its databases begin with
	made   atomic.Int64
}

// clusters counts the clusters of this process, which may be on one server.
var clusters atomic.Int64

// Start starts a server, or connects to the one COUNTERSIGN_TEST_DSN names. With
// options it is always a private one.
func Start(ctx context.Context, opts ...Option) (*Cluster, error) {
	c, err := find(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := c.makeTemplate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the server: %w", err), c.Stop())
	}
	return c, nil
}

func find(ctx context.Context, opts []Option) (*Cluster, error) {
	name := fmt.Sprintf("countersign_%d_%d", os.Getpid(), clusters.Add(1))
	if dsn := os.Getenv("COUNTERSIGN_TEST_DSN"); dsn != "" && len(opts) == 0 {
		u, err := url.Parse(dsn)
		if err != nil {
			return nil, errors.New("COUNTERSIGN_TEST_DSN is not a URL")
		}
		return &Cluster{admin: dsn, owner: roleOf(u), name: name}, nil
	}
	server, err := start(ctx, gather(opts))
	if err != nil {
		return nil, err
	}
	if err := server.admit(ctx); err != nil {
		return nil, errors.Join(err, server.stop())
	}
	return &Cluster{server: server, admin: server.url(), owner: owner, name: name}, nil
}

// template is the name of the migrated database that every other is a copy of.
func (c *Cluster) template() string { return c.name + "_template" }

// makeTemplate makes the template. On our
// own server the owner is a role without special powers, as in production.
func (c *Cluster) makeTemplate(ctx context.Context) error {
	if c.server != nil {
		role := `create role countersign login createrole`
		if c.server.password != "" {
			role += ` password ` + pq.QuoteLiteral(c.server.password)
		}
		if err := c.exec(ctx, role); err != nil {
			return err
		}
	}
	if err := c.exec(ctx, `create database `+c.template()+` owner `+pq.QuoteIdentifier(c.owner)); err != nil {
		return err
	}
	if err := storage.Migrate(ctx, c.url(c.owner, c.template())); err != nil {
		return err
	}
	return c.letIn(ctx)
}

// letIn gives the roles that migrating made the admin's password, where there is
// one.
func (c *Cluster) letIn(ctx context.Context) error {
	u, err := url.Parse(c.admin)
	if err != nil {
		return err
	}
	password, set := u.User.Password()
	if !set {
		password = u.Query().Get("password")
	}
	if password == "" {
		return nil
	}
	return c.exec(ctx, `alter role `+app+` password `+pq.QuoteLiteral(password)+`; alter role `+pruner+` password `+pq.QuoteLiteral(password))
}

// Database makes a fresh, migrated database. It gives the URL of its owner,
// that of the role the daemon runs as, and a function that drops it again.
func (c *Cluster) Database(ctx context.Context) (ownerURL, appURL string, drop func(), err error) {
	return c.database(ctx, ` template `+c.template())
}

// Empty makes a database without a schema, as [Cluster.Database] does.
func (c *Cluster) Empty(ctx context.Context) (ownerURL, appURL string, drop func(), err error) {
	return c.database(ctx, ``)
}

func (c *Cluster) database(ctx context.Context, from string) (ownerURL, appURL string, drop func(), err error) {
	name := fmt.Sprintf("%s_%d", c.name, c.made.Add(1))
	if err := c.exec(ctx, `create database `+name+` owner `+pq.QuoteIdentifier(c.owner)+from); err != nil {
		return "", "", nil, fmt.Errorf("making a database: %w", err)
	}
	drop = func() {
		// With force: whoever is still connected does not keep it alive.
		c.exec(context.WithoutCancel(ctx), `drop database if exists `+name+` with (force)`) //nolint:errcheck // what is left goes with the server
	}
	return c.url(c.owner, name), c.url(app, name), drop, nil
}

// Stop ends a server of ours; on another's, it removes what [Start] made there.
func (c *Cluster) Stop() error {
	if c.server != nil {
		return c.server.stop()
	}
	return c.exec(context.Background(), `drop database if exists `+c.template()+` with (force)`)
}

// url is the admin's URL for another role and database.
func (c *Cluster) url(role, database string) string { return as(role, "/"+database, c.admin) }

// AsPruner is the URL of the same database for the role that prunes.
func AsPruner(raw string) string { return as(pruner, "", raw) }

// as is the URL for another role and, if it is given, another path. A password in
// it holds for every role.
func as(role, path, raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic("pg: not a URL: " + err.Error())
	}
	query := u.Query()
	if path != "" {
		u.Path = path
	}
	switch password, set := u.User.Password(); {
	case set:
		u.User = url.UserPassword(role, password)
	case u.User != nil:
		u.User = url.User(role)
	default:
		query.Set("user", role)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func roleOf(u *url.URL) string {
	if name := u.User.Username(); name != "" {
		return name
	}
	return u.Query().Get("user")
}

func (c *Cluster) exec(ctx context.Context, statement string) error {
	return run(ctx, c.admin, statement)
}

func run(ctx context.Context, url, statement string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func ping(ctx context.Context, url string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}
