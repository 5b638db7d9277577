package main

import (
	"errors"
	"fmt"

	"github.com/countersign/countersign/storage"
)

type migrateCmd struct{}

// Help says more than the one line.
func (*migrateCmd) Help() string {
	return `It connects as the role of database.owner_url and is the only verb that does. In an empty
database it makes everything, among it the role countersign_app, as which the daemon connects.
Running it again, or twice at once, does no harm. An older daemon may run on meanwhile unless
CHANGELOG.md says otherwise.`
}

// Run brings the database to the schema of this program. Running it again, or
// twice at once, does no harm.
func (*migrateCmd) Run(g *globals) error {
	c, err := g.read() // the faults do not matter here: a first migration comes before the rest is set up
	if err != nil {
		return err
	}
	if c.Database.OwnerURL == "" {
		return &failure{
			err: errors.New("the configuration names no database.owner_url"), code: exitUsage,
			hint: `Write how the owner of the tables connects, such as "postgres:///countersign?host=/run/postgresql&user=countersign".`,
		}
	}
	if err := storage.Migrate(g.ctx, c.Database.OwnerURL); err != nil {
		return hinted(err,
			"Is Postgres running, does the database exist, and may the role of database.owner_url create tables and roles in it?")
	}
	_, err = fmt.Fprintf(g.stdout, "The database has schema %d.\n", storage.SchemaVersion)
	return err
}
