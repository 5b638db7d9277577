//go:build !race

package raced

// On says whether the race detector watches.
const On = false
