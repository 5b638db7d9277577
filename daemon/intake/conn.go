package intake

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A patientConn bounds how long the server may be silent. The IMAP library
// waits for replies without any limit (emersion/go-imap issue 762); here each
// read must bring something within the patience of the moment, or the
// connection is closed, after which the library gives up at once.
type patientConn struct {
	net.Conn

	mu       sync.Mutex
	patience time.Duration // none: wait for ever
	theirs   time.Time     // the library's own deadline, none if zero
	silent   time.Duration // how long the server had been silent when we gave up
}

// expect says from now on how long the server may be silent.
func (c *patientConn) expect(patience time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patience = patience
	c.arm() //nolint:errcheck // the read that follows will say so
}

// SetReadDeadline takes the library's deadline; ours holds beside it.
func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.theirs = t
	return c.arm()
}

// arm sets the earlier of both deadlines.
func (c *patientConn) arm() error {
	deadline := c.theirs
	if c.patience > 0 {
		ours := time.Now().Add(c.patience)
		if deadline.IsZero() || ours.Before(deadline) {
			deadline = ours
		}
	}
	return c.Conn.SetReadDeadline(deadline)
}

// Read reads; a server that stays silent too long loses the connection, so that
// the library does not try once more.
func (c *patientConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	err := c.arm()
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.mu.Lock()
		c.silent = c.patience
		c.mu.Unlock()
		c.Close()
	}
	return n, err
}

// silence is how long the server was silent before we gave up, or zero.
func (c *patientConn) silence() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}
