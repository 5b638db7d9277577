package pg

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// own starts a server for one test, with a database and a table in it.
func own(t *testing.T, opts ...Option) (*Cluster, *sql.DB) {
	t.Helper()
	if len(opts) == 0 {
		opts = []Option{MaxConnections(20)}
	}
	c, err := Start(t.Context(), opts...)
	if errors.Is(err, ErrNoMount) {
		t.Skip(err) // nothing else can be full
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	ownerURL, _, _, err := c.Empty(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, ownerURL)
	if _, err := db.Exec(`create table kept (text text)`); err != nil {
		t.Fatal(err)
	}
	return c, db
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func keep(db *sql.DB, text string) error {
	_, err := db.Exec(`insert into kept (text) values ($1)`, text)
	return err
}

func kept(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(`select count(*) from kept`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func setting(t *testing.T, db *sql.DB, name string) (value string) {
	t.Helper()
	if err := db.QueryRow(`select current_setting($1)`, name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// What was committed is there again after a stop and after a crash.
func TestDownAndUp(t *testing.T) {
	c, db := own(t, Durable())
	if setting(t, db, "fsync") != "on" || setting(t, db, "synchronous_commit") != "on" {
		t.Error("the server is careless")
	}
	for n, end := range []func() error{c.Down, c.Crash} {
		if err := keep(db, "a row"); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(); err == nil {
			t.Fatal("it still answers")
		}
		if err := c.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := kept(t, db); got != n+1 {
			t.Errorf("%d rows are left of %d", got, n+1)
		}
	}
}

// A frozen server answers nobody, neither old connections nor new ones, and
// goes on where it stood.
func TestFreezeAndThaw(t *testing.T) {
	c, db := own(t)
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	if c.Freeze() == nil {
		t.Error("it was frozen twice")
	}
	answered := make(chan error, 1)
	go func() { answered <- keep(db, "held up") }()
	fresh := open(t, c.admin+"&connect_timeout=1")
	if err := fresh.Ping(); err == nil {
		t.Error("it takes new connections")
	}
	select {
	case err := <-answered:
		t.Fatalf("it answered: %v", err)
	default:
	}
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if kept(t, db) != 1 {
		t.Error("the row is lost")
	}
}

// A server that is frozen is stopped all the same.
func TestStopFrozen(t *testing.T) {
	c, err := Start(t.Context(), MaxConnections(20))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Freeze(), c.Stop()); err != nil {
		t.Fatal(err)
	}
	if running(c.server.proc.Pid) || exists(c.server.dir) {
		t.Error("something is left")
	}
}

func TestMaxConnections(t *testing.T) {
	_, db := own(t, MaxConnections(5)) // two of them for an ordinary role
	for n := range 3 {
		conn, err := db.Conn(context.Background())
		if n < 2 && err != nil {
			t.Fatal(err)
		}
		if n == 2 && pq.As(err, pqerror.TooManyConnections) == nil {
			t.Errorf("a connection too many: %v", err)
		}
		if err == nil {
			defer conn.Close()
		}
	}
}

// On a full disk nothing can be written; when there is room again, it can.
func TestSmallDisk(t *testing.T) {
	c, db := own(t, SmallDisk(96<<20))
	if err := c.Fill(64 << 10); err != nil {
		t.Fatal(err)
	}
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		err = keep(db, strings.Repeat("x", 2000))
	}
	if err == nil {
		t.Fatal("a thousand rows went into 64 KiB")
	}
	t.Log(err)
	if err := c.Free(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-c.Ended(): // it gave up when its log had no room
			if err := c.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
		default:
		}
		if err = keep(db, "more"); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// Over TLS the server has a certificate of the authority's, asks for a
// password, and takes no connection in the clear.
func TestOverTLS(t *testing.T) {
	a, err := mailbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	other, err := mailbox.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	c, db := own(t, OverTLS(a))
	var encrypted bool
	if err := db.QueryRow(`select ssl from pg_stat_ssl where pid = pg_backend_pid()`).Scan(&encrypted); err != nil || !encrypted {
		t.Errorf("encrypted: %v, %v", encrypted, err)
	}
	_, appURL, _, err := c.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, appURL).Ping(); err != nil {
		t.Errorf("the daemon's role: %v", err)
	}
	if err := os.WriteFile(filepath.Join(c.server.dir, "other.crt"), other.CAPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, url := range map[string]string{
		"in the clear":            strings.Replace(appURL, "verify-full", "disable", 1),
		"with no password":        strings.Replace(appURL, c.server.password, "", 1),
		"under another authority": strings.Replace(appURL, "ca.crt", "other.crt", 1),
	} {
		if err := ping(t.Context(), url); err == nil {
			t.Errorf("a connection %s is taken", what)
		}
	}
}

// The same database is reached by another way to the server.
func TestThrough(t *testing.T) {
	c := aServer(t)
	ownerURL, _, drop, err := c.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer drop()
	if c.server == nil {
		return // its address is not ours to know
	}
	socket := filepath.Join(t.TempDir(), filepath.Base(c.Address()))
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	came := make(chan error, 1)
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			conn.Close()
		}
		came <- err
	}()
	if err := ping(t.Context(), Through(socket, ownerURL)); err == nil {
		t.Error("somebody answered")
	}
	if err := <-came; err != nil {
		t.Error(err)
	}
	if got := Through("127.0.0.1:7", "postgres://a:b@127.0.0.1:5/db?sslmode=disable"); got != "postgres://a:b@127.0.0.1:7/db?sslmode=disable" {
		t.Errorf("it leads to %s", got)
	}
}
