//go:build !failpoints

package failpoint

// Here is the point; it does nothing.
func Here(Point) {}

// With is the point with a mail in hand; it does nothing.
func With(Point, []byte) {}
