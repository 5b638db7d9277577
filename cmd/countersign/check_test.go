package main

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/lib/pq" // makes the role that has no privileges

	"github.com/countersign/countersign/internal/testkit/pgtest"
)

// A trouble is one thing that can be wrong with a town, and what check says of
// it.
type trouble struct {
	name   string
	make   func(*town) []string // pairs for configure
	code   int
	says   string
	remedy string
}

// instead changes one text of the configuration.
func instead(was, is string) func(*town) []string {
	return func(*town) []string { return []string{was, is} }
}

// database has the daemon connect elsewhere.
func database(o *town, edit func(*url.URL, url.Values)) []string {
	u, err := url.Parse(o.appURL)
	if err != nil {
		o.t.Fatal(err)
	}
	query := u.Query()
	edit(u, query)
	u.RawQuery = query.Encode()
	return []string{`url = "` + o.appURL + `"`, `url = "` + u.String() + `"`}
}

func imap(o *town) string { return "imap+insecure://" + o.Provider.IMAP }
func smtp(o *town) string { return "smtp+insecure://" + o.Provider.SMTP }

var troubles = []trouble{
	{"unknown key", instead("size_limit", "sizelimit"), exitUsage, "13| sizelimit", "hint: Every option is described"},
	{"not TOML", instead("sub_address = true", "sub_address true"), exitUsage, "11| sub_address true", "hint: Every option is described"},
	{"wrong version", instead(`version = "1.1"`, `version = "2.0"`), exitNo, `FAULT  policy.version: version "2.0" is not one`, `It implements "1.1".`},
	{"bad address", instead(`"itd@example.com"`, `"itd"`), exitNo, `FAULT  people.itd.addresses: "itd" is not a mail address`, `Write the bare address`},
	{"unknown role", instead(`"it-director"`, `"director"`), exitNo, `FAULT  people.itd.roles: the policy knows no "director"`, `Write some of "it-director"`},
	{"role nobody holds", instead(`roles = ["it-director"]`, ``), exitOK, `note   people: nobody holds the role "it-director"`, `Add "it-director" to somebody's roles.`},
	{"no secret", instead(`"password"`, `"passwort"`), exitNo, `FAULT  mailbox.password_file: reading the password of the mailbox: open `, "The file holds the password on one line"},
	{"no token key", instead(`"token-key"`, `"key"`), exitNo, `FAULT  tokens.keys#1.file: `, "Make it once, and keep it: "},

	{"no database server", func(o *town) []string {
		return database(o, func(_ *url.URL, q url.Values) { q.Set("host", "/run/nothing") })
	}, exitNo, "FAULT  database: connecting to the database: dial unix /run/nothing/", "Is the server running, and does database.url say where?"},
	{"no such database", func(o *town) []string {
		return database(o, func(u *url.URL, _ url.Values) { u.Path = "/nothing" })
	}, exitNo, `FAULT  database: connecting to the database: pq: database "nothing" does not exist`, "Create it as docs/operations.md says"},
	{"no such role", func(o *town) []string {
		return database(o, func(_ *url.URL, q url.Values) { q.Set("user", "nobody_at_all") })
	}, exitNo, `FAULT  database: connecting to the database: pq: role "nobody_at_all" does not exist`, "Create it as docs/operations.md says"},
	{"role without privileges", powerless, exitNo, "permission denied for table", "Connect in database.url as countersign_app"},
	{"no schema", func(o *town) []string {
		_, app := pgtest.Empty(o.t)
		return []string{`url = "` + o.appURL, `url = "` + app}
	}, exitNo, "FAULT  database: the database has no schema yet", "Run countersign migrate."},

	{"no IMAP server", func(o *town) []string { return []string{imap(o), "imap+insecure://127.0.0.1:1"} },
		exitNo, "FAULT  imap: connecting to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", "Is the server running, and does mailbox.imap say where?"},
	{"no such host", func(o *town) []string { return []string{imap(o), "imaps://imap.invalid:993"} },
		exitNo, "FAULT  imap: connecting to imap.invalid:993: ", "Look for a slip in the host's name in mailbox.imap."},
	{"not an IMAP server", func(o *town) []string { return []string{imap(o), "imap+insecure://" + o.Provider.SMTP} },
		exitNo, "FAULT  imap: connecting to ", "Something else answers there: look at the port in mailbox.imap."},
	{"unknown authority, IMAPS", func(o *town) []string { return []string{imap(o), "imaps://" + o.Provider.IMAPS} },
		exitNo, "certificate signed by unknown authority", "name the authority's file in the variable SSL_CERT_FILE"},
	{"unknown authority, STARTTLS", func(o *town) []string { return []string{smtp(o), "smtp://" + o.Provider.SMTP} },
		exitNo, "certificate signed by unknown authority", "name the authority's file in the variable SSL_CERT_FILE"},
	{"wrong password", wrongPassword, exitNo, "the server refuses the username or the password", "Look at mailbox.username, and at the password"},
	{"no SMTP server", func(o *town) []string { return []string{smtp(o), "smtp+insecure://127.0.0.1:1"} },
		exitNo, "FAULT  smtp: connecting to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", "Is the server running, and does mailbox.smtp say where?"},
}

// powerless has the daemon connect as a role to which nothing was granted.
func powerless(o *town) []string {
	db, err := sql.Open("postgres", o.ownerURL)
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`create role passer_by login`); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		if err := execute(o.ownerURL, `drop role passer_by`); err != nil {
			o.t.Error(err)
		}
	})
	return database(o, func(u *url.URL, q url.Values) {
		if u.User == nil {
			q.Set("user", "passer_by")
			return
		}
		u.User = url.User("passer_by")
	})
}

func wrongPassword(o *town) []string {
	file := filepath.Join(filepath.Dir(o.ConfigPath()), "old-password")
	if err := os.WriteFile(file, []byte("wrong horse\n"), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return []string{`password_file = "password"`, `password_file = "old-password"`}
}

func TestCheckHealthy(t *testing.T) {
	got := settle(t).run("check")
	if got.code != exitOK || got.errors != "" || strings.Count(got.out, "ok     ") != 4 || !strings.HasSuffix(got.out, "\nNo faults: the daemon can run.\n") {
		t.Errorf("left with %d and said\n%s%s", got.code, got.out, got.errors)
	}
}

// Each trouble is named with its remedy, and only troubles that keep the daemon
// from working make the answer no.
func TestCheckNamesEachTrouble(t *testing.T) {
	o := settle(t)
	for _, c := range troubles {
		t.Run(c.name, func(t *testing.T) {
			o.t = t
			o.configure(c.make(o)...)
			got := o.run("check")
			said := got.out + got.errors
			if got.code != c.code || !strings.Contains(said, c.says) || !strings.Contains(said, c.remedy) {
				t.Errorf("left with %d and said\n%s", got.code, said)
			}
			if mark := strings.Contains(got.out, "FAULT"); mark != (c.code == exitNo) {
				t.Errorf("a fault is marked: %v\n%s", mark, got.out)
			}
		})
	}
}

func TestCheckInJSON(t *testing.T) {
	o := settle(t)
	o.configure(imap(o), "imap+insecure://127.0.0.1:1")
	got := o.run("check", "--json")
	var findings []finding
	if err := json.Unmarshal([]byte(got.out), &findings); err != nil {
		t.Fatal(err)
	}
	marks := map[string]mark{}
	for _, f := range findings {
		marks[f.What] = f.Mark
	}
	if got.code != exitNo || marks["imap"] != markFault || marks["smtp"] != markOK || marks["database"] != markOK {
		t.Errorf("left with %d and said %s", got.code, got.out)
	}
}
