//go:build !failpoints

package failpoint

import "time"

// Here is the point; it does nothing.
func Here(Point) {}

// Now is the time.
func Now() time.Time { return time.Now() }

// With is the point with a mail in hand; it does nothing.
func With(Point, []byte) {}
