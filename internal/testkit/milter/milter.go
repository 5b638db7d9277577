// Package milter runs the programs of Debian that real mail servers have sign
// mail and check it, for tests: OpenDKIM and rspamd, each with its own
// configuration in a directory that goes away, on loopback only. They speak the
// milter protocol to a Postfix.
package milter

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/child"
)

// A Server is a running milter.
type Server struct {
	Address string // "inet:127.0.0.1:port", as Postfix has it

	dir     string
	process *child.Process
}

// A program is one of them, installed.
type program struct {
	name, path, user string
	args             func(dir string) []string
	files            map[string]string // of its directory, with {{…}} for what only the start knows
}

// A Key is what a domain signs with.
type Key struct {
	private *rsa.PrivateKey
}

// NewKey makes a key.
func NewKey() (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making a DKIM key: %w", err)
	}
	return &Key{private}, nil
}

// Record is the text record of the key (RFC 6376, 3.6.1).
func (k *Key) Record() string {
	public, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
	if err != nil {
		panic(err) // an RSA key it has just made
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
}

// Selector is that of all keys here.
const Selector = "s"

// OpenDKIM starts an OpenDKIM that signs the mail of the domain.
func OpenDKIM(ctx context.Context, domain string, key *Key) (*Server, error) {
	secret := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.private)})
	return start(ctx, program{
		name: "opendkim", path: "/usr/sbin/opendkim", user: "opendkim",
		args: func(dir string) []string { return []string{"-f", "-x", filepath.Join(dir, "conf"), "-u", "opendkim"} },
		files: map[string]string{
			"key": string(secret),
			"conf": `
Mode s
Socket inet:{{port}}@127.0.0.1
Domain ` + domain + `
Selector ` + Selector + `
KeyFile {{dir}}/key
RequireSafeKeys no
Canonicalization relaxed/simple
OversignHeaders From
InternalHosts 127.0.0.1
Syslog no
`,
		},
	})
}

// OpenDKIMChecks starts an OpenDKIM that checks signatures by the text records
// given, and reports as host.
func OpenDKIMChecks(ctx context.Context, host string, records map[string]string) (*Server, error) {
	var dns strings.Builder
	for name, text := range records {
		fmt.Fprintf(&dns, "%s %s\n", name, text)
	}
	return start(ctx, program{
		name: "opendkim", path: "/usr/sbin/opendkim", user: "opendkim",
		args: func(dir string) []string { return []string{"-f", "-x", filepath.Join(dir, "conf"), "-u", "opendkim"} },
		files: map[string]string{
			"dns": dns.String(),
			"conf": `
Mode v
Socket inet:{{port}}@127.0.0.1
AuthservID ` + host + `
AlwaysAddARHeader yes
TestDNSData file:{{dir}}/dns
InternalHosts 192.0.2.1
Syslog no
`,
		},
	})
}

// Rspamd starts an rspamd that checks SPF, DKIM and DMARC by what the name server
// says, refuses nothing, and reports as host.
func Rspamd(ctx context.Context, nameServer, host string) (*Server, error) {
	return start(ctx, program{
		name: "rspamd", path: "/usr/bin/rspamd", user: "_rspamd",
		args: func(dir string) []string {
			return []string{"-f", "-c", filepath.Join(dir, "conf"), "-u", "_rspamd", "-g", "_rspamd"}
		},
		files: map[string]string{"conf": `
lua = "/usr/share/rspamd/rules/rspamd.lua";
modules { path = "/usr/share/rspamd/plugins/"; }
options {
	pidfile = "{{dir}}/pid";
	tempdir = "{{dir}}";
	cache_file = "{{dir}}/symbols.cache";
	hs_cache_dir = "{{dir}}/";
	control_socket = "{{dir}}/control mode=0600";
	url_tld = "/usr/share/rspamd/effective_tld_names.dat";
	filters = "dkim";
	local_addrs = ["192.0.2.0/24"]; # loopback is elsewhere, here
	dns { nameserver = ["` + nameServer + `"]; timeout = 2s; retransmits = 2; }
}
logging { type = "file"; filename = "{{dir}}/log"; level = "info"; }
worker "rspamd_proxy" {
	bind_socket = "127.0.0.1:{{port}}";
	count = 1;
	milter = yes;
	timeout = 60s;
	upstream "local" { default = yes; self_scan = yes; }
}
dkim { check_local = true; check_authed = true; }
spf { check_local = true; check_authed = true; }
dmarc { check_local = true; check_authed = true; }
milter_headers {
	use = ["authentication-results"];
	skip_local = false;
	skip_authenticated = false;
	routines { authentication-results { header = "Authentication-Results"; remove = 0; add_smtp_user = true; hostname = "` + host + `"; } }
}
`},
	})
}

func start(ctx context.Context, p program) (*Server, error) {
	if _, err := os.Stat(p.path); err != nil {
		return nil, fmt.Errorf("%s is not installed: apt-get install -y %s", p.name, p.name)
	}
	s := &Server{}
	if err := s.start(ctx, p); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, p program) (err error) {
	if s.dir, err = os.MkdirTemp("", p.name); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	s.Address = "inet:127.0.0.1:" + port
	for name, text := range p.files {
		text = strings.NewReplacer("{{dir}}", s.dir, "{{port}}", port).Replace(text)
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := give(s.dir, p.user); err != nil {
		return err
	}
	command := exec.Command(p.path, p.args(s.dir)...)
	command.Dir = s.dir
	if s.process, err = child.Start(command); err != nil {
		return err
	}
	return s.ready(ctx, "127.0.0.1:"+port)
}

// give makes the directory and all in it the user's.
func give(dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range append(files, dir) {
		err = errors.Join(err, os.Chown(file, uid, gid))
	}
	return err
}

// ready waits until somebody listens.
func (s *Server) ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		select {
		case <-s.process.Finished:
			return fmt.Errorf("it ended at once:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("nobody listens: %w\n%s", ctx.Err(), s.Log())
		case <-tick.C:
		}
	}
}

// Log is what it has said.
func (s *Server) Log() string {
	said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(said)
}

// Stop ends it and removes all it left.
func (s *Server) Stop() {
	s.process.Stop()
	if s.dir != "" {
		os.RemoveAll(s.dir) //nolint:errcheck // a temporary directory
	}
}
