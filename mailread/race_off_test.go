//go:build !race

package mailread

const raced = false
