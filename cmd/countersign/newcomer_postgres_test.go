package main

import (
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// letIn gives the new database the rules of the README (step 2), where the
// server is ours to rule: until then it trusts everybody on this machine, which
// Debian's does not. The rules name the database and the system's user of the
// README; here they are others.
func (o *office) letIn(owner string) {
	o.t.Helper()
	u, err := url.Parse(owner)
	if err != nil {
		o.t.Fatal(err)
	}
	data := filepath.Join(u.Query().Get("host"), "data")
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		return // somebody else's server, with rules of its own
	}
	me, err := user.Current()
	if err != nil {
		o.t.Fatal(err)
	}
	database := strings.TrimPrefix(u.Path, "/")
	o.prepend(data+"/pg_ident.conf", column(1, me.Username, readmeBlock(o.t, "countersign  countersign")))
	o.prepend(data+"/pg_hba.conf", column(1, database, readmeBlock(o.t, "local  countersign"))+
		"local "+database+" all reject\n")
	o.reload(u)
}

// column puts another word into the column of each line.
func column(n int, word, lines string) (changed string) {
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		words[n] = word
		changed += strings.Join(words, " ") + "\n"
	}
	return changed
}

// prepend writes above what the file holds, which stays its owner's.
func (o *office) prepend(file, lines string) {
	o.t.Helper()
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append([]byte(lines), before...), 0o600)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// reload has the server read its rules again, and waits until the superuser may
// no longer enter the database.
func (o *office) reload(u *url.URL) {
	o.t.Helper()
	superuser := *u
	superuser.RawQuery = url.Values{"host": {u.Query().Get("host")}, "user": {"postgres"}}.Encode()
	db, err := sql.Open("postgres", superuser.String())
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxIdleConns(0) // each question is a new connection
	if _, err := db.Exec(`select pg_reload_conf()`); err != nil {
		o.t.Fatal(err)
	}
	o.until(func() string {
		if db.Ping() == nil {
			return "Postgres does not read its rules again"
		}
		return ""
	})
}
