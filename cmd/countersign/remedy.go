package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"

	countersign "github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/records/confluence"
)

// option is where in the configuration a server stands.
var option = map[string]string{"database": "database.url", "pruning": "database.prune_url", "imap": "mailbox.imap", "smtp": "mailbox.smtp"}

// remedies say what to do about a server that fails in a way we know; the first
// that fits is told. OPTION stands for the option that names the server.
var remedies = []struct {
	fits func(error) bool
	do   string
}{
	{is[x509.UnknownAuthorityError], "Add its authority to those this machine trusts, or name the authority's file in the variable SSL_CERT_FILE."},
	{is[x509.HostnameError], "Write in OPTION the name that stands in the server's certificate."},
	{is[x509.CertificateInvalidError], "Have the server's certificate renewed, and look at this machine's clock."},
	{is[*net.DNSError], "Look for a slip in the host's name in OPTION."},
	{says("refuses the username or the password"), "Look at mailbox.username, and at the password in the file mailbox.password_file names."},
	{says("run countersign migrate"), "That makes the tables, as the role of database.owner_url."},
	{says("could rewrite the record"), "Connect in OPTION as countersign_app, which may add to the record and nothing else."},
	{says("may do more than prune"), "Connect in OPTION as countersign_prune, and take from that role what it should not have: REVOKE."},
	{says("may not prune"), "Connect in OPTION as countersign_prune: countersign migrate gives that role what it needs."},
	{says("permission denied"), "Connect in OPTION as countersign_app: countersign migrate gives that role what it needs."},
	{says("password authentication failed"), "Name in OPTION, with passfile=FILE, the file that holds the role's password."},
	{says(`role "countersign_app" does not exist`), "countersign migrate makes that role, and the tables."},
	{says(`role "countersign_prune" does not exist`), "countersign migrate makes that role."},
	{says("no pg_hba.conf entry"), "Let the role of OPTION in: pg_hba.conf and pg_ident.conf as docs/operations.md says."},
	{says("Peer authentication failed"), "Run it as the user countersign, and look at pg_hba.conf and pg_ident.conf as docs/operations.md says."},
	{says("does not exist"), "Create it as docs/operations.md says, or look for a slip in OPTION."},
	{nobodyThere, "Is the server running, and does OPTION say where?"},
	{timedOut, "Is a firewall in between, and does OPTION name the right port?"},
	{says("before greeting"), "Something else answers there: look at the port in OPTION."},
}

// remedy says what to do about a server that could not be used.
func remedy(p countersign.Probe, err error) string {
	if e, ok := errors.AsType[*confluence.Error](err); ok {
		return e.Kind.Remedy()
	}
	for _, r := range remedies {
		if r.fits(err) {
			return strings.ReplaceAll(r.do, "OPTION", option[p.Name])
		}
	}
	return p.Remedy
}

// databaseProbe is the database to the verbs that only look at it, with what to
// say of a fault nobody knows.
func databaseProbe(otherwise string) countersign.Probe {
	return countersign.Probe{Name: "database", Remedy: otherwise}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// nobodyThere is a port, or a socket, at which nobody listens.
func nobodyThere(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// says is for errors of a server, which are text.
func says(words string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), words) }
}

func timedOut(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}
