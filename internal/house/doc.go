// Package house holds the tests of how the house is built: which package may
// import which, who alone may use what, and which folders there are. It has no
// code of its own.
package house
