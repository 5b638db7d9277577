package pg

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/lib/pq"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// An Option makes a private server unlike the usual one, which keeps nothing
// safe from a power cut, speaks through a unix socket only, and takes 200
// connections.
type Option func(*options)

type options struct {
	durable     bool
	authority   *mailbox.Authority
	password    string // over TCP
	connections int
	disk        int64 // bytes; zero: the ordinary one
}

func gather(opts []Option) options {
	o := options{connections: 200}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Durable lets the server be as careful as one in production: what it has
// committed is on the disk.
func Durable() Option { return func(o *options) { o.durable = true } }

// OverTLS lets the server be reached on a port of loopback with TLS alone, and
// the URLs lead there. The certificate is the authority's.
func OverTLS(a *mailbox.Authority) Option {
	return func(o *options) { o.authority, o.password = a, rand.Text() }
}

// MaxConnections is how many connections the server takes, three of them from
// nobody but a superuser.
func MaxConnections(n int) Option { return func(o *options) { o.connections = n } }

// SmallDisk puts the data on a disk of so many bytes, to be filled with
// [Cluster.Fill]. Where no disk can be mounted, [Start] says [ErrNoMount].
func SmallDisk(bytes int64) Option { return func(o *options) { o.disk = bytes } }

// settings are the server's.
func (s *server) settings() []string {
	all := []string{"listen_addresses=", fmt.Sprintf("max_connections=%d", s.connections)}
	if !s.durable {
		all = append(all, "shared_buffers=32MB", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
	}
	if s.disk > 0 {
		all = append(all, fmt.Sprintf("min_wal_size=%dMB", logRoom), fmt.Sprintf("max_wal_size=%dMB", 2*logRoom))
	}
	if s.authority != nil {
		all = append(all, "listen_addresses=127.0.0.1", "port="+s.port(), "ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key")
	}
	return all
}

func (s *server) initdbArgs() []string {
	if s.disk > 0 {
		return []string{"--wal-segsize=1"} // MB: the disk is small
	}
	return nil
}

// secure gives the server its certificate and a port, and asks whoever comes
// that way for a password.
func (s *server) secure() error {
	if s.authority == nil {
		return nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("finding a port: %w", err)
	}
	s.address = ln.Addr().String()
	if err := ln.Close(); err != nil {
		return fmt.Errorf("finding a port: %w", err)
	}
	for name, content := range map[string]string{
		"data/server.crt": string(s.authority.CertPEM),
		"data/server.key": string(s.authority.KeyPEM),
		"ca.crt":          string(s.authority.CAPEM),
		"data/pg_hba.conf": "local all all trust\n" +
			"hostssl all all 127.0.0.1/32 scram-sha-256\n",
	} {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return fmt.Errorf("securing the server: %w", err)
		}
		if err := s.give(path); err != nil {
			return err
		}
	}
	return nil
}

// local is the superuser's way in, through the socket.
func (s *server) local() string {
	return fmt.Sprintf("postgres:///postgres?host=%s&port=%s&user=%s", s.dir, s.port(), superuser)
}

// url is the superuser's way in for everything else.
func (s *server) url() string {
	if s.authority == nil {
		return s.local()
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, s.password), Host: s.address, Path: "/postgres"}
	u.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {filepath.Join(s.dir, "ca.crt")}}.Encode()
	return u.String()
}

func (s *server) port() string {
	if _, port, err := net.SplitHostPort(s.address); err == nil {
		return port
	}
	return "5432"
}

// admit gives the superuser the password it is asked for over TCP.
func (s *server) admit(ctx context.Context) error {
	if s.password == "" {
		return nil
	}
	return run(ctx, s.local(), `alter role `+superuser+` password `+pq.QuoteLiteral(s.password))
}
