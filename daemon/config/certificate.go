package config

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Certificate gives the certificate of the pages whenever it is asked for: read
// again when a file has changed, and the one before as long as the new one is
// not whole. It is nil where there is none.
func (w Web) Certificate() (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	if w.CertFile == "" {
		return nil, nil
	}
	c := &certificate{files: [2]string{w.CertFile, w.KeyFile}}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c.current, nil
}

type certificate struct {
	files [2]string
	mu    sync.Mutex
	as    [2]time.Time // when the files were written that it was read from
	pair  *tls.Certificate
}

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if written, err := c.written(); err == nil && written != c.as {
		_ = c.read() // the one before is good until this one is
	}
	return c.pair, nil
}

func (c *certificate) read() error {
	written, err := c.written()
	if err != nil {
		return fmt.Errorf("reading the certificate of the pages: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	if err != nil {
		return fmt.Errorf("reading the certificate of the pages: %w", err)
	}
	c.pair, c.as = &pair, written
	return nil
}

func (c *certificate) written() (times [2]time.Time, err error) {
	for i, file := range c.files {
		info, err := os.Stat(file)
		if err != nil {
			return times, err
		}
		times[i] = info.ModTime()
	}
	return times, nil
}
