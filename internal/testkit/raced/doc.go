// Package raced says whether the race detector watches. It has costs of its own:
// what is measured is measured without it, and what takes many times as long with
// it is played at a smaller size there; make test does both.
package raced
