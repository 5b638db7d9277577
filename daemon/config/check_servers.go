package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/server"
)

// A protocol is how a server may be written.
type protocol struct{ key, url, tls, startTLS, insecure string }

// mixed are ports at which a server speaks the other kind of TLS.
var mixed = map[string]string{
	"imap:993": "imaps", "imaps:143": "imap", "smtp:465": "smtps", "smtps:587": "smtp", "smtps:25": "smtp",
}

func checkServers(c *Config, f *faults) {
	checkServer(f, protocol{"mailbox.imap", c.Mailbox.IMAP, "imaps", "imap", "imap+insecure"})
	checkServer(f, protocol{"mailbox.smtp", c.Mailbox.SMTP, "smtps", "smtp", "smtp+insecure"})
}

func checkServer(f *faults, p protocol) {
	if p.url == "" {
		return // told as missing
	}
	form := fmt.Sprintf("Write %s://HOST:PORT (TLS) or %s://HOST:PORT (STARTTLS).", p.tls, p.startTLS)
	u, err := url.Parse(p.url)
	switch {
	case err != nil:
		f.err(p.key, "cannot be read as a URL: "+reason(err), form)
	case !slices.Contains([]string{p.tls, p.startTLS, p.insecure}, u.Scheme):
		f.err(p.key, fmt.Sprintf("%q is not a way to reach this server", u.Scheme), form)
	case u.User != nil:
		f.err(p.key, "a user name does not belong here", "Use username and password_file.")
	case u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		f.err(p.key, "is not a host and a port", form)
	case u.Scheme == p.insecure && !server.Loopback(u.Hostname()):
		f.err(p.key, fmt.Sprintf("%s would send the password in clear to %s", u.Scheme, u.Hostname()),
			form+" Without encryption only this machine itself may be reached.")
	case mixed[u.Scheme+":"+u.Port()] != "":
		f.warn(p.key, fmt.Sprintf("port %s usually speaks otherwise than %s", u.Port(), u.Scheme),
			fmt.Sprintf("Probably %s://%s is meant.", mixed[u.Scheme+":"+u.Port()], u.Host))
	}
}

// reason is the error without the URL, which may hold a password.
func reason(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

func checkDatabase(c *Config, f *faults) {
	app := checkPostgres(f, "database.url", c.Database.URL)
	owner := checkPostgres(f, "database.owner_url", c.Database.OwnerURL)
	if app != "" && app == owner {
		f.err("database.url", fmt.Sprintf("connects as %q, as owner_url does", app),
			"Let the daemon connect as countersign_app: a role that owns the tables could rewrite the record.")
	}
	if prune := checkPostgres(f, "database.prune_url", c.Database.PruneURL); prune != "" && (prune == app || prune == owner) {
		f.err("database.prune_url", fmt.Sprintf("connects as %q, as another does", prune),
			"Let prune connect as "+pruner+": no other role may take anything out of the archive.")
	}
}

// checkPostgres gives the user the URL names.
func checkPostgres(f *faults, key, text string) (user string) {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil {
		f.err(key, "cannot be read as a URL: "+reason(err), "Write postgres://…, as libpq does.")
		return ""
	}
	q := u.Query()
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		f.err(key, fmt.Sprintf("%q is not Postgres", u.Scheme), "Write postgres://….")
		return ""
	}
	if socket := u.Host == "" && strings.HasPrefix(q.Get("host"), "/"); !socket && q.Get("sslmode") == "" {
		f.err(key, "does not say how the connection is encrypted", "Add sslmode=verify-full, or host=/run/postgresql for the socket on this machine.")
	}
	if _, set := u.User.Password(); set || q.Has("password") {
		f.warn(key, "holds a password, in a file that is no secret", "Put it into a file and write passfile=FILE instead.")
	}
	if name := u.User.Username(); name != "" {
		return name
	}
	return q.Get("user")
}

func checkSecrets(c *Config, f *faults) {
	if c.Mailbox.PasswordFile != "" {
		if _, err := c.Mailbox.Password(); err != nil {
			f.err("mailbox.password_file", err.Error(), "The file holds the password on one line, and the daemon's user can read it.")
		}
		checkPrivate(f, "mailbox.password_file", c.Mailbox.PasswordFile)
	}
	seen := map[string]bool{}
	for i, k := range c.Tokens.Keys {
		key := fmt.Sprintf("tokens.keys#%d", i+1)
		if k.ID == "" || k.File == "" || seen[k.ID] {
			f.err(key, "needs an id of its own and a file", `Write id = "1" and file = "token-key", or the like.`)
			continue
		}
		seen[k.ID] = true
		if _, err := k.read(); err != nil {
			f.err(key+".file", err.Error(), "Make it once, and keep it: "+makeKey(k.File))
		}
		checkPrivate(f, key+".file", k.File)
	}
}

func checkPrivate(f *faults, key, file string) {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o007 != 0 {
		f.warn(key, "everyone on this machine can read "+file, "chmod o= "+file)
	}
}
