package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	countersign "github.com/countersign/countersign/daemon"
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
	{"wrong version", instead(`version = "1.1"`, `version = "2.0"`), exitNo, `FAULT  policy.version: version "2.0" is not one`, `It implements "1.1".`},
	{"bad address", instead(`"itd@example.com"`, `"itd"`), exitNo, `FAULT  people.itd.addresses: "itd" is not a mail address`, `Write the bare address`},
	{"unknown role", instead(`"it-director"`, `"director"`), exitNo, `FAULT  people.itd.roles: the policy knows no "director"`, `Write some of "it-director"`},
	{"role nobody holds", instead(`roles = ["it-director"]`, ``), exitOK, `note   people: nobody holds the role "it-director"`, `Add "it-director" to somebody's roles.`},
	{"no secret", instead(`"password"`, `"passwort"`), exitNo, `FAULT  mailbox.password_file: reading the password of the mailbox: open `, "The file holds the password on one line"},
	{"no token key", instead(`"token-key-1"`, `"key"`), exitNo, `FAULT  tokens.keys#1.file: `, "Make it once, and keep it: "},

	{"no database server", func(o *town) []string {
		return database(o, func(_ *url.URL, q url.Values) { q.Set("host", "/run/nothing") })
	}, exitNo, "FAULT  database: connecting to the database: dial unix /run/nothing/", "Is the server running, and does database.url say where?"},
	{"no such database", func(o *town) []string {
		return database(o, func(u *url.URL, _ url.Values) { u.Path = "/nothing" })
	}, exitNo, `FAULT  database: connecting to the database: pq: database "nothing" does not exist`, "Create it as docs/operations.md says"},
	{"role without privileges", powerless, exitNo, "permission denied for table", "Connect in database.url as countersign_app"},
	{"no schema", func(o *town) []string {
		_, app := pgtest.Empty(o.t)
		return []string{`url = "` + o.appURL, `url = "` + app}
	}, exitNo, "FAULT  database: the database has no schema yet", "That makes the tables, as the role of database.owner_url."},

	{"no such pruning role", func(o *town) []string {
		return []string{"\nowner_url = ", "\nprune_url = \"" + strings.Replace(o.appURL, "countersign_app", "sweeper", 1) + "\"\nowner_url = "}
	}, exitNo, `FAULT  pruning: connecting to the database: pq: role "sweeper" does not exist`, "Create it as docs/operations.md says, or look for a slip in database.prune_url."},
	{"pruning role that may do more", otherRights(`grant select on tokens to countersign_prune`),
		exitNo, "FAULT  pruning: the database role may do more than prune: select tokens.ballot, select tokens.change, select tokens.generation and 4 more", "take from that role what it should not have"},
	{"pruning role that may not prune", otherRights(`revoke update (raw) on messages from countersign_prune`),
		exitNo, "FAULT  pruning: the database role may not prune: it lacks update messages.raw", "countersign migrate gives that role what it needs."},

	{"no IMAP server", func(o *town) []string { return []string{imap(o), "imap+insecure://127.0.0.1:1"} },
		exitNo, "FAULT  imap: connecting to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", "Is the server running, and does mailbox.imap say where?"},
	{"not an IMAP server", func(o *town) []string { return []string{imap(o), "imap+insecure://" + o.Provider.SMTP} },
		exitNo, "FAULT  imap: connecting to ", "Something else answers there: look at the port in mailbox.imap."},
	{"unknown authority, IMAPS", func(o *town) []string { return []string{imap(o), "imaps://" + o.Provider.IMAPS} },
		exitNo, "certificate signed by unknown authority", "name the authority's file in the variable SSL_CERT_FILE"},
	{"unknown authority, STARTTLS", func(o *town) []string { return []string{smtp(o), "smtp://" + o.Provider.SMTP} },
		exitNo, "certificate signed by unknown authority", "name the authority's file in the variable SSL_CERT_FILE"},
	{"wrong password", wrongPassword, exitNo, "the server refuses the username or the password", "Look at mailbox.username, and at the password"},
	{"no SMTP server", func(o *town) []string { return []string{smtp(o), "smtp+insecure://127.0.0.1:2"} },
		exitNo, "FAULT  smtp: connecting to 127.0.0.1:2: dial tcp 127.0.0.1:2: connect: connection refused", "Is the server running, and does mailbox.smtp say where?"},
}

// Configurations that cannot be read as they should be, each shown with its
// line.
var unreadable = []struct{ name, text, says string }{
	{"unknown key", "[mailbox]\naddress = \"changes@example.com\"\nsizelimit = \"25 MiB\"\n", "3| sizelimit = \"25 MiB\"\n | ~~~~~~~~~ unknown field\n"},
	{"not TOML", "[mailbox]\naddress = \"changes@example.com\"\nsub_address true\n", "3| sub_address true\n |             ~ expected '=' after key\n"},
}

// rewrite gives the town another configuration altogether.
func (o *town) rewrite(text string) {
	o.t.Helper()
	o.t.Setenv("COUNTERSIGN_CONFIG", o.ConfigPath()+".new")
	if err := os.WriteFile(o.ConfigPath()+".new", []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// powerless takes from the daemon's role what it may do in another database.
func powerless(o *town) []string {
	return otherRights(`revoke all on all tables in schema public from countersign_app`)(o)
}

// otherRights has the daemon use a database in which the roles have other rights.
func otherRights(statement string) func(*town) []string {
	return func(o *town) []string {
		owner, app := pgtest.Test(o.t)
		if err := execute(owner, statement); err != nil {
			o.t.Fatal(err)
		}
		return []string{`url = "` + o.appURL, `url = "` + app}
	}
}

func wrongPassword(o *town) []string {
	file := filepath.Join(filepath.Dir(o.ConfigPath()), "old-password")
	if err := os.WriteFile(file, []byte("wrong horse\n"), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return []string{`password_file = "password"`, `password_file = "old-password"`}
}

// Troubles that need another machine to have.
func TestRemedy(t *testing.T) {
	p := countersign.Probe{Name: "imap", Remedy: "Look at it."}
	for _, c := range []struct {
		err  error
		says string
	}{
		{&net.DNSError{Err: "no such host", Name: "imap.example.con"}, "Look for a slip in the host's name in mailbox.imap."},
		{x509.HostnameError{Host: "imap"}, "Write in mailbox.imap the name that stands in the server's certificate."},
		{x509.CertificateInvalidError{Reason: x509.Expired}, "Have the server's certificate renewed"},
		{context.DeadlineExceeded, "Is a firewall in between"},
		{errors.New(`pq: password authentication failed for user "countersign_app"`), "passfile=FILE"},
		{errors.New(`pq: role "countersign_app" does not exist`), "countersign migrate makes that role"},
		{errors.New(`pq: role "countersign_prune" does not exist`), "countersign migrate makes that role."},
		{errors.New(`pq: no pg_hba.conf entry for host "192.0.2.1"`), "Let the role of mailbox.imap in"},
		{errors.New(`pq: database "countersign" does not exist`), "Create it as docs/operations.md says"},
		{errors.New(`pq: Peer authentication failed for user "countersign_app"`), "Run it as the user countersign"},
		{errors.New("the sky is falling"), "Look at it."},
	} {
		if got := remedy(p, fmt.Errorf("connecting: %w", c.err)); !strings.Contains(got, c.says) {
			t.Errorf("%v: %s", c.err, got)
		}
	}
}

func TestCheckHealthy(t *testing.T) {
	got := settle(t).run("check")
	if got.code != exitOK || got.errors != "" || strings.Count(got.out, "ok     ") != 6 || strings.Count(got.out, "note   ") != 2 || !strings.HasSuffix(got.out, "\nNo faults: the daemon can run.\n") {
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

func TestCheckWithoutAConfiguration(t *testing.T) {
	o := settle(t)
	for _, c := range unreadable {
		o.rewrite(c.text)
		got := o.run("check")
		if got.code != exitUsage || got.out != "" || !strings.Contains(got.errors, c.says) || !strings.Contains(got.errors, "hint: Every option is described in countersign.toml(5).\n") {
			t.Errorf("%s: left with %d and said\n%s%s", c.name, got.code, got.out, got.errors)
		}
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
