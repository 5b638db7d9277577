//go:build race

package mailread

// raced says that the race detector watches, which takes its own time.
const raced = true
