package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Listen wakes whoever reads the channel when mail was put into the outbox, by
// any process. One waiting wake-up stands for many, and there is one after
// each reconnect, because some may have been lost: the reader looks for itself
// what is due. A wake-up is only a hint; poll as well. Listen returns once the
// server has heard it, or ctx ends; the channel is closed once ctx ends.
func (s *Store) Listen(ctx context.Context) (<-chan struct{}, error) {
	listener := pq.NewListener(s.url, time.Second, time.Minute, nil)
	heard := make(chan error, 1)
	go func() { heard <- listener.Listen("countersign_outbox") }() // knows no context
	var err error
	select {
	case err = <-heard:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("listening for outbox mail: %w", err)
	}
	wake := make(chan struct{}, 1)
	go relay(ctx, listener, wake)
	return wake, nil
}

// relay drains the listener, which blocks once its channel is full, and pings
// so that a dead connection is noticed.
func relay(ctx context.Context, listener *pq.Listener, wake chan<- struct{}) {
	defer close(wake)
	defer listener.Close()
	ping := time.NewTicker(time.Minute)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ping.C:
			go listener.Ping() //nolint:errcheck // the listener itself acts on a failure
		case <-listener.Notify: // nil after a reconnect
			select {
			case wake <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}
