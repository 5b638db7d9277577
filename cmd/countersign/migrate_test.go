package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// An empty database is brought to the schema; doing it again changes nothing,
// and the daemon's role can then work with it.
func TestMigrate(t *testing.T) {
	owner, app := pgtest.Empty(t)
	configured(t, fmt.Sprintf("[database]\nowner_url = %q\n", owner))
	for _, time := range []string{"first", "second"} {
		got := command(t, "migrate")
		if got.code != exitOK || got.out != fmt.Sprintf("The database has schema %d.\n", storage.SchemaVersion) {
			t.Fatalf("the %s time: %d, %s%s", time, got.code, got.out, got.errors)
		}
	}
	store, err := storage.Open(context.Background(), app)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.CheckSchema(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestMigrateWithoutAConfiguration(t *testing.T) {
	got := command(t, "migrate", "--config", t.TempDir()+"/none.toml")
	if got.code != exitUsage || !strings.Contains(got.errors, "none.toml: no such file") || !strings.Contains(got.errors, "hint: Name it with --config") {
		t.Errorf("left with %d and said %s", got.code, got.errors)
	}
}

func TestMigrateWithAnUnknownOption(t *testing.T) {
	configured(t, "[database]\nurl = \"postgres:///x\"\nowners_url = \"postgres:///x\"\n")
	got := command(t, "migrate")
	if got.code != exitUsage || !strings.Contains(got.errors, "3| owners_url") || !strings.Contains(got.errors, "hint: ") {
		t.Errorf("left with %d and said %s", got.code, got.errors)
	}
}

func TestMigrateWithoutAnOwner(t *testing.T) {
	configured(t, "[database]\nurl = \"postgres:///x\"\n")
	got := command(t, "migrate")
	if got.code != exitUsage || !strings.Contains(got.errors, "database.owner_url") {
		t.Errorf("left with %d and said %s", got.code, got.errors)
	}
}

func TestMigrateWithoutADatabase(t *testing.T) {
	configured(t, "[database]\nowner_url = \"postgres:///x?host="+t.TempDir()+"\"\n")
	got := command(t, "migrate")
	if got.code != exitFailed || !strings.Contains(got.errors, "countersign: migrating the database: ") || !strings.Contains(got.errors, "\nhint: Is Postgres running") {
		t.Errorf("left with %d and said %s", got.code, got.errors)
	}
}
