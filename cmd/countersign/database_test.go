package main

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the tests look at the tables from outside
)

// execute does something to a database behind the program's back.
func execute(url, statement string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// tamper does it as the owner, who may.
func (o *town) tamper(statement string) {
	o.t.Helper()
	if err := execute(o.ownerURL, statement); err != nil {
		o.t.Fatal(err)
	}
}

// tables is a sum over every row of every table.
func (o *town) tables() string {
	o.t.Helper()
	db, err := sql.Open("postgres", o.ownerURL)
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`select table_name from information_schema.tables where table_schema = 'public' order by 1`)
	if err != nil {
		o.t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var table, sum string
		if err := rows.Scan(&table); err != nil {
			o.t.Fatal(err)
		}
		err := db.QueryRow(`select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from ` + table + ` as t`).Scan(&sum)
		if err != nil {
			o.t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s: %s\n", table, sum)
	}
	if rows.Err() != nil || !strings.Contains(all.String(), "chain_head: 1 ") {
		o.t.Fatalf("%v\n%s", rows.Err(), all.String())
	}
	return all.String()
}

// What a tampered database is told to be; the mended one, and the one that
// cannot be mended.
func TestRebuild(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	if got := o.run("rebuild", "--check"); got.code != exitOK || !strings.HasSuffix(got.out, "1 change: the record holds and everything agrees with it.\n") {
		t.Fatalf("untouched: left with %d and said %s%s", got.code, got.out, got.errors)
	}

	o.tamper(`update changes set title = 'Something harmless'`)
	before := o.tables()
	got := o.run("rebuild", "--check")
	if got.code != exitNo || !strings.Contains(got.out, `title is "Something harmless", its events tell "Upgrade PostgreSQL`) || !strings.HasSuffix(got.out, ": 1 difference.\n") {
		t.Errorf("another title: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("rebuild --check wrote:\n%s%s", before, after)
	}
	if got := o.run("rebuild"); got.code != exitOK || !strings.HasSuffix(got.out, ": 1 difference, mended.\n") {
		t.Errorf("mending: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	if got := o.run("rebuild", "--check"); got.code != exitOK {
		t.Errorf("mended: left with %d and said %s%s", got.code, got.out, got.errors)
	}

	o.tamper(`update event_payloads set payload = replace(payload, 'PostgreSQL', 'MySQL')`)
	if got := o.run("rebuild", "--check"); got.code != exitNo || !strings.Contains(got.out, "its payload was altered") {
		t.Errorf("another payload: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	before = o.tables()
	if got := o.run("rebuild"); got.code != exitFailed || !strings.Contains(got.errors, "the record itself is damaged\nhint: Nothing was written.") {
		t.Errorf("a damaged record: left with %d and said %s%s", got.code, got.out, got.errors)
	}
	if after := o.tables(); after != before {
		t.Errorf("rebuild wrote from a damaged record:\n%s%s", before, after)
	}
}
