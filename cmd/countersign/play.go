package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/countersign/countersign/internal/play"
	"github.com/countersign/countersign/internal/testkit/pg"
	"github.com/countersign/countersign/internal/testkit/stage"
)

type playCmd struct {
	Listen string `help:"Where the page is; a free port of this machine if it is not said." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// Help says more than the one line.
func (*playCmd) Help() string {
	return `It keeps the company of the demo running, with a page on which everybody's mailbox is
opened, mails are read and answered, and the clock is moved on. Any mail program can log in,
too, as anybody. Nothing leaves this machine, and nothing is left when it ends with Ctrl-C.`
}

// beat is how often what mail programs have sent is looked for.
const beat = time.Second

// Run keeps the company running until it is told to end.
func (c *playCmd) Run(g *globals) (err error) {
	cluster, err := pg.Start(g.ctx)
	if err != nil {
		return hinted(err, "To play needs the programs of Postgres: apt-get install postgresql.")
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	owner, app, drop, err := cluster.Database(g.ctx)
	if err != nil {
		return err
	}
	defer drop()
	page, err := (&net.ListenConfig{}).Listen(g.ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("opening the page: %w", err)
	}
	pages, err := (&net.ListenConfig{}).Listen(g.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("opening the daemon's pages: %w", err)
	}
	s, err := stage.New(g.ctx, stage.Options{OwnerURL: owner, AppURL: app, Start: demoStart, WebURL: "http://" + pages.Addr().String()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := play.New(g.ctx, s)
	if err != nil {
		return err
	}
	for listener, handler := range map[net.Listener]http.Handler{page: p.Handler(), pages: p.Pages()} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go server.Serve(listener) //nolint:errcheck // it is closed below
		defer server.Close()      //nolint:errcheck // nobody waits any more
	}
	fmt.Fprintf(g.stdout, `Open http://%s in a browser.

Or let a mail program log in, as lead@example.com or anybody else; the password of all is %q:
  IMAP  %s
  SMTP  %s

Ctrl-C ends it; nothing is kept.
`, page.Addr(), stage.Password, s.Provider.IMAP, s.Provider.SMTP)
	return c.beat(g.ctx, p)
}

// beat lets the daemon breathe until the end.
func (*playCmd) beat(ctx context.Context, p *play.Play) error {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := p.Step(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}
