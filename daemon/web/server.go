package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/storage"
)

// Options are what the pages need.
type Options struct {
	Desk   *desk.Desk
	Store  *storage.Store
	URL    string // where people reach the pages: https://changes.example.com
	Listen string // host and port
	// Certificate gives the certificate for the pages' own TLS; nil where a
	// reverse proxy has it.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Limit       int64 // bytes of one answer with its files
	Now         func() time.Time
	Log         *slog.Logger
}

// A Server serves the pages.
type Server struct {
	Options
	secure  bool // people reach the pages by https
	origins *http.CrossOriginProtection
	handler http.Handler
}

// New builds the pages; nothing listens yet.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the pages: %w", err)
	}
	s := &Server{Options: o, secure: u.Scheme == "https", origins: http.NewCrossOriginProtection()}
	if err := s.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("reading the address of the pages: %w", err)
	}
	s.handler = s.safe(s.router())
	return s, nil
}

// Handler serves the pages.
func (s *Server) Handler() http.Handler { return s.handler }

// How long a browser may take. Nothing takes us long.
const (
	headTime = 10 * time.Second
	bodyTime = 2 * time.Minute // a report of some megabytes from a train
	idleTime = 2 * time.Minute
	stopTime = 10 * time.Second
)

// Run serves the pages until ctx ends, and then what is being asked for.
func (s *Server) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("serving the pages: %w", err)
	}
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headTime, ReadTimeout: bodyTime, WriteTimeout: bodyTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.Certificate},
	}
	ended := make(chan error, 1)
	go func() {
		if s.Certificate != nil {
			ended <- server.ServeTLS(listener, "", "")
			return
		}
		ended <- server.Serve(listener)
	}()
	s.Log.Info("serving the pages", "listen", listener.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("serving the pages: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(last); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("serving the pages: %w", err)
	}
	return ctx.Err()
}
