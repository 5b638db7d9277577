package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/storage"
)

// TestMain plays the other process of the stories below, where it is told to.
func TestMain(m *testing.M) {
	switch os.Getenv("PG_TEST_AS") {
	case "":
		code := m.Run()
		if shared != nil {
			code = max(code, stop(shared))
		}
		os.Exit(code)
	case "victim": // starts a server, says where, and waits to be killed
		c, err := Start(context.Background())
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.server.proc.Pid, c.server.dir)
		time.Sleep(time.Hour)
	case "ordinary": // uses a server as an ordinary user
		if err := use(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

var shared *Cluster

func stop(c *Cluster) (code int) {
	if err := c.Stop(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// aServer gives a server that several tests share.
func aServer(t *testing.T) *Cluster {
	t.Helper()
	if shared == nil {
		c, err := Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shared = c
	}
	return shared
}

// use starts a server, makes two databases and stops it again.
func use() error {
	ctx := context.Background()
	c, err := Start(ctx)
	if err != nil {
		return err
	}
	for range 2 {
		if err := tryDatabase(ctx, c); err != nil {
			return errors.Join(err, c.Stop())
		}
	}
	if err := c.Stop(); err != nil {
		return err
	}
	if c.server != nil && exists(c.server.dir) {
		return fmt.Errorf("%s is left", c.server.dir)
	}
	return nil
}

func tryDatabase(ctx context.Context, c *Cluster) error {
	ownerURL, appURL, drop, err := c.Database(ctx)
	if err != nil {
		return err
	}
	defer drop()
	if err := storage.Migrate(ctx, ownerURL); err != nil {
		return err
	}
	s, err := storage.Open(ctx, appURL)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.CheckSchema(ctx)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestStartAndStop(t *testing.T) {
	if err := use(); err != nil {
		t.Fatal(err)
	}
}

// As root the server runs as another user; the same must work for an ordinary
// user, without changing it.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // TestStartAndStop was just that
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	dir := forEverybody(t)
	cmd := exec.Command(copyOfMe(t, dir))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PG_TEST_AS=ordinary", "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// forEverybody is a folder in which any user may write.
func forEverybody(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pgtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyOfMe copies the test program to where another user can run it.
func copyOfMe(t *testing.T, dir string) string {
	t.Helper()
	me, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer me.Close()
	path := filepath.Join(dir, "me")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, me)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// A server outlives nobody: when the program that started it is killed, it
// ends.
func TestServerDiesWithUs(t *testing.T) {
	if os.Getenv("COUNTERSIGN_TEST_DSN") != "" {
		return // it is not our server
	}
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "PG_TEST_AS=victim")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	if _, err := fmt.Fscan(out, &pid, &dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	victim.Wait() //nolint:errcheck // it was killed
	for end := time.Now().Add(20 * time.Second); running(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the server (%d) lives on", pid)
		}
	}
}

// running says whether the process is there and not merely waiting to be
// buried.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// Two databases know nothing of each other.
func TestDatabasesAreSeparate(t *testing.T) {
	c := aServer(t)
	var dbs [2]*sql.DB
	for i := range dbs {
		ownerURL, _, drop, err := c.Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer drop()
		if dbs[i], err = sql.Open("postgres", ownerURL); err != nil {
			t.Fatal(err)
		}
		defer dbs[i].Close()
	}
	if _, err := dbs[0].Exec(`insert into numbers (series, year, last) values ('CHG', 2026, 1)`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := dbs[1].QueryRow(`select count(*) from numbers`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v; want none", n, err)
	}
}

// Nobody else can reach the server: there is no TCP, and its socket lies in a
// folder only its user can enter.
func TestServerIsPrivate(t *testing.T) {
	if os.Getenv("COUNTERSIGN_TEST_DSN") != "" {
		return // it is not our server
	}
	c := aServer(t)
	info, err := os.Stat(c.server.dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode is %v", info.Mode())
	}
	db, err := sql.Open("postgres", c.admin)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var listens string
	if err := db.QueryRow(`show listen_addresses`).Scan(&listens); err != nil || listens != "" {
		t.Errorf("it listens on %q, %v", listens, err)
	}
}

// Without the programs, one line says what to do.
func TestMissingBinaries(t *testing.T) {
	t.Setenv("COUNTERSIGN_TEST_DSN", "")
	t.Setenv("COUNTERSIGN_PG_BIN", t.TempDir())
	_, err := Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "COUNTERSIGN_PG_BIN") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(errNoBinaries.Error(), "apt-get install postgresql") {
		t.Errorf("error %v", errNoBinaries)
	}
}

// A server that cannot start says why.
func TestServerThatCannotStart(t *testing.T) {
	t.Setenv("COUNTERSIGN_TEST_DSN", "")
	bin := forEverybody(t)
	for program, script := range map[string]string{
		"initdb": "#!/bin/sh\nexit 0\n", "postgres": "#!/bin/sh\necho 'FATAL: no memory'\nexit 1\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("COUNTERSIGN_PG_BIN", bin)
	_, err := Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("error %v", err)
	}
}

// On somebody else's server, databases are made and dropped, and nothing is
// left.
func TestOtherServer(t *testing.T) {
	if os.Getenv("COUNTERSIGN_TEST_DSN") != "" {
		return // every other test shows it
	}
	theirs := aServer(t)
	if err := theirs.exec(t.Context(), `create role tester superuser login password 'secret'`); err != nil {
		t.Fatal(err)
	}
	before := databases(t, theirs)
	t.Setenv("COUNTERSIGN_TEST_DSN", fmt.Sprintf("postgres:///postgres?host=%s&user=tester&password=secret", theirs.server.dir))
	if err := use(); err != nil {
		t.Fatal(err)
	}
	if after := databases(t, theirs); after != before {
		t.Errorf("there were %d databases, now there are %d", before, after)
	}
}

func databases(t *testing.T, c *Cluster) (n int) {
	t.Helper()
	db, err := sql.Open("postgres", c.admin)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`select count(*) from pg_database`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
