package intake

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/countersign/countersign/internal/server"
)

// What a server can do beyond the least; each is optional to us.
const (
	idling   = imap.CapIdle
	moving   = imap.CapMove
	expunges = imap.CapUIDPlus
)

// A session is one connection, logged in.
type session struct {
	*Options
	conn   *patientConn
	client *imapclient.Client
	caps   imap.CapSet
	news   chan struct{} // something may have arrived
}

// connect dials, secures the connection and logs in. Whatever the server does,
// each step ends within the CommandTimeout or with ctx.
func (i *Intake) connect(ctx context.Context) (*session, error) {
	e, err := server.IMAP.Parse(i.URL)
	if err != nil {
		return nil, err
	}
	s := &session{Options: &i.Options, news: make(chan struct{}, 1)}
	dialing, cancel := context.WithTimeout(ctx, i.CommandTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(dialing, "tcp", e.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", e.Address, err)
	}
	s.conn = &patientConn{Conn: conn}
	s.conn.expect(i.CommandTimeout)
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	if err := s.secure(e); err != nil {
		s.conn.Close()
		return nil, fmt.Errorf("connecting to %s: %w", e.Address, s.explain(err))
	}
	if err := s.login(); err != nil {
		s.conn.Close()
		return nil, fmt.Errorf("logging in to %s: %w", e.Address, s.explain(err))
	}
	return s, nil
}

// secure brings up TLS, as the endpoint wants it, and waits for the greeting.
func (s *session) secure(e server.Endpoint) (err error) {
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = e.Host
	}
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: s.listener()}
	switch e.Security {
	case server.ImplicitTLS:
		conn := tls.Client(s.conn, config)
		if err := conn.Handshake(); err != nil {
			return err
		}
		s.client = imapclient.New(conn, options)
	case server.STARTTLS:
		if s.client, err = imapclient.NewStartTLS(s.conn, options); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	case server.Plaintext:
		s.client = imapclient.New(s.conn, options)
	}
	return s.client.WaitGreeting()
}

// listener notes that mail arrived. It runs inside the library's reader, which
// waits for it: it must never block.
func (s *session) listener() *imapclient.UnilateralDataHandler {
	return &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
		if data.NumMessages == nil {
			return
		}
		select {
		case s.news <- struct{}{}:
		default:
		}
	}}
}

func (s *session) login() error {
	password, err := s.Password()
	if err != nil {
		return fmt.Errorf("reading the password: %w", err)
	}
	offered, err := s.client.Capability().Wait()
	if err != nil {
		return err
	}
	switch {
	case offered.Has(imap.AuthCap(sasl.Plain)): // takes any character in a password
		err = s.client.Authenticate(sasl.NewPlainClient("", s.Username, password))
	case offered.Has(imap.CapLoginDisabled):
		return errors.New("the server allows no login with a password (LOGINDISABLED)")
	default:
		err = s.client.Login(s.Username, password).Wait()
	}
	if refused(err) {
		return fmt.Errorf("the server refuses the username or the password: %w", err)
	}
	if err != nil {
		return err
	}
	s.caps, err = s.client.Capability().Wait()
	return err
}

// prepare creates the folders that are missing. One that the server refuses is
// no reason to decide nothing: what belongs there stays in the inbox.
func (s *session) prepare() error {
	missing, err := s.missing()
	if err != nil {
		return err
	}
	for _, name := range missing {
		err := s.client.Create(name, nil).Wait()
		if refused(err) {
			s.Log.Error("folder cannot be created", "folder", name, "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("creating folder %q: %w", name, s.explain(err))
		}
		// So that mail clients show it; one that does not is no reason to stop.
		if err := s.client.Subscribe(name).Wait(); err != nil && !refused(err) {
			return fmt.Errorf("subscribing to folder %q: %w", name, s.explain(err))
		}
	}
	return nil
}

// missing lists our folders that the mailbox lacks.
func (s *session) missing() ([]string, error) {
	var names []string
	for _, name := range []string{s.Folders.Done, s.Folders.Ignored, s.Folders.Attention} {
		s.conn.expect(s.CommandTimeout)
		found, err := s.client.List("", name, nil).Collect()
		if err != nil {
			return nil, fmt.Errorf("looking for folder %q: %w", name, s.explain(err))
		}
		if len(found) == 0 {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s *session) can(what imap.Cap) bool { return s.caps.Has(what) }

// wait returns when something may have arrived or it is time to look anyway; an
// error means the connection is lost or ctx has ended.
func (s *session) wait(ctx context.Context, limit time.Duration) error {
	s.Pulse.Within(max(s.Poll, limit) + 2*s.CommandTimeout + slack)
	if !s.can(idling) {
		s.conn.expect(0)
		s.pause(ctx, min(s.Poll, limit))
		return ctx.Err()
	}
	s.conn.expect(s.CommandTimeout)
	idle, err := s.client.Idle()
	if err != nil {
		return fmt.Errorf("waiting for mail: %w", s.explain(err))
	}
	s.conn.expect(limit + s.CommandTimeout)
	s.pause(ctx, limit)
	s.conn.expect(s.CommandTimeout)
	err = idle.Close()
	if err == nil {
		err = idle.Wait()
	}
	if err != nil {
		return fmt.Errorf("waiting for mail: %w", s.explain(err))
	}
	return ctx.Err()
}

// pause waits for news, for a broken connection, for the time, or for ctx.
func (s *session) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.news:
	case <-s.client.Closed():
	case <-t.C:
	case <-ctx.Done():
	}
}

// close says goodbye and closes the connection. The library's own Close can
// wait for ever, so it is the connection that is closed.
func (s *session) close() {
	s.conn.expect(min(s.CommandTimeout, 5*time.Second))
	s.client.Logout().Wait() //nolint:errcheck // it may be broken already
	s.conn.Close()
}

// explain says in plain words what the library says in its own.
func (s *session) explain(err error) error {
	if s.conn == nil || err == nil {
		return err
	}
	if d := s.conn.silence(); d > 0 {
		return fmt.Errorf("the server was silent for %v: %w", d, err)
	}
	return err
}

// refused tells a server that said no, on a connection that goes on, from a
// connection that broke.
func refused(err error) bool {
	var status *imap.Error
	return errors.As(err, &status) && status.Type != imap.StatusResponseTypeBye
}
