package daemon

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/countersign/countersign/internal/pulse"
	"github.com/countersign/countersign/internal/testkit/fault"
	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/storage"
)

// A term is a part that runs while holder a has the lease "test", and ends when
// the test tells it to. Its way to the database can be disturbed.
type term struct {
	t        *testing.T
	database *fault.Proxy
	owner    *sql.DB
	lease    lease
	told     chan bool            // whether the lease is held, when that is known
	begun    chan context.Context // of each time the part runs
	ended    chan error           // the part's own end
	stop     context.CancelFunc   // tells everything to end
	result   chan error           // what while ended with
}

func newTerm(t *testing.T, lasting time.Duration) *term {
	t.Helper()
	ownerURL, appURL := pgtest.Test(t)
	m := &term{
		t: t, told: make(chan bool, 1000), begun: make(chan context.Context), ended: make(chan error),
		result: make(chan error, 1),
	}
	u, err := url.Parse(appURL)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if m.database, err = fault.Listen(filepath.Join(query.Get("host"), ".s.PGSQL.5432")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.database.Close() })
	query.Set("host", filepath.Dir(m.database.Address))
	u.RawQuery = query.Encode()
	store, err := storage.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if m.owner, err = sql.Open("postgres", ownerURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.owner.Close() })
	m.lease = lease{
		store: store, name: "test", holder: "a", lasting: lasting, log: slog.New(slog.DiscardHandler),
		tell: func(held bool) { m.told <- held },
	}
	return m
}

// begin begins to want the lease.
func (m *term) begin() {
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	go func() {
		m.result <- m.lease.while(ctx, func(ctx context.Context) error {
			m.begun <- ctx
			return <-m.ended
		})
	}()
}

// runs waits until the part runs.
func (m *term) runs() context.Context {
	m.t.Helper()
	select {
	case ctx := <-m.begun:
		return ctx
	case <-time.After(time.Minute):
		m.t.Fatal("the part does not run")
		return nil
	}
}

// isTold waits until the part is told to end.
func (m *term) isTold(ctx context.Context) {
	m.t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		m.t.Fatal("the part is not told to end")
	}
}

// ends waits for the end of everything.
func (m *term) ends() error {
	m.t.Helper()
	select {
	case err := <-m.result:
		return err
	case <-time.After(time.Minute):
		m.t.Fatal("it does not end")
		return nil
	}
}

func (m *term) exec(statement string) {
	m.t.Helper()
	if _, err := m.owner.ExecContext(m.t.Context(), statement); err != nil {
		m.t.Fatal(err)
	}
}

// until is when the lease ends if nothing is done.
func (m *term) until() (until time.Time) {
	m.t.Helper()
	if err := m.owner.QueryRow(`select until from leases`).Scan(&until); err != nil {
		m.t.Fatal(err)
	}
	return until
}

// holder is who holds the lease now.
func (m *term) holder() (holder string) {
	m.t.Helper()
	err := m.owner.QueryRow(`select coalesce(max(holder), '') from leases where until > clock_timestamp()`).Scan(&holder)
	if err != nil {
		m.t.Fatal(err)
	}
	return holder
}

// The lease is renewed before it ends, as long as the part runs, and given back
// when that has ended.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	m := newTerm(t, 6*time.Second)
	m.begin()
	ctx := m.runs()
	first := m.until()
	for m.until().Equal(first) && ctx.Err() == nil {
		pulse.Pause(t.Context(), 50*time.Millisecond)
	}
	if ctx.Err() != nil || m.holder() != "a" {
		t.Errorf("%q holds it, and the part is told %v", m.holder(), ctx.Err())
	}
	m.stop()
	m.isTold(ctx)
	if m.holder() != "a" {
		t.Error("it was given back before the part had ended")
	}
	m.ended <- nil
	if err := m.ends(); err != nil || m.holder() != "" {
		t.Errorf("in the end %q holds it: %v", m.holder(), err)
	}
}

// A part that ends by itself is not begun again.
func TestPartEndsByItself(t *testing.T) {
	t.Parallel()
	m := newTerm(t, time.Hour)
	m.begin()
	m.runs()
	m.ended <- errors.New("no more")
	if err := m.ends(); err == nil || err.Error() != "no more" || m.holder() != "" {
		t.Errorf("it ended with %v, and %q holds the lease", err, m.holder())
	}
}

// Who loses the lease ends its part, does not give back what is another's, and
// begins again when it is free.
func TestLeaseIsLost(t *testing.T) {
	t.Parallel()
	m := newTerm(t, time.Second)
	m.begin()
	ctx := m.runs()
	if !<-m.told {
		t.Error("it was told that another holds the lease")
	}
	m.exec(`update leases set holder = 'b', until = until + interval '1 hour'`)
	m.isTold(ctx)
	m.ended <- nil
	if <-m.told || m.holder() != "b" {
		t.Errorf("%q holds the lease", m.holder())
	}
	m.exec(`delete from leases`)
	m.runs()
	m.stop()
	m.ended <- nil
	if err := m.ends(); err != nil {
		t.Error(err)
	}
}

// Whose database does not answer, or is away, ends its part with the lease:
// another may have it by now. When the database is back, it begins again.
func TestDatabaseIsSilent(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]struct{ begin, end func(*fault.Proxy) }{
		"silent": {(*fault.Proxy).Stall, (*fault.Proxy).Resume},
		"away": {
			func(p *fault.Proxy) { p.Refuse(true); p.Cut() },
			func(p *fault.Proxy) { p.Refuse(false) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTerm(t, time.Second)
			m.begin()
			ctx := m.runs()
			away.begin(m.database)
			m.isTold(ctx)
			away.end(m.database)
			m.ended <- nil
			ctx = m.runs()
			if ctx.Err() != nil || m.holder() != "a" {
				t.Errorf("%q holds the lease", m.holder())
			}
			m.stop()
			m.ended <- nil
			if err := m.ends(); err != nil {
				t.Error(err)
			}
		})
	}
}
