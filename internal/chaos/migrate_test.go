package chaos_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/program"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/storage"
)

// An empty is a database without a schema, and a configuration that names it.
type empty struct {
	t        *testing.T
	ctx      context.Context
	settings stage.Settings
	dir      string
	owner    *sql.DB
}

func newEmpty(t *testing.T) *empty {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	e := &empty{t: t, ctx: ctx, dir: t.TempDir()}
	e.settings.OwnerURL, e.settings.AppURL = pgtest.Empty(t)
	if err := e.settings.Write(e.dir); err != nil {
		t.Fatal(err)
	}
	var err error
	if e.owner, err = sql.Open("postgres", e.settings.OwnerURL+"&application_name=test"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.owner.Close() })
	return e
}

func (e *empty) migrate(traps string) *program.Process {
	e.t.Helper()
	p, err := program.Start(program.Options{Config: filepath.Join(e.dir, stage.ConfigName), Failpoints: traps}, "migrate")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			e.t.Error(err)
		}
	})
	return p
}

// dies migrates until the trap kills it.
func (e *empty) dies(traps string) {
	e.t.Helper()
	if p := e.migrate(traps); p.Wait(e.ctx) == nil || !p.Killed() {
		e.t.Fatalf("it was not killed:\n%s", p.Log())
	}
	e.alone()
}

// alone waits until the database has noticed that the program is dead.
func (e *empty) alone() {
	e.t.Helper()
	e.await(`select not exists (select from pg_stat_activity where datname = current_database() and application_name <> 'test')`)
}

// await waits until the query says so.
func (e *empty) await(query string) {
	e.t.Helper()
	for so := false; !so; {
		if err := e.owner.QueryRowContext(e.ctx, query).Scan(&so); err != nil {
			e.t.Fatalf("waiting for %s: %v", query, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// schema lists all there is in the database, and its version.
func (e *empty) schema() string {
	e.t.Helper()
	var all string
	err := e.owner.QueryRowContext(e.ctx, `
		select string_agg(line, e'\n' order by line) from (
			select concat_ws(' ', 'column', table_name, column_name, data_type, column_default, is_nullable) as line
				from information_schema.columns where table_schema = 'public'
			union all select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
				from pg_constraint where connamespace = 'public'::regnamespace
			union all select indexdef from pg_indexes where schemaname = 'public'
			union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
			union all select concat('migration ', version_id) from goose_db_version
			union all select concat_ws(' ', 'grant', grantee, privilege_type, table_name) from information_schema.role_table_grants where table_schema = 'public'
		) as lines`).Scan(&all)
	if err != nil {
		e.t.Fatal(err)
	}
	return all
}

func (e *empty) version() (version int) {
	e.t.Helper()
	if err := e.owner.QueryRowContext(e.ctx, `select version from schema_info`).Scan(&version); err != nil {
		e.t.Fatal(err)
	}
	return version
}

// completes migrates to the end: the schema is that of a database in which
// nothing went wrong.
func (e *empty) completes() {
	e.t.Helper()
	if err := e.migrate("").Wait(e.ctx); err != nil {
		e.t.Fatal(err)
	}
	untroubled := newEmpty(e.t)
	if err := untroubled.migrate("").Wait(e.ctx); err != nil {
		e.t.Fatal(err)
	}
	if got, want := e.schema(), untroubled.schema(); got != want {
		e.t.Errorf("the schema is\n%s\nnot\n%s", got, want)
	}
	if v := e.version(); v != storage.SchemaVersion {
		e.t.Errorf("the schema has version %d", v)
	}
}

// migrate is killed after each of its migrations; the next time it goes on from
// there.
func TestMigrateKilledBetweenMigrations(t *testing.T) {
	for n := 1; n <= storage.SchemaVersion; n += 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			e := newEmpty(t)
			e.dies(fmt.Sprintf("%s:%d=kill", failpoint.Migrating, n))
			if v := e.version(); v != n {
				t.Errorf("the schema has version %d", v)
			}
			e.completes()
		})
	}
}

// migrate is killed inside a migration, while it waits for a lock: nothing of
// the migration is there, and the next time all of it is.
func TestMigrateKilledInsideAMigration(t *testing.T) {
	e := newEmpty(t)
	e.dies(fmt.Sprintf("%s:4=kill", failpoint.Migrating))
	before := e.schema()
	lock, err := e.owner.BeginTx(e.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.ExecContext(e.ctx, `lock table schema_info`); err != nil {
		t.Fatal(err)
	}
	p := e.migrate("")
	e.await(`select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	e.alone()
	if after := e.schema(); after != before {
		t.Errorf("before it was killed the schema was\n%s\nnow it is\n%s", before, after)
	}
	e.completes()
}
